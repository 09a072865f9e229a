//! Fresh proofs: sensitive acts need a session whose user has shown a password or a second factor within ten minutes.

use sqlx::PgConnection;

use crate::accounts::sessions::Token;

/// How long a proof is fresh, in minutes.
pub const MINUTES: i32 = 10;

/// Notes that the session's user has just shown a password or a second factor.
pub async fn note(db: &mut PgConnection, session: &Token) -> sqlx::Result<()> {
    sqlx::query!("update sessions set proved_at = clock_timestamp() where token_hash = $1", &session.hash())
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
