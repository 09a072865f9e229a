//! Users in the database.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::fields::{Email, Name};
use super::standing::Standing;
use super::tokens;
use super::types::{RaterKey, Role, User};
use crate::db::Db;
use crate::ids::UserId;

/// The unique index that is violated if a name is taken.
pub const NAME_TAKEN: &str = "users_name_key";
/// The unique index that is violated if an address is taken.
pub const EMAIL_TAKEN: &str = "users_email_key";

/// Creates an anonymous user for a visitor's key, or finds the one that has it, so that two concurrent requests get the
/// same user. A key whose user has registered or is gone is not reused: the visitor gets a new user with another key.
/// `network` is a digest of the visitor's network.
pub async fn insert_anonymous(
    db: &mut PgConnection,
    key: RaterKey,
    network: Option<i32>,
) -> sqlx::Result<UserId> {
    let known = sqlx::query_scalar!(
        r#"insert into users (rater_key, network) values ($1, $2)
           on conflict (rater_key) do update set rater_key = excluded.rater_key where users.name is null
           returning id as "id: UserId""#,
        key.0,
        network,
    )
    .fetch_optional(&mut *db)
    .await?;
    let Some(user) = known else {
        return sqlx::query_scalar!(
            r#"insert into users (rater_key, network) values ($1, $2) returning id as "id: UserId""#,
            RaterKey::generate().0,
            network,
        )
        .fetch_one(db)
        .await;
    };
    // A separate statement: the one above may have waited until the key's earlier user was gone.
    sqlx::query!(
        "update users set rater_key = $3
         where id = $1 and exists (select from spent_rater_keys where rater_key = $2)",
        user.0,
        key.0,
        RaterKey::generate().0,
    )
    .execute(db)
    .await?;
    Ok(user)
}

/// Whether a visitor's key belonged to a user who has registered or is gone.
pub async fn is_spent(db: &mut PgConnection, key: RaterKey) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from users where rater_key = $1 and name is not null)
               or exists (select from spent_rater_keys where rater_key = $1) as "spent!""#,
        key.0,
    )
    .fetch_one(db)
    .await
}

