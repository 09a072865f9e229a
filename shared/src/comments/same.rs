//! Comments that wait for a moderator.

use sqlx::PgConnection;
use strum::IntoStaticStr;

use crate::ids::UserId;

/// Of how many accounts the same text is held.
const ACCOUNTS: i64 = 3;

/// Why a comment waits for a moderator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub(super) enum Held {
    /// It is its author's first one.
    First,
    /// Other accounts have written the same within an hour.
    Repeated,
}

/// Why a comment with this text has to wait. The lock on the text lets only one transaction at a time decide, so of
/// three that come at once, the last one sees the others.
pub(super) async fn why_held(
    db: &mut PgConnection,
    author: UserId,
    key: &[u8; 16],
    holds_first: bool,
) -> sqlx::Result<Option<Held>> {
    let mut lock = [0; 8];
    lock.copy_from_slice(&key[..8]);
    sqlx::query!("select pg_advisory_xact_lock($1)", i64::from_be_bytes(lock)).fetch_one(&mut *db).await?;
    let others = sqlx::query_scalar!(
        r#"select count(distinct author_id) as "others!" from comments
           where text_key = $1 and created_at > clock_timestamp() - interval '1 hour' and author_id <> $2"#,
        key.as_slice(),
        author.0,
    );
    if others.fetch_one(&mut *db).await? >= ACCOUNTS - 1 {
        return Ok(Some(Held::Repeated));
    }
    if !holds_first {
        return Ok(None);
    }
    let has_others = sqlx::query_scalar!(
        r#"select exists (select from comments where author_id = $1 and state = 'shown') as "has!""#,
        author.0,
    );
    Ok(if has_others.fetch_one(db).await? { None } else { Some(Held::First) })
}
