//! How fast a member may comment.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use crate::config::SecurityConfig;
use crate::ids::UserId;

const DAY: TimeDelta = TimeDelta::hours(24);

/// The most links in a comment of a new member.
pub const LINKS: usize = 2;

/// The bounds on comments. 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Comments of one member per minute: as many at once, then evenly spread.
    pub per_minute: u32,
    /// Comments of one member per day.
    pub per_day: u32,
    /// Comments per day of a member of less than a day, or with fewer than ten ratings.
    pub per_day_of_new: u32,
    /// Whether a member's first comment waits for a moderator.
    pub holds_first: bool,
}

impl From<&SecurityConfig> for Bounds {
    fn from(config: &SecurityConfig) -> Self {
        Self {
            per_minute: config.comments_per_minute,
            per_day: config.comments_per_day,
            per_day_of_new: config.new_member_comments_per_day,
            holds_first: config.hold_first_comments,
        }
    }
}

/// What is known of a member's comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pace {
    /// The theoretical arrival time of the generic cell rate algorithm (ITU-T I.371, annex A): when the next comment
    /// would be due if all came evenly.
    arrival: DateTime<Utc>,
    day_from: DateTime<Utc>,
    day_count: u32,
}

impl Pace {
    /// The pace after a comment at `now`.
    ///
    /// # Errors
    /// How long to wait, if the comment comes too early.
    fn count(self, now: DateTime<Utc>, per_minute: u32, per_day: u32) -> Result<Self, TimeDelta> {
        let (day_from, day_count) =
            if now - self.day_from >= DAY { (now, 0) } else { (self.day_from, self.day_count) };
        if per_day > 0 && day_count >= per_day {
            return Err(day_from + DAY - now);
        }
        let mut arrival = self.arrival.max(now);
        if let Ok(per_minute @ 1..) = i32::try_from(per_minute) {
            let step = TimeDelta::minutes(1) / per_minute;
            let early = arrival - now - step * (per_minute - 1);
            if early > TimeDelta::zero() {
                return Err(early);
            }
            arrival += step;
        }
        Ok(Self { arrival, day_from, day_count: day_count + 1 })
    }
}

/// Counts a comment by the database's clock, and locks the member's pace until the transaction ends. A transaction that
/// is rolled back counts nothing.
///
/// # Errors
/// The inner error says how long to wait, if the comment comes too early.
pub(super) async fn count(
    db: &mut PgConnection,
    user: UserId,
    bounds: &Bounds,
    is_new: bool,
) -> sqlx::Result<Result<(), TimeDelta>> {
    sqlx::query!("insert into comment_pace (user_id) values ($1) on conflict do nothing", user.0)
        .execute(&mut *db)
        .await?;
    let row = sqlx::query!(
        r#"select greatest(arrival, 'epoch') as "arrival!", greatest(day_from, 'epoch') as "day_from!", day_count,
                  clock_timestamp() as "now!"
           from comment_pace where user_id = $1 for update"#,
        user.0,
    )
    .fetch_one(&mut *db)
    .await?;
    let before = Pace {
        arrival: row.arrival,
        day_from: row.day_from,
        day_count: u32::try_from(row.day_count).unwrap_or_default(),
    };
    let per_day = if is_new { bounds.per_day_of_new } else { bounds.per_day };
    let after = match before.count(row.now, bounds.per_minute, per_day) {
        Ok(after) => after,
        Err(wait) => return Ok(Err(wait)),
    };
    sqlx::query!(
        "update comment_pace set arrival = $2, day_from = $3, day_count = $4 where user_id = $1",
        user.0,
        after.arrival,
        after.day_from,
        i32::try_from(after.day_count).unwrap_or(i32::MAX),
    )
    .execute(db)
    .await?;
    Ok(Ok(()))
}

/// Whether a member is of less than a day, or has fewer than ten ratings.
pub(crate) async fn is_new(db: &mut PgConnection, user: UserId) -> sqlx::Result<bool> {
    let is_new = sqlx::query_scalar!(
        r#"select coalesce(registered_at, created_at) > clock_timestamp() - interval '1 day'
                  or (select count(*) from (select from ratings where rater_id = users.id limit 10) as done) < 10
                  as "is_new!"
           from users where id = $1"#,
        user.0,
    );
    Ok(is_new.fetch_optional(db).await?.unwrap_or(true))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
    }

    const FRESH: Pace = Pace { arrival: DateTime::UNIX_EPOCH, day_from: DateTime::UNIX_EPOCH, day_count: 0 };

    #[test]
    fn three_come_at_once_and_then_one_in_twenty_seconds() {
        let mut pace = FRESH;
        for _ in 0..3 {
            pace = pace.count(at(0), 3, 60).expect("one of three");
        }
        assert_eq!(pace.count(at(0), 3, 60), Err(TimeDelta::seconds(20)));
        assert_eq!(pace.count(at(19), 3, 60), Err(TimeDelta::seconds(1)));
        pace = pace.count(at(20), 3, 60).expect("20 seconds later");
        assert_eq!(pace.count(at(39), 3, 60), Err(TimeDelta::seconds(1)));
        pace = pace.count(at(40), 3, 60).expect("20 seconds later");
        for _ in 0..3 {
            pace = pace.count(at(200), 3, 60).expect("after a pause it is three again");
        }
        assert!(pace.count(at(200), 3, 60).is_err());
    }

    #[test]
    fn a_day_begins_with_its_first_comment_and_has_so_many() {
        let mut pace = FRESH;
        for number in 0..10 {
            pace = pace.count(at(60 * number), 3, 10).expect("one of ten");
        }
        assert_eq!(pace.count(at(600), 3, 10), Err(DAY - TimeDelta::seconds(600)));
        assert_eq!(pace.count(at(24 * 3600 - 1), 3, 10), Err(TimeDelta::seconds(1)));
        let next = pace.count(at(24 * 3600), 3, 10).expect("a day later");
        assert_eq!(next.day_count, 1);
    }

    #[test]
    fn zero_is_no_limit() {
        let mut pace = FRESH;
        for _ in 0..1000 {
            pace = pace.count(at(0), 0, 0).expect("no limit");
        }
    }

    proptest! {
        #[test]
        fn no_minute_has_more_than_twice_the_limit_and_waiting_as_told_helps(
            gaps in prop::collection::vec(0_i64..40, 1..200), limit in 1_u32..10,
        ) {
            let (mut pace, mut now, mut done) = (FRESH, 0, Vec::new());
            for gap in gaps {
                now += gap;
                match pace.count(at(now), limit, 0) {
                    Ok(next) => {
                        pace = next;
                        done.push(now);
                    }
                    Err(wait) => prop_assert!(pace.count(at(now) + wait, limit, 0).is_ok()),
                }
            }
            for (first, begin) in done.iter().enumerate() {
                let within = done[first..].iter().take_while(|at| **at < begin + 60).count();
                prop_assert!(within <= 2 * limit as usize, "{} in a minute", within);
            }
        }
    }
}
