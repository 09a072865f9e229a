//! Queries for what must not exist.

mod accounts;
mod hubs;
mod moderation;
mod photos;

/// A query that returns a text for each offender.
pub(super) struct RowCheck {
    pub(super) name: &'static str,
    pub(super) query: &'static str,
}

/// All queries.
pub(super) fn all() -> impl Iterator<Item = &'static RowCheck> {
    [photos::ROWS, accounts::ROWS, moderation::ROWS, hubs::ROWS].into_iter().flatten()
}
