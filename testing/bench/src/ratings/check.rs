//! Checks that everything the site acknowledged is stored.

use anyhow::{Result, ensure};
use pawdium_bench::stores::Stores;
use sqlx::PgConnection;

use crate::raters::Given;

/// Photos whose histogram differs from their ratings.
const DRIFTED: &str = "
select count(*) from photo_stats
where histogram is distinct from (
    select array_agg((select count(*)::integer from ratings
                      where ratings.photo_id = photo_stats.photo_id and value = bar) order by bar)
    from generate_series(1, 10) as bar)";

/// Fails if a rating is lost or a histogram is wrong; otherwise prints what was compared.
pub(crate) async fn check(stores: &Stores, given: &Given) -> Result<String> {
    let mut db = stores.connect().await?;
    let drifted: i64 = sqlx::query_scalar(DRIFTED).fetch_one(&mut db).await?;
    ensure!(drifted == 0, "the histograms of {drifted} photos differ from their ratings");
    let stored = stored(&mut db).await?;
    let lost = given.iter().filter(|(key, value)| stored.get(key) != Some(value)).count();
    ensure!(lost == 0, "{lost} of {} ratings are lost or have another value", given.len());
    ensure!(
        stored.len() == given.len(),
        "{} ratings are stored, and {} were given",
        stored.len(),
        given.len()
    );
    Ok(format!(
        "Afterwards: {} ratings, each with the value acknowledged last, and every histogram matches.",
        stored.len(),
    ))
}

async fn stored(db: &mut PgConnection) -> Result<Given> {
    let rows: Vec<(i64, i64, i16)> =
        sqlx::query_as("select rater_id, photo_id, value from ratings").fetch_all(db).await?;
    Ok(rows.into_iter().map(|(rater, photo, value)| ((rater, photo), value)).collect())
}
