//! Imports: sending archives, and cancelling, undoing and trying them again.

use pawdium_archive::write::{ZipEntry, zip};
use rand::seq::IndexedRandom as _;

use crate::storm::pictures;
use crate::storm::request::Request;
use crate::storm::visit::Visit;

/// How many pictures an archive has.
const PICTURES: usize = 3;

/// Imports an archive, and then changes one's mind. A member has one import under way.
pub(super) async fn import(visit: &mut Visit<'_>) {
    let Some((_, session)) = visit.town.a_member_inside(&mut visit.dice) else { return };
    let mut entries = Vec::new();
    for number in 0..PICTURES {
        let file = pictures::a_file(&visit.town.pictures, &mut visit.dice);
        entries.push(ZipEntry::new(format!("{number}.jpg"), file));
    }
    let request = Request::post("/api/v1/imports").by(&session).archive(zip(&entries));
    let act = ["cancel", "retry", "undo"].choose(&mut visit.dice).copied().unwrap_or("undo");
    let Some(answer) = visit.ask(request, &[202, 401, 409]).await else { return };
    match answer.status {
        202 => {
            let Some(import) = answer.json()["id"].as_i64() else {
                return visit.blame("an accepted import has no id");
            };
            let request = Request::post(format!("/api/v1/imports/{import}/{act}")).by(&session);
            visit.ask(request, &[200, 401, 404, 409]).await;
        }
        401 => visit.town.forget_session(&session),
        _ => {}
    }
}
