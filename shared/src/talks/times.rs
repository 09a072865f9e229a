//! Local times: owners write times in their hub's time zone, and Postgres converts them, because it knows the zones.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::phase::{Phase, Times};
use super::types::Call;
use crate::accounts::Refused;

/// The local times of a call, as forms show them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct LocalTimes {
    /// When members begin to pitch.
    pub pitch_from: Option<NaiveDateTime>,
    /// When voting begins.
    pub voting_from: Option<NaiveDateTime>,
    /// When voting ends.
    pub closes_at: Option<NaiveDateTime>,
    /// When the result is announced.
    pub announced_at: Option<NaiveDateTime>,
}

impl LocalTimes {
    /// The local time at which a phase begins.
    #[must_use]
    pub const fn of(&self, phase: Phase) -> Option<NaiveDateTime> {
        match phase {
            Phase::Draft => None,
            Phase::Pitch => self.pitch_from,
            Phase::Voting => self.voting_from,
            Phase::Closed => self.closes_at,
            Phase::Announced => self.announced_at,
        }
    }
}

/// The local times of a call in its hub's zone.
pub async fn local(db: &mut PgConnection, call: &Call) -> sqlx::Result<LocalTimes> {
    let Times { pitch_from, voting_from, closes_at, announced_at } = call.times;
    sqlx::query_as!(
        LocalTimes,
        "select $2::timestamptz at time zone $1 as pitch_from, $3::timestamptz at time zone $1 as voting_from,
                $4::timestamptz at time zone $1 as closes_at, $5::timestamptz at time zone $1 as announced_at",
        call.time_zone,
        pitch_from,
        voting_from,
        closes_at,
        announced_at,
    )
    .fetch_one(db)
    .await
}

/// What the clocks of a zone show at these moments, in the same order.
pub async fn clocks(
    db: &mut PgConnection,
    zone: &str,
    at: &[DateTime<Utc>],
) -> sqlx::Result<Vec<NaiveDateTime>> {
    sqlx::query_scalar!(
        r#"select at at time zone $1 as "local!"
           from unnest($2::timestamptz[]) with ordinality as moments (at, place) order by place"#,
        zone,
        at,
    )
    .fetch_all(db)
    .await
}

/// Why a local time isn't one moment.
#[derive(Debug, thiserror::Error)]
pub enum NoMoment {
    /// It doesn't exist, exists twice, or can't be read.
    #[error(transparent)]
    Field(#[from] Refused),
    /// The database fails.
    #[error("The database failed.")]
    Database(#[from] sqlx::Error),
}

/// The moment of a local time in a zone, as `2026-03-29T02:30`. `field` is that of the form, for the error.
///
/// # Errors
/// [`NoMoment::Field`] for a text that is no time, and for a local time that doesn't exist or exists twice because
/// clocks are changed there.
pub async fn moment(
    db: &mut PgConnection,
    zone: &str,
    field: &'static str,
    text: &str,
) -> Result<DateTime<Utc>, NoMoment> {
    let refuse = |message| NoMoment::Field(Refused { field, message });
    let local = read(text).ok_or_else(|| refuse("Write a date and a time, as in 2026-05-01T18:00."))?;
    let moments = moments(db, zone, local).await?;
    match moments.as_slice() {
        [moment] => Ok(*moment),
        [] => Err(refuse("Clocks skip this time when they go forward. Choose an earlier or a later one.")),
        _ => Err(refuse("This time exists twice, since clocks go back. Choose an earlier or a later one.")),
    }
}

fn read(text: &str) -> Option<NaiveDateTime> {
    let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"];
    let local = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text.trim(), form).ok())?;
    // Beyond these years Postgres can't tell them all, and no call can use them.
    let year = chrono::Datelike::year(&local);
    (1970..10_000).contains(&year).then_some(local)
}

/// All moments that have a local time. Clocks are changed by up to a few hours, in steps of a quarter of an hour.
async fn moments(
    db: &mut PgConnection,
    zone: &str,
    local: NaiveDateTime,
) -> sqlx::Result<Vec<DateTime<Utc>>> {
    sqlx::query_scalar!(
        r#"select moment as "moment!"
           from generate_series(-12, 12) as steps (step),
                lateral (select ($2::timestamp at time zone $1) + step * interval '15 minutes' as moment) as near
           where moment at time zone $1 = $2
           order by moment"#,
        zone,
        local,
    )
    .fetch_all(db)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_browsers_are_read() {
        for good in ["2026-05-01T18:00", " 2026-05-01T18:00:30 ", "2026-05-01 18:00"] {
            assert!(read(good).is_some(), "{good}");
        }
        for bad in
            ["", "tomorrow", "2026-13-01T00:00", "0001-01-01T00:00", "2026-02-30T00:00", "+99999-01-01T00:00"]
        {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
