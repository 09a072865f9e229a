//! The figures of a period, computed from Postgres, so that an outage of InfluxDB loses none of them.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::jobs;
use super::line::Point;

/// Computes the points of the period that ended at `boundary`. Counts of events cover the period; counts of objects are
/// current.
pub async fn compute(
    db: &mut PgConnection,
    boundary: DateTime<Utc>,
    period: TimeDelta,
) -> sqlx::Result<Vec<Point>> {
    let mut points = count_photos(db, boundary).await?;
    points.extend(count_happenings(db, boundary - period, boundary).await?);
    points.extend(jobs::compute(db, boundary, period).await?);
    Ok(points)
}

async fn count_photos(db: &mut PgConnection, at: DateTime<Utc>) -> sqlx::Result<Vec<Point>> {
    let rows = sqlx::query!(
        r#"select species, count(*) as "count!" from photos where live_at < $1 and state = 'live'
           group by species order by species"#,
        at,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Point::new("photos", at).tag("species", row.species).integer("count", row.count))
        .collect())
}

async fn count_happenings(
    db: &mut PgConnection,
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> sqlx::Result<Vec<Point>> {
    let row = sqlx::query!(
        r#"select (select count(*) from ratings where rated_at >= $1 and rated_at < $2) as "ratings!",
                  (select count(*) from photos where created_at >= $1 and created_at < $2) as "submissions!",
                  (select count(*) from users where registered_at >= $1 and registered_at < $2)
                      as "registered!",
                  (select count(*) from users where created_at >= $1 and created_at < $2
                      and registered_at is distinct from created_at)
                      as "anonymous!""#,
        from,
        to,
    )
    .fetch_one(db)
    .await?;
    Ok(vec![
        Point::new("ratings", to).integer("count", row.ratings),
        Point::new("submissions", to).integer("count", row.submissions),
        Point::new("registrations", to).tag("kind", "registered").integer("count", row.registered),
        Point::new("registrations", to).tag("kind", "anonymous").integer("count", row.anonymous),
    ])
}
