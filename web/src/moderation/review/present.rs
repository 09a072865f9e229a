//! Cases as they are shown.

use std::collections::HashMap;

use pawdium_shared::cache::Whole;
use pawdium_shared::ids::{CaseId, PhotoId, UserId};
use pawdium_shared::moderation::Thing;
use pawdium_shared::moderation::review::queue::{self, Case};
use pawdium_shared::moderation::review::things::{self, Described};
use pawdium_shared::moderation::review::{Category, weight};
use pawdium_shared::photos::cached::CachedPhoto;
use pawdium_shared::photos::{Photo, PhotoState};

use crate::error::Error;
use crate::state::App;
use crate::views::Picture;
use crate::views::review::CaseLine;

/// What is known of the things of these cases.
pub(super) struct Known {
    pub(super) described: HashMap<Thing, Described>,
    photos: HashMap<PhotoId, Photo>,
    categories: HashMap<CaseId, Vec<(Category, i64)>>,
}

/// Loads what lines about these cases say.
///
/// # Errors
/// When the database fails.
pub(super) async fn load(app: &App, cases: &[Case]) -> Result<Known, Error> {
    let (things, ids): (Vec<_>, Vec<_>) = cases.iter().map(|case| (case.thing, case.id)).unzip();
    let mut db = app.db.acquire().await?;
    let described = things::describe(&mut db, &things).await?;
    let categories = queue::categories(&mut db, &ids).await?;
    drop(db);
    let photos: Vec<_> = things
        .iter()
        .filter_map(|thing| match thing {
            Thing::Photo(photo) => Some(CachedPhoto(*photo)),
            _ => None,
        })
        .collect();
    let found = app.cache.find_each(&app.db, &photos, Whole).await?;
    let photos = found.into_iter().map(|(key, photo)| (key.0, photo)).collect();
    Ok(Known { described, photos, categories })
}

/// A weight in ordinary reports.
pub(super) fn ordinary(weight: i32) -> f64 {
    f64::from(weight) / f64::from(weight::ORDINARY)
}

/// A line of the queue as this moderator sees it.
pub(super) fn line(case: &Case, known: &Known, moderator: UserId) -> CaseLine {
    let described = known.described.get(&case.thing);
    let photo = match case.thing {
        Thing::Photo(photo) => known.photos.get(&photo),
        _ => None,
    };
    let hidden = photo.filter(|photo| photo.state == PhotoState::Hidden && case.hidden_at.is_some());
    let shown = photo.filter(|photo| photo.state != PhotoState::Hidden);
    let categories = known.categories.get(&case.id).map(Vec::as_slice).unwrap_or_default();
    CaseLine {
        id: case.id.0,
        about: case.thing.about(),
        title: title(case.thing, described),
        owner: described.and_then(|described| described.author.clone()).or_else(|| case.owner_name.clone()),
        picture: shown.map(Picture::of).unwrap_or_default(),
        hidden_picture: hidden.map(|photo| format!("/photos/{}/withheld", photo.id)),
        categories: in_words(categories),
        weight: ordinary(case.weight),
        reports: case.reports.into(),
        opened_at: case.opened_at,
        is_quarantined: case.hidden_at.is_some(),
        claimer: case.claim.as_ref().map(|claim| claim.name.clone()),
        is_own: case.claim.as_ref().is_some_and(|claim| claim.by == moderator),
    }
}

/// What a thing is called.
pub(super) fn title(thing: Thing, described: Option<&Described>) -> String {
    match (thing, described) {
        (Thing::Appeal(number), None) => format!("Appeal {number}"),
        (Thing::Comment(_), Some(described)) => format!("Comment on “{}”", described.title),
        (_, Some(described)) => described.title.clone(),
        (thing, None) => format!("A {} that is gone", thing.about()),
    }
}

fn in_words(categories: &[(Category, i64)]) -> String {
    let each = categories.iter().map(|(category, count)| match count {
        1 => category.title().to_owned(),
        count => format!("{} ×{count}", category.title()),
    });
    each.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn categories_are_counted_in_words() {
        assert_eq!(in_words(&[]), "");
        assert_eq!(in_words(&[(Category::Spam, 3), (Category::Other, 1)]), "Spam ×3, Something else");
    }
}
