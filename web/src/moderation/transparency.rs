//! What moderators do, in numbers and for everybody, without names.

use std::collections::BTreeMap;

use axum::extract::State;
use chrono::Utc;
use pawdium_shared::audit::{self, Monthly};

use crate::baked::Asked;
use crate::error::Error;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::baked::{BakedHtml, BakedTransparency};
use crate::views::moderation::transparency::{Month, TransparencyPage};

/// How many months are shown.
const MONTHS: i32 = 24;

/// The kinds of acts in the order of the page, each with its words and the names in the audit log.
const KINDS: [(&str, &[&str]); 15] = [
    ("Photos hidden", &["photo.hide", "picture.block"]),
    ("Photos deleted", &["photo.delete"]),
    ("Photos removed from hubs", &["hub.photo.remove"]),
    ("Comments removed", &["comment.remove"]),
    ("Comments approved", &["comment.approve"]),
    ("Talks hidden", &["talk.hide"]),
    ("Hubs deleted", &["hub.delete"]),
    ("Portraits and lines removed", &["avatar.remove", "about.remove"]),
    ("Topics changed", &["topic.rename", "topic.alias", "topic.merge", "topic.ban", "section.change"]),
    ("Acts undone", &["act.undo", "topic.undo", "talk.show", "picture.unblock", "case.show"]),
    ("Things hidden because of reports", &["case.hide"]),
    ("Cases closed", &["case.close"]),
    ("Members sanctioned", &["user.warn", "user.silence", "user.suspend", "user.ban"]),
    ("Sanctions lifted", &["user.lift"]),
    ("Appeals answered", &["appeal.accept", "appeal.refuse"]),
];

/// `GET /transparency`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Result<Page<TransparencyPage>, Error> {
    Ok(Page(load(&app).await?.within(viewing.chrome)))
}

/// [`page`] for everybody.
///
/// # Errors
/// A database error.
pub async fn bake(app: App, asked: Asked) -> Result<BakedHtml, Error> {
    asked.bake(&app, load(&app).await?)
}

async fn load(app: &App) -> Result<BakedTransparency, Error> {
    let counted_at = Utc::now();
    let counted = audit::count_monthly(&mut *app.db.acquire().await?, MONTHS).await?;
    Ok(BakedTransparency {
        kinds: KINDS.iter().map(|(words, _)| *words).collect(),
        months: months(counted),
        counted_at,
    })
}

fn months(counted: Vec<Monthly>) -> Vec<Month> {
    let mut months = BTreeMap::new();
    for count in counted {
        let acts = months.entry(count.month).or_insert_with(|| vec![0; KINDS.len()]);
        let kind = KINDS.iter().position(|(_, actions)| actions.contains(&count.action.as_str()));
        if let Some(total) = kind.and_then(|kind| acts.get_mut(kind)) {
            *total += count.acts;
        }
    }
    months.into_iter().rev().map(|(first, acts)| Month { first, acts }).collect()
}

#[cfg(test)]
mod tests {
    use pawdium_shared::audit::Action;
    use strum::VariantArray as _;

    use super::*;

    #[test]
    fn every_act_of_moderation_is_counted_once() {
        for action in Action::VARIANTS.iter().filter(|action| action.is_moderation()) {
            let named = KINDS.iter().filter(|(_, actions)| actions.contains(&action.as_str())).count();
            assert_eq!(named, 1, "{action}");
        }
    }

    #[test]
    fn the_latest_month_comes_first() {
        let day = |text: &str| text.parse().expect("a day");
        let count = |month, action: &str, acts| Monthly { month, action: action.to_owned(), acts };
        let months = months(vec![
            count(day("2026-02-01"), "photo.hide", 2),
            count(day("2026-02-01"), "picture.block", 1),
            count(day("2026-03-01"), "act.undo", 4),
        ]);
        assert_eq!(months[0].first, day("2026-03-01"));
        assert_eq!((months[0].acts[9], months[1].acts[0]), (4, 3));
    }
}
