//! Logins with a right password that wait for the second factor. There is no session yet.

use sqlx::PgConnection;

use crate::accounts::sessions::Token;
use crate::ids::UserId;

/// How long a login waits, in minutes.
pub const MINUTES: i32 = 5;

/// Begins to wait. The user's password must have been checked in the same transaction, under the lock on the user's row.
pub async fn open(db: &mut PgConnection, user: UserId) -> sqlx::Result<Token> {
    let token = Token::generate();
    sqlx::query!(
        "insert into pending_logins (token_hash, user_id, password_digest, expires_at)
         select $1::bytea, id, sha256(convert_to(password_hash, 'UTF8')), now() + make_interval(mins => $3)
         from users where id = $2",
        &token.hash(),
        user.0,
        MINUTES,
    )
    .execute(db)
    .await?;
    Ok(token)
}

/// Finds whose login waits. `None` if it has expired, was finished, or the password has changed since.
pub async fn find(db: &mut PgConnection, token: &Token) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"select user_id as "user: UserId" from pending_logins join users on users.id = user_id
           where token_hash = $1 and expires_at > now()
             and password_digest = sha256(convert_to(password_hash, 'UTF8'))"#,
        &token.hash(),
    )
    .fetch_optional(db)
    .await
}

/// Ends the waiting, successfully. Returns false if it is over: see [`find`]. Lock the user's row first.
pub async fn finish(db: &mut PgConnection, token: &Token, user: UserId) -> sqlx::Result<bool> {
    let finished = sqlx::query!(
        "delete from pending_logins using users
         where token_hash = $1 and user_id = $2 and users.id = user_id and expires_at > now()
           and password_digest = sha256(convert_to(password_hash, 'UTF8'))",
        &token.hash(),
        user.0,
    );
    Ok(finished.execute(db).await?.rows_affected() == 1)
}
