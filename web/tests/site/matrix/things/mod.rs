//! What the tables name: a photo, a hub, a call in each phase. A feature has a file with its names, and how each is
//! made.

mod accounts;
mod factors;
mod hubs;
mod imports;
mod operators;
mod photos;
mod review;
mod talks;

use futures::future::LocalBoxFuture;

use super::scene::Scene;

/// A name, and what it is.
pub(super) type Named = (&'static str, &'static str);

/// How a feature makes what it names.
type Make = for<'s> fn(&'s mut Scene<'_>, &'s str) -> LocalBoxFuture<'s, String>;

/// Every feature, in the order of `docs/roles.md`.
const FEATURES: [(&[Named], Make); 8] = [
    (photos::NAMES, |scene, name| Box::pin(photos::make(scene, name))),
    (imports::NAMES, |scene, name| Box::pin(imports::make(scene, name))),
    (hubs::NAMES, |scene, name| Box::pin(hubs::make(scene, name))),
    (talks::NAMES, |scene, name| Box::pin(talks::make(scene, name))),
    (accounts::NAMES, |scene, name| Box::pin(accounts::make(scene, name))),
    (factors::NAMES, |scene, name| Box::pin(factors::make(scene, name))),
    (review::NAMES, |scene, name| Box::pin(review::make(scene, name))),
    (operators::NAMES, |scene, name| Box::pin(operators::make(scene, name))),
];

/// All names.
pub(super) fn all() -> impl Iterator<Item = Named> {
    FEATURES.into_iter().flat_map(|(names, _)| names).copied()
}

/// Makes what a table names.
pub(super) async fn make(scene: &mut Scene<'_>, name: &str) -> String {
    let feature = FEATURES.into_iter().find(|(names, _)| names.iter().any(|(known, _)| *known == name));
    let (_, make) = feature.unwrap_or_else(|| panic!("say in web/tests/site/matrix/things/ what {name} is"));
    make(scene, name).await
}
