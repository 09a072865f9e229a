//! Fresh proofs: sensitive acts need a session whose user has shown a second factor within ten minutes, or the password
//! if the account has no second factor.

use sqlx::PgConnection;

use crate::accounts::sessions::Token;
use crate::ids::UserId;

/// How long a proof is fresh, in minutes.
pub const MINUTES: i32 = 10;

/// Notes that the session's user has just shown what it takes.
pub async fn note(db: &mut PgConnection, session: &Token) -> sqlx::Result<()> {
    sqlx::query!("update sessions set proved_at = clock_timestamp() where token_hash = $1", &session.hash())
        .execute(db)
        .await?;
    Ok(())
}

/// Forgets what a user's other sessions have shown. With the first second factor, a password alone is no proof any
/// more. Lock the user's row first.
pub async fn forget_others(db: &mut PgConnection, user: UserId, keep: &Token) -> sqlx::Result<()> {
    sqlx::query!(
        "update sessions set proved_at = null where user_id = $1 and token_hash <> $2",
        user.0,
        &keep.hash(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether the session's user has shown one lately.
pub async fn is_fresh(db: &mut PgConnection, session: &Token) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from sessions
                          where token_hash = $1 and expires_at > now()
                            and proved_at > now() - make_interval(mins => $2)) as "fresh!""#,
        &session.hash(),
        MINUTES,
    )
    .fetch_one(db)
    .await
}
