//! What the tables name: a photo, a hub, a call in each phase. A feature has a file with its names, and how each is
//! made.

mod accounts;
mod hubs;
mod operators;
mod photos;
mod talks;

use super::scene::Scene;

/// A name, and what it is.
pub(super) type Named = (&'static str, &'static str);

/// All names, in the order of `docs/roles.md`.
pub(super) fn all() -> impl Iterator<Item = Named> {
    [photos::NAMES, hubs::NAMES, talks::NAMES, accounts::NAMES, operators::NAMES]
        .into_iter()
        .flatten()
        .copied()
}

/// Makes what a table names.
pub(super) async fn make(scene: &mut Scene<'_>, name: &str) -> String {
    assert!(all().any(|(known, _)| known == name), "say in web/tests/site/matrix/things/ what {name} is");
    if photos::NAMES.iter().any(|(known, _)| *known == name) {
        photos::make(scene, name).await
    } else if hubs::NAMES.iter().any(|(known, _)| *known == name) {
        hubs::make(scene, name).await
    } else if talks::NAMES.iter().any(|(known, _)| *known == name) {
        talks::make(scene, name).await
    } else if accounts::NAMES.iter().any(|(known, _)| *known == name) {
        accounts::make(scene, name).await
    } else {
        operators::make(scene, name).await
    }
}
