//! The ratings that somebody has cast, and taking them back.
//!
//! A rating that is taken back is as if it had never been given: the histogram follows in the same transaction, and
//! ranks with the next refresh. Its ballot stays used, so a form that arrives late doesn't bring the rating back. The
//! rater's walk goes on: the photo comes again when all others are rated, through a shared link, or with another
//! picture.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::Derpiness;
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{PhotoId, UserId};

/// A rating that somebody has cast.
#[derive(Clone, Copy, Debug)]
pub struct Cast {
    /// The photo.
    pub photo: PhotoId,
    /// The value.
    pub value: Derpiness,
    /// When it was given, or last changed.
    pub rated_at: DateTime<Utc>,
}

impl Cast {
    /// Its place in the list.
    #[must_use]
    pub fn position(&self) -> Position {
        Position { rated_at: self.rated_at, photo: self.photo }
    }
}

/// A place in the list of a rater's ratings: the newest come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    rated_at: DateTime<Utc>,
    photo: PhotoId,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.rated_at.timestamp_micros(), self.photo)
    }
}

/// A text that names no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPosition;

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<i64>().ok().filter(|_| is_number).ok_or(NoPosition)
        };
        let (at, photo) = text.split_once('.').ok_or(NoPosition)?;
        // What Postgres can't compare is no place either.
        let rated_at =
            DateTime::from_timestamp_micros(number(at)?).filter(|at| *at < end()).ok_or(NoPosition)?;
        Ok(Self { rated_at, photo: PhotoId(number(photo)?) })
    }
}

/// After all ratings.
fn end() -> DateTime<Utc> {
    DateTime::from_timestamp(253_402_300_799, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

/// Lists a rater's ratings after one of them, the newest first, by `ratings_cast`. Those of earlier pictures aren't
/// among them: they can't be changed.
pub async fn list(
    db: &mut PgConnection,
    rater: UserId,
    after: Option<Position>,
    limit: i64,
) -> sqlx::Result<Vec<Cast>> {
    let after = after.unwrap_or_else(|| Position { rated_at: end(), photo: PhotoId(i64::MAX) });
    sqlx::query_as!(
        Cast,
        r#"select photo_id as "photo: PhotoId", value as "value: Derpiness", rated_at
           from ratings
           where rater_id = $1 and (rated_at, photo_id) < ($2, $3)
           order by rated_at desc, photo_id desc
           limit $4"#,
        rater.0,
        after.rated_at,
        after.photo.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Takes a rating back. Returns false if there is none, so that a second form changes nothing.
///
/// Locks the rater before the photo, the rating and the counters, like a rating. The lock is one that ratings wait for:
/// see `is_taken_back`.
pub async fn take_back(db: &mut Tx, photo: PhotoId, rater: UserId) -> sqlx::Result<bool> {
    let found = sqlx::query!("select id from users where id = $1 for update", rater.0);
    if found.fetch_optional(&mut *db).await?.is_none() {
        return Ok(false);
    }
    // A change of the picture exchanges ratings, and waits for those before it.
    let picture = sqlx::query_scalar!("select picture from photos where id = $1 for key share", photo.0);
    let Some(picture) = picture.fetch_optional(&mut *db).await? else { return Ok(false) };
    let taken = sqlx::query!(
        "delete from ratings where photo_id = $1 and rater_id = $2 returning value, ballot_at",
        photo.0,
        rater.0,
    );
    let Some(taken) = taken.fetch_optional(&mut *db).await? else { return Ok(false) };
    sqlx::query!(
        "insert into taken_back_ratings (photo_id, picture, rater_id, ballot_at) values ($1, $2, $3, $4)
         on conflict (rater_id, photo_id, picture) do update
         set ballot_at = greatest(taken_back_ratings.ballot_at, excluded.ballot_at), taken_at = now()",
        photo.0,
        picture,
        rater.0,
        taken.ballot_at,
    )
    .execute(&mut *db)
    .await?;
    Event::PhotoRated { photo }.record(db).await?;
    sqlx::query!(
        "update photo_stats set histogram[$2::integer] = histogram[$2::integer] - 1 where photo_id = $1",
        photo.0,
        i32::from(taken.value),
    )
    .execute(&mut **db)
    .await?;
    Ok(true)
}

/// Gives an account the used ballots of an anonymous user who is about to be merged into it. Both users' rows are
/// locked. A rating of either is then as late as the latest ballot that was used up for the same picture.
pub async fn merge_taken_back(db: &mut PgConnection, from: UserId, into: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into taken_back_ratings (photo_id, picture, rater_id, ballot_at, taken_at)
         select photo_id, picture, $2, ballot_at, taken_at from taken_back_ratings where rater_id = $1
         on conflict (rater_id, photo_id, picture) do update
         set ballot_at = greatest(taken_back_ratings.ballot_at, excluded.ballot_at),
             taken_at = greatest(taken_back_ratings.taken_at, excluded.taken_at)",
        from.0,
        into.0,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "with late as (
             select ratings.photo_id, ratings.rater_id, used.ballot_at
             from taken_back_ratings as used
             join photos on photos.id = used.photo_id and photos.picture = used.picture
             join ratings on ratings.photo_id = used.photo_id and ratings.rater_id in ($1, $2)
             where used.rater_id = $2 and ratings.ballot_at <= used.ballot_at
             order by ratings.photo_id, ratings.rater_id for update of ratings
         )
         update ratings set ballot_at = late.ballot_at + interval '1 microsecond'
         from late where ratings.photo_id = late.photo_id and ratings.rater_id = late.rater_id",
        from.0,
        into.0,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update earlier_ratings as late set ballot_at = used.ballot_at + interval '1 microsecond'
         from taken_back_ratings as used
         where used.rater_id = $2 and late.photo_id = used.photo_id and late.picture = used.picture
           and late.rater_id in ($1, $2) and late.ballot_at <= used.ballot_at",
        from.0,
        into.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Forgets ballots that have expired: ratings that were taken back `days` ago. Returns how many.
pub async fn purge(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let purged = sqlx::query!(
        "delete from taken_back_ratings where taken_at < now() - make_interval(days => $1)",
        days,
    );
    Ok(purged.execute(db).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_as_they_were_written() {
        let at = DateTime::from_timestamp_micros(1_800_000_000_123_456).expect("in range");
        let position = Position { rated_at: at, photo: PhotoId(12) };
        assert_eq!(position.to_string(), "1800000000123456.12");
        assert_eq!(position.to_string().parse(), Ok(position));
        for wrong in ["", "1", "1.", ".1", "-1.2", "1.+2", "1.2.3", "9223372036854775807.1", "a.b"] {
            assert_eq!(wrong.parse::<Position>(), Err(NoPosition), "{wrong}");
        }
    }
}
