//! The expiry of drafts: days after their owners last changed or looked at them.

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_queue::Enqueue as _;
use sqlx::PgConnection;

use crate::db::Tx;
use crate::ids::UserId;
use crate::jobs::media::DiscardFiles;

/// How many days before the expiry its owner gets a mail.
const WARNED_DAYS: u32 = 3;

/// When a draft expires that was last touched at this time. `days` is the setting `upkeep.draft_days`.
#[must_use]
pub fn expires_at(touched_at: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    touched_at + TimeDelta::days(days.into())
}

/// Drafts that were touched last before this time are expired at `now`.
#[must_use]
pub fn expired_before(now: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    now - TimeDelta::days(days.into())
}

/// Owners of drafts that were touched last before this time are told at `now` that they expire.
#[must_use]
pub fn warned_before(now: DateTime<Utc>, days: u32) -> DateTime<Utc> {
    expired_before(now, days) + TimeDelta::days(WARNED_DAYS.min(days.saturating_sub(1)).into())
}

/// Deletes up to `limit` drafts that were touched last before `before`, the oldest first, and enqueues the job that
/// deletes their files. Returns how many. Leaves out drafts that somebody is changing now.
pub async fn purge(db: &mut Tx, before: DateTime<Utc>, limit: i64) -> sqlx::Result<usize> {
    let expired = sqlx::query!(
        "select id, source_key from photos where state = 'draft' and touched_at < $1
         order by touched_at limit $2 for update skip locked",
        before,
        limit,
    )
    .fetch_all(&mut **db)
    .await?;
    if expired.is_empty() {
        return Ok(0);
    }
    let ids: Vec<_> = expired.iter().map(|row| row.id).collect();
    let pictures = sqlx::query_scalar!(
        r#"select key as "key!" from photo_files where photo_id = any($1)
           union
           select key from photo_picture_files where photo_id = any($1)"#,
        &ids,
    )
    .fetch_all(&mut **db)
    .await?;
    sqlx::query!("delete from photos where id = any($1)", &ids).execute(&mut **db).await?;
    let originals: Vec<_> = expired.into_iter().filter_map(|row| row.source_key).collect();
    if !originals.is_empty() || !pictures.is_empty() {
        DiscardFiles { originals, pictures }.enqueue(db).await?;
    }
    Ok(ids.len())
}

/// An owner who is to be told that drafts expire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warned {
    /// The owner.
    pub owner: UserId,
    /// The owner's address.
    pub email: String,
}

/// Notes for up to `limit` members that they are told of their drafts that were touched last before `before`, and
/// returns them. Drafts that follow within a day are noted with them, so that a member gets at most one mail a day.
pub async fn warn(db: &mut Tx, before: DateTime<Utc>, limit: i64) -> sqlx::Result<Vec<Warned>> {
    let owners = sqlx::query!(
        r#"select users.id as "id: UserId", email as "email!" from users
           where email is not null
             and id in (select owner_id from photos join users as owners on owners.id = owner_id
                        where state = 'draft' and touched_at < $1 and owners.email is not null
                          and (reminded_at is null or reminded_at < touched_at)
                        order by touched_at limit $2)
           order by users.id for no key update skip locked"#,
        before,
        limit,
    )
    .fetch_all(&mut **db)
    .await?;
    let ids: Vec<_> = owners.iter().map(|row| row.id.0).collect();
    sqlx::query!(
        "update photos set reminded_at = now()
         where owner_id = any($1) and state = 'draft' and touched_at < $2",
        &ids,
        before + TimeDelta::days(1),
    )
    .execute(&mut **db)
    .await?;
    Ok(owners.into_iter().map(|row| Warned { owner: row.id, email: row.email }).collect())
}

/// A draft that is about to expire.
#[derive(Clone, Debug)]
pub struct Expiring {
    /// The title.
    pub title: String,
    /// When its owner touched it last.
    pub touched_at: DateTime<Utc>,
}

/// Lists a member's drafts that were touched last before `before`. Those that expire first come first.
pub async fn list(
    db: &mut PgConnection,
    owner: UserId,
    before: DateTime<Utc>,
) -> sqlx::Result<Vec<Expiring>> {
    sqlx::query_as!(
        Expiring,
        "select title, touched_at from photos
         where owner_id = $1 and state = 'draft' and touched_at < $2 order by touched_at, id",
        owner.0,
        before,
    )
    .fetch_all(db)
    .await
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_draft_is_expired_exactly_when_its_time_is_over(age in 0_i64..4_000_000, days in 1_u32..400) {
            let now = DateTime::from_timestamp(1_800_000_000, 0).expect("in range");
            let touched = now - TimeDelta::seconds(age);
            let is_expired = touched < expired_before(now, days);
            prop_assert_eq!(is_expired, expires_at(touched, days) < now);
        }

        #[test]
        fn owners_are_told_before_and_not_at_once(days in 1_u32..400) {
            let now = DateTime::from_timestamp(1_800_000_000, 0).expect("in range");
            prop_assert!(warned_before(now, days) >= expired_before(now, days));
            prop_assert!(warned_before(now, days) < now);
        }
    }

    #[test]
    fn touched_a_second_before_the_limit_stays() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("in range");
        let before = expired_before(now, 30);
        assert!(now - TimeDelta::days(30) + TimeDelta::seconds(1) >= before);
        assert!(now - TimeDelta::days(30) - TimeDelta::seconds(1) < before);
        assert_eq!(warned_before(now, 30), now - TimeDelta::days(27));
        assert_eq!(warned_before(now, 1), now - TimeDelta::days(1));
    }
}
