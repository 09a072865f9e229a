//! Cases, sanctions and appeals.

use pawdium_shared::ids::SanctionId;
use pawdium_shared::moderation::sanctions::AppealLinks;

use super::Named;
use crate::harness::SECRET;
use crate::matrix::row::Role;
use crate::matrix::scene::Scene;

pub(super) const NAMES: &[Named] = &[
    ("case", "a case about the live photo, which somebody has reported"),
    ("sanction", "that the other member is silenced"),
    ("appealed", "the same, against which that member has appealed"),
    ("appeal-token", "what the link to the sanction ends in"),
];

pub(super) async fn make(scene: &mut Scene<'_>, name: &str) -> String {
    match name {
        "case" => {
            let (photo, reporter) = (scene.id("live").await, scene.other("reporter").await);
            reporter.flag(&format!("photos/{photo}")).await;
            let case = "select id from cases where about = 'photo' and thing_id = $1";
            scene.site.ask_of::<i64>(case, photo).await.to_string()
        }
        "appeal-token" => {
            let sanction = scene.id("sanction").await;
            token(sanction)
        }
        "appealed" => {
            let sanction = scene.id("sanction").await;
            let appeal = format!("/appeals/{}", token(sanction));
            scene.site.visitor().post(&appeal, &[("text", "It was my sister.")]).await.location();
            sanction.to_string()
        }
        _ => {
            let (target, moderator) = (scene.other("target").await, scene.person(Role::Moderator).await);
            let form = [("kind", "silence"), ("days", "3"), ("content", "keep"), ("reason", "Spam")];
            let path = format!("/moderation/members/{}/sanctions", target.name);
            moderator.pages.post(&path, &form).await.location();
            let newest = "select max(id) from sanctions where user_id = $1";
            scene.site.ask_of::<i64>(newest, target.id).await.to_string()
        }
    }
}

fn token(sanction: i64) -> String {
    let path = AppealLinks::new(&SECRET.to_owned().into()).path(SanctionId(sanction));
    path.trim_start_matches("/appeals/").to_owned()
}
