//! The top of a hub's pages.

use pawdium_shared::hubs::Hub;

use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::state::App;
use crate::views::Fragment;
use crate::views::hub_photos::HubHeading;

/// Renders it for a visitor.
///
/// # Errors
/// When the database fails.
#[expect(clippy::unused_async, reason = "what it shows of the visitor's roles comes from the database")]
pub async fn render(_: &App, _: &Visitor, hub: &Hub) -> Result<Fragment, Error> {
    let heading = HubHeading { name: hub.name.clone(), path: hub.path(), summary: hub.summary.clone() };
    Ok(Fragment::render(&heading).map_err(anyhow::Error::from)?)
}
