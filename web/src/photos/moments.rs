//! Recording what counts towards a photo's virality.

use chrono::Utc;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::ranking::sharing;
use pawdium_shared::ranking::virality::Moment;

use crate::error::Error;
use crate::http::client::Client;
use crate::http::visitor::Visitor;
use crate::state::App;

/// Records a moment of this visitor.
///
/// # Errors
/// When the database fails.
pub async fn record_moment(
    app: &App,
    visitor: &Visitor,
    client: Client,
    id: PhotoId,
    moment: Moment,
) -> Result<(), Error> {
    let digest = digest(app, visitor, client);
    Ok(sharing::record(&mut *app.db.acquire().await?, id, moment, &digest).await?)
}

/// A keyed digest of the user, or of the address without a user. It tells visitors apart for a day without identifying
/// them, because the key changes daily.
pub fn digest(app: &App, visitor: &Visitor, client: Client) -> [u8; 16] {
    let who = match &visitor.user {
        Some(user) => format!("user {}", user.id),
        None => format!("address {}", client.counted()),
    };
    app.pins.digest(&format!("{} {who}", Utc::now().date_naive()))
}
