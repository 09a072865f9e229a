//! Single-use links sent by mail: password resets (30 minutes) and address verifications (24 hours).

use sqlx::PgConnection;
use url::Url;

use super::sessions::Token;
use crate::ids::UserId;

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Sets a new password.
    Reset,
    /// Verifies the address.
    Verify,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Verify => "verify",
        }
    }

    /// How long the link is valid, in minutes.
    #[must_use]
    pub const fn minutes(self) -> i32 {
        match self {
            Self::Reset => 30,
            Self::Verify => 24 * 60,
        }
    }
}

/// Builds the link's URL on the site at `base`. It leads to a form.
///
/// # Panics
/// If `base` can't have a path, which the configuration prevents.
#[must_use]
pub fn url(base: &Url, purpose: Purpose, token: &Token) -> Url {
    let mut url = base.clone();
    url.path_segments_mut()
        .expect("a site's address has a host")
        .clear()
        .extend([purpose.name(), token.expose()]);
    url
}

/// Creates a link's token. Earlier ones stay valid until one is used, because a retried mail must not break the first.
pub async fn issue(
    db: &mut PgConnection,
    user: UserId,
    email: &str,
    purpose: Purpose,
) -> sqlx::Result<Token> {
    let token = Token::generate();
    sqlx::query!(
        "insert into mail_tokens (token_hash, user_id, purpose, email, expires_at)
         values ($1, $2, $3, $4, now() + make_interval(mins => $5))",
        &token.hash(),
        user.0,
        purpose.name(),
        email,
        purpose.minutes(),
    )
    .execute(db)
    .await?;
    Ok(token)
}

/// Finds the user of a valid link, before its form is shown. A verification link is void once the user has another
/// address. A reset link stays valid: the owner of the mailbox can recover the account after an attacker has changed
/// its password or address.
pub async fn find_user(
    db: &mut PgConnection,
    token: &Token,
    purpose: Purpose,
) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"select user_id as "user: UserId" from mail_tokens join users on users.id = user_id
           where token_hash = $1 and purpose = $2 and expires_at > now()
             and (purpose = 'reset' or lower(users.email) = lower(mail_tokens.email))"#,
        &token.hash(),
        purpose.name(),
    )
    .fetch_optional(db)
    .await
}

/// A link that was used.
#[derive(Debug)]
pub struct Used {
    /// The user it was for.
    pub user: UserId,
    /// The address it was sent to.
    pub email: String,
}

/// Uses up the link and all others of its user and purpose. `None` if it is invalid: see [`find_user`].
pub async fn consume(db: &mut PgConnection, token: &Token, purpose: Purpose) -> sqlx::Result<Option<Used>> {
    // Prevent a change of the address until the transaction ends.
    sqlx::query!(
        "select id from users where id = (select user_id from mail_tokens where token_hash = $1) for update",
        &token.hash(),
    )
    .fetch_optional(&mut *db)
    .await?;
    let used = sqlx::query_as!(
        Used,
        r#"delete from mail_tokens using users
           where token_hash = $1 and purpose = $2 and expires_at > now() and users.id = user_id
             and (purpose = 'reset' or lower(users.email) = lower(mail_tokens.email))
           returning user_id as "user: UserId", mail_tokens.email"#,
        &token.hash(),
        purpose.name(),
    )
    .fetch_optional(&mut *db)
    .await?;
    if let Some(used) = &used {
        sqlx::query!(
            "insert into spent_links (token_hash, user_id, purpose) values ($1, $2, $3)",
            &token.hash(),
            used.user.0,
            purpose.name(),
        )
        .execute(&mut *db)
        .await?;
        discard(db, used.user, purpose).await?;
    }
    Ok(used)
}

/// Invalidates all of a user's links for a purpose.
async fn discard(db: &mut PgConnection, user: UserId, purpose: Purpose) -> sqlx::Result<()> {
    sqlx::query!("delete from mail_tokens where user_id = $1 and purpose = $2", user.0, purpose.name())
        .execute(db)
        .await?;
    Ok(())
}

/// Finds the user of a link that was used within the last ten minutes, because its form may be submitted twice.
pub async fn find_spent(
    db: &mut PgConnection,
    token: &Token,
    purpose: Purpose,
) -> sqlx::Result<Option<UserId>> {
    sqlx::query_scalar!(
        r#"select user_id as "user: UserId" from spent_links
           where token_hash = $1 and purpose = $2 and spent_at > now() - interval '10 minutes'"#,
        &token.hash(),
        purpose.name(),
    )
    .fetch_optional(db)
    .await
}

/// Deletes expired tokens. Returns how many.
pub async fn purge(db: &mut PgConnection) -> sqlx::Result<u64> {
    Ok(sqlx::query!("delete from mail_tokens where expires_at < now()").execute(db).await?.rows_affected())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_its_form_on_the_site() {
        let base = "https://paw.example:8443/".parse().expect("a URL");
        let token = Token::presented("abc-DEF_1");
        assert_eq!(url(&base, Purpose::Reset, &token).as_str(), "https://paw.example:8443/reset/abc-DEF_1");
        assert_eq!(url(&base, Purpose::Verify, &token).as_str(), "https://paw.example:8443/verify/abc-DEF_1");
    }
}
