//! Photos whose ratings mostly weigh little.

use axum::extract::State;
use pawdium_shared::ranking::weighing::{self, Doubtful};
use pawdium_shared::ranking::weights::ORDINARY;

use crate::error::Error;
use crate::http::access::AdminViewing;
use crate::http::page::Page;
use crate::state::App;
use crate::views::moderation::{DoubtfulPage, DoubtfulPhoto};

/// Photos on the page.
const SHOWN: i64 = 50;

/// `GET /moderation/doubtful`
pub async fn page(State(app): State<App>, viewing: AdminViewing) -> Result<Page<DoubtfulPage>, Error> {
    let photos = weighing::list_doubtful(&mut *app.db.acquire().await?, SHOWN).await?;
    Ok(Page(DoubtfulPage { chrome: viewing.chrome, photos: photos.into_iter().map(line).collect() }))
}

#[expect(clippy::cast_precision_loss, reason = "a few digits are shown")]
fn line(row: Doubtful) -> DoubtfulPhoto {
    DoubtfulPhoto {
        id: row.photo.0,
        title: row.title,
        ratings: row.ratings,
        weight: row.weight as f64 / ORDINARY as f64,
        links: row.links.into(),
        crowd: row.crowd.into(),
        at: row.weighed_at,
    }
}