/// Deletes a user. Its key is not reused for some days, so that ballots issued for it can't be used again.
pub async fn delete(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "with gone as (delete from users where id = $1 returning rater_key)
         insert into spent_rater_keys (rater_key) select rater_key from gone
         on conflict (rater_key) do update set spent_at = now()",
        user.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Deletes records of used links and keys that are older than `days`. Returns how many.
pub async fn purge_spent(db: &mut PgConnection, days: i32) -> sqlx::Result<u64> {
    let keys = sqlx::query!(
        "delete from spent_rater_keys where spent_at < now() - make_interval(days => $1)",
        days,
    )
    .execute(&mut *db)
    .await?;
    let links =
        sqlx::query!("delete from spent_links where spent_at < now() - make_interval(days => $1)", days)
            .execute(db)
            .await?;
    Ok(keys.rows_affected() + links.rows_affected())
}

/// Registers: upgrades the given anonymous user, or creates a user.
///
/// # Errors
/// Violations of [`NAME_TAKEN`] and [`EMAIL_TAKEN`]; [`sqlx::Error::RowNotFound`] if the user is already registered.
pub async fn register(
    db: &mut PgConnection,
    anonymous: Option<UserId>,
    name: &Name,
    email: &Email,
    password_hash: &str,
) -> sqlx::Result<UserId> {
    if let Some(user) = anonymous {
        return sqlx::query_scalar!(
            r#"update users set name = $2, email = $3, password_hash = $4, registered_at = now()
               where id = $1 and name is null
               returning id as "id: UserId""#,
            user.0,
            name.as_str(),
            email.as_str(),
            password_hash,
        )
        .fetch_one(db)
        .await;
    }
    sqlx::query_scalar!(
        r#"insert into users (name, email, password_hash, rater_key, registered_at)
           values ($1, $2, $3, $4, now())
           returning id as "id: UserId""#,
        name.as_str(),
        email.as_str(),
        password_hash,
        RaterKey::generate().0,
    )
    .fetch_one(db)
    .await
}

/// Finds a user by id.
pub async fn find(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<User>> {
    sqlx::query_as!(
        User,
        r#"select id as "id: UserId", name, email, email_verified_at is not null as "verified!",
                  role as "role: Role", rater_key as "rater_key: RaterKey", created_at,
                  standing(barred_until, silenced_until, warned_until) as "standing!: Standing"
           from users where id = $1"#,
        user.0,
    )
    .fetch_optional(db)
    .await
}

/// Finds a registered user by address, ignoring case.
pub async fn find_by_email(db: &mut PgConnection, email: &str) -> sqlx::Result<Option<User>> {
    sqlx::query_as!(
        User,
        r#"select id as "id: UserId", name, email, email_verified_at is not null as "verified!",
                  role as "role: Role", rater_key as "rater_key: RaterKey", created_at,
                  standing(barred_until, silenced_until, warned_until) as "standing!: Standing"
           from users where lower(email) = lower($1)"#,
        email,
    )
    .fetch_optional(db)
    .await
}

/// Finds a registered user by name, ignoring case.
pub async fn find_by_name(db: &mut PgConnection, name: &str) -> sqlx::Result<Option<User>> {
    sqlx::query_as!(
        User,
        r#"select id as "id: UserId", name, email, email_verified_at is not null as "verified!",
                  role as "role: Role", rater_key as "rater_key: RaterKey", created_at,
                  standing(barred_until, silenced_until, warned_until) as "standing!: Standing"
           from users where lower(name) = lower($1)"#,
        name,
    )
    .fetch_optional(db)
    .await
}

/// Finds the password hash of a registered user.
pub async fn find_password_hash(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<String>> {
    let row = sqlx::query_scalar!("select password_hash from users where id = $1", user.0);
    Ok(row.fetch_optional(db).await?.flatten())
}

/// Finds the user with this name and address and their password's hash, if they registered within the last minute.
pub async fn find_just_registered(
    db: &mut PgConnection,
    name: &Name,
    email: &Email,
) -> sqlx::Result<Option<(UserId, String)>> {
    let row = sqlx::query!(
        r#"select id as "id: UserId", password_hash as "hash!" from users
           where lower(name) = lower($1) and lower(email) = lower($2)
             and registered_at > now() - interval '1 minute'"#,
        name.as_str(),
        email.as_str(),
    );
    Ok(row.fetch_optional(db).await?.map(|row| (row.id, row.hash)))
}

/// Changes the public name.
///
/// # Errors
/// A violation of [`NAME_TAKEN`].
pub async fn rename(db: &mut PgConnection, user: UserId, name: &Name) -> sqlx::Result<()> {
    sqlx::query!("update users set name = $2 where id = $1", user.0, name.as_str()).execute(db).await?;
    Ok(())
}

/// Changes the address; a different one is unverified. Returns true if it is different.
///
/// # Errors
/// A violation of [`EMAIL_TAKEN`].
pub async fn change_email(db: &mut PgConnection, user: UserId, email: &Email) -> sqlx::Result<bool> {
    let changed = sqlx::query!(
        "update users set email = $2, email_verified_at = null where id = $1 and lower(email) <> lower($2)",
        user.0,
        email.as_str(),
    )
    .execute(db)
    .await?;
    Ok(changed.rows_affected() == 1)
}

/// Sets a new password.
pub async fn set_password(db: &mut PgConnection, user: UserId, hash: &str) -> sqlx::Result<()> {
    sqlx::query!("update users set password_hash = $2 where id = $1 and name is not null", user.0, hash)
        .execute(db)
        .await?;
    Ok(())
}

/// Marks the address as verified.
pub async fn verify_email(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "update users set email_verified_at = coalesce(email_verified_at, now()) where id = $1 and email is not null",
        user.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Changes a user's role. API tokens lose the scope of moderators with it.
pub async fn set_role(db: &mut PgConnection, user: UserId, role: Role) -> sqlx::Result<()> {
    sqlx::query!("update users set role = $2 where id = $1", user.0, role as Role).execute(&mut *db).await?;
    if !role.moderates() {
        tokens::demote(db, user).await?;
    }
    Ok(())
}

/// Finds whether others may remix a user's new photos unless the user says otherwise.
pub async fn find_remixes(db: &mut PgConnection, user: UserId) -> sqlx::Result<bool> {
    let allowed = sqlx::query_scalar!("select remixes from users where id = $1", user.0);
    Ok(allowed.fetch_optional(db).await?.unwrap_or(true))
}

/// Chooses whether others may remix a user's new photos unless the user says otherwise.
pub async fn set_remixes(db: &mut PgConnection, user: UserId, allowed: bool) -> sqlx::Result<()> {
    sqlx::query!("update users set remixes = $2 where id = $1", user.0, allowed).execute(db).await?;
    Ok(())
}

/// A user's statistics, for profiles.
#[derive(Clone, Copy, Debug)]
pub struct Activity {
    /// How many photos the user has rated.
    pub ratings_cast: i64,
    /// Those that show the picture that the user has rated.
    pub rated: i64,
    /// How many of the user's photos are live.
    pub photos: i64,
}

/// Computes a user's statistics.
pub async fn count_activity(db: &mut PgConnection, user: UserId) -> sqlx::Result<Activity> {
    sqlx::query_as!(
        Activity,
        r#"select (select count(*) from ratings where rater_id = $1) as "rated!",
                  (select count(*) from ratings where rater_id = $1)
                      + (select count(distinct photo_id) from earlier_ratings
                         where rater_id = $1
                           and not exists (select from ratings
                                           where ratings.photo_id = earlier_ratings.photo_id and rater_id = $1))
                      as "ratings_cast!",
                  (select count(*) from photos where owner_id = $1 and state = 'live') as "photos!""#,
        user.0,
    )
    .fetch_one(db)
    .await
}

/// Finds the account that an anonymous user was merged into within the last hour, because an upload may take that long.
pub async fn find_merged(db: &mut PgConnection, gone: UserId) -> sqlx::Result<Option<User>> {
    sqlx::query_as!(
        User,
        r#"select users.id as "id: UserId", name, email, email_verified_at is not null as "verified!",
                  role as "role: Role", users.rater_key as "rater_key: RaterKey", created_at,
                  standing(barred_until, silenced_until, warned_until) as "standing!: Standing"
           from merged_users join users on users.id = into_id
           where merged_users.id = $1"#,
        gone.0,
    )
    .fetch_optional(db)
    .await
}

/// Whether the anonymous user with this key was merged into this account within the last hour.
pub async fn has_merged_key(db: &mut PgConnection, user: UserId, key: RaterKey) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from merged_users where rater_key = $2 and into_id = $1) as "has!""#,
        user.0,
        key.0,
    )
    .fetch_one(db)
    .await
}

/// How many anonymous users one transaction deletes.
const PURGED: i64 = 500;

/// Deletes anonymous users created before `before` who have no rating, photo, vote or session, in short transactions.
pub async fn purge_anonymous(db: &Db, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let mut purged = 0;
    let mut last = 0;
    loop {
        let mut tx = db.begin().await?;
        let users = lock_idle(&mut tx, before, last).await?;
        // A separate statement: it sees changes from before the locks, and none can follow.
        let deleted = sqlx::query!(
            "delete from users
             where id = any($1) and email is null
               and not exists (select from ratings where rater_id = users.id)
               and not exists (select from earlier_ratings where rater_id = users.id)
               and not exists (select from photos where owner_id = users.id)
               and not exists (select from sessions where user_id = users.id)
               and not exists (select from talk_votes where voter_id = users.id)",
            &users,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        purged += deleted.rows_affected();
        match users.last() {
            Some(user) => last = *user,
            None => return Ok(purged),
        }
    }
}

/// Locks anonymous users who seem to have nothing, and skips those who are active.
async fn lock_idle(db: &mut PgConnection, before: DateTime<Utc>, after: i64) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        "select id from users
         where email is null and created_at < $1 and id > $2
           and not exists (select from ratings where rater_id = users.id)
           and not exists (select from earlier_ratings where rater_id = users.id)
           and not exists (select from photos where owner_id = users.id)
           and not exists (select from sessions where user_id = users.id)
           and not exists (select from talk_votes where voter_id = users.id)
         order by id limit $3
         for update skip locked",
        before,
        after,
        PURGED,
    )
    .fetch_all(db)
    .await
}

/// Deletes records of old merges. Requests from that time have long ended.
pub async fn purge_merged(db: &mut PgConnection) -> sqlx::Result<u64> {
    let purged = sqlx::query!("delete from merged_users where at < now() - interval '1 hour'").execute(db);
    Ok(purged.await?.rows_affected())
}
