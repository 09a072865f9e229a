//! Filing a report, from pages and through the API.

use pawdium_shared::db::retry_conflicts;
use pawdium_shared::moderation::Thing;
use pawdium_shared::moderation::review::reports::{self, Bounds, Filed, NewReport};
use pawdium_shared::moderation::review::{Category, ReportText};

use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::state::App;

/// Files a report of a thing that the visitor sees. For registered members.
///
/// # Errors
/// Says which field is wrong or what forbids it.
pub(super) async fn file(
    app: &App,
    visitor: &Visitor,
    thing: Thing,
    category: &str,
    text: &str,
) -> Result<Filed, Error> {
    let reporter = visitor.member()?.id;
    let (category, text) = (Category::new(category)?, ReportText::new(text)?);
    let (new, bounds) =
        (NewReport { thing, reporter, category, text: &text }, Bounds::from(&app.config.security));
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let filed = reports::file(&mut tx, &new, &bounds).await?;
        tx.commit().await?;
        Ok(filed)
    })
    .await
}
