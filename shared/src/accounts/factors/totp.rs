//! Codes of authenticator apps: RFC 6238 with SHA-1, six digits and steps of 30 seconds, which all apps know.

use chrono::{DateTime, Utc};
use data_encoding::BASE32_NOPAD;
use sqlx::PgConnection;
use totp_rs::{Builder, Totp};
use tracing::error;
use url::Url;

use super::seal::Seal;
use super::{Factors, drop_codes_without_factor, find, tell};
use crate::db::Tx;
use crate::ids::UserId;
use crate::jobs::mail::FactorChange;

/// As RFC 4226, section 4, recommends.
const BYTES: usize = 20;

/// The secret that an authenticator app shares with the site.
pub struct Secret([u8; BYTES]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Secret {
    fn generate() -> Self {
        Self(rand::random())
    }

    fn open(seal: &Seal, user: UserId, sealed: &[u8]) -> Option<Self> {
        let opened = seal.open(user, sealed).and_then(|bytes| bytes.try_into().ok());
        if opened.is_none() {
            error!(%user, "the secret of an authenticator app can't be opened; did security.secret change?");
        }
        opened.map(Self)
    }

    /// The secret as people type it: base32 in groups of four.
    #[must_use]
    pub fn text(&self) -> String {
        let text = BASE32_NOPAD.encode(&self.0);
        let groups = text.as_bytes().chunks(4).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join(" ")
    }

    /// The URL that a QR code shows to an app (`otpauth:`), for a member of the site at `base`.
    ///
    /// # Panics
    /// Never: neither a host nor a name has a colon.
    #[must_use]
    pub fn url(&self, base: &Url, name: &str) -> String {
        // An IPv6 address has colons, which separate the parts.
        let site = base.host_str().unwrap_or("Pawdium").replace(':', ".");
        let totp = Builder::new().with_secret(self.0).with_issuer(Some(site)).with_account_name(name).build();
        totp.and_then(|totp| totp.to_url()).expect("no part has a colon, and the secret is long enough")
    }

    /// The step of a code that is right now, or was or will be by one step. `None` for any other.
    fn step_of(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let step = self.totp().check(code, now.timestamp().try_into().ok()?)?;
        step.try_into().ok()
    }

    fn totp(&self) -> Totp {
        Builder::new().with_secret(self.0).with_skew(1).build_noncompliant()
    }
}

/// A set-up that waits for its first code.
#[derive(Debug)]
pub struct Begun(pub Secret);

/// Begins to set up an authenticator app, with a new secret. Returns false if one is set up already. Lock the user's
/// row first.
pub async fn begin(db: &mut PgConnection, seal: &Seal, user: UserId) -> sqlx::Result<bool> {
    let sealed = seal.close(user, &Secret::generate().0);
    let begun = sqlx::query!(
        "insert into totp_secrets (user_id, sealed) values ($1, $2)
         on conflict (user_id) do update set sealed = excluded.sealed, created_at = now(), last_step = 0
         where totp_secrets.confirmed_at is null",
        user.0,
        &sealed,
    );
    Ok(begun.execute(db).await?.rows_affected() == 1)
}

/// Finds the set-up that waits for its first code.
pub async fn find_begun(db: &mut PgConnection, seal: &Seal, user: UserId) -> sqlx::Result<Option<Begun>> {
    let sealed = sqlx::query_scalar!(
        "select sealed from totp_secrets where user_id = $1 and confirmed_at is null
             and created_at > now() - interval '1 day'",
        user.0,
    );
    let sealed = sealed.fetch_optional(db).await?;
    Ok(sealed.and_then(|sealed| Secret::open(seal, user, &sealed)).map(Begun))
}

/// Turns the app on if the code is right. Returns the factors that there were before, or `None` for a wrong code. Lock
/// the user's row first.
pub async fn confirm(
    tx: &mut Tx,
    seal: &Seal,
    user: UserId,
    code: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Factors>> {
    let Some(Begun(secret)) = find_begun(tx, seal, user).await? else { return Ok(None) };
    let Some(step) = secret.step_of(code, now) else { return Ok(None) };
    let before = find(tx, user).await?;
    sqlx::query!(
        "update totp_secrets set confirmed_at = now(), last_used_at = now(), last_step = $2 where user_id = $1",
        user.0,
        step,
    )
    .execute(&mut **tx)
    .await?;
    tell(tx, user, FactorChange::AppOn).await?;
    Ok(Some(before))
}

/// Turns the app off, or forgets a set-up that was begun. Returns whether it was on. Lock the user's row first.
pub async fn turn_off(tx: &mut Tx, user: UserId) -> sqlx::Result<bool> {
    let was_on = sqlx::query_scalar!(
        r#"delete from totp_secrets where user_id = $1 returning confirmed_at is not null as "on!""#,
        user.0,
    );
    let was_on = was_on.fetch_optional(&mut **tx).await?.unwrap_or(false);
    if was_on {
        drop_codes_without_factor(tx, user).await?;
        tell(tx, user, FactorChange::AppOff).await?;
    }
    Ok(was_on)
}

/// Uses up a code. Returns false if it is wrong, or was used. Lock the user's row first.
pub(super) async fn take(
    db: &mut PgConnection,
    seal: &Seal,
    user: UserId,
    code: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let row = sqlx::query!(
        "select sealed, last_step from totp_secrets where user_id = $1 and confirmed_at is not null",
        user.0,
    );
    let Some(row) = row.fetch_optional(&mut *db).await? else { return Ok(false) };
    let step = Secret::open(seal, user, &row.sealed).and_then(|secret| secret.step_of(code, now));
    let Some(step) = step.filter(|step| *step > row.last_step) else { return Ok(false) };
    sqlx::query!(
        "update totp_secrets set last_step = $2, last_used_at = now() where user_id = $1",
        user.0,
        step,
    )
    .execute(db)
    .await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The secret of RFC 6238, appendix B, for SHA-1.
    fn known() -> Secret {
        Secret(*b"12345678901234567890")
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).expect("in range")
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // RFC 6238, appendix B; the last six of the eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(known().step_of(code, at(seconds)), Some(seconds / 30), "{code}");
        }
    }

    #[test]
    fn a_code_is_right_one_step_early_and_late_and_no_more() {
        // The code of 1234567890 is that of the step from 1234567890 to 1234567919.
        let step = 1_234_567_890 / 30;
        let (first, last) = (step * 30, step * 30 + 29);
        for right in [first, last, first - 1, first - 30, last + 1, last + 30] {
            assert_eq!(known().step_of("005924", at(right)), Some(step), "{right}");
        }
        for wrong in [first - 31, last + 31, 0, 59] {
            assert_eq!(known().step_of("005924", at(wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_code_is_wrong_and_no_panic() {
        for bad in ["", "00592", "0059244", "+05924", "٠٠٥٩٢٤", "00 924", "abcdef"] {
            assert_eq!(known().step_of(bad, at(1_234_567_890)), None, "{bad}");
        }
        assert_eq!(known().step_of("005924", at(-30)), None);
    }

    #[test]
    fn an_app_reads_the_secret_from_the_url_and_from_the_text() {
        let base: Url = "https://paw.example:8443/".parse().expect("a URL");
        let url = known().url(&base, "ada");
        assert!(url.starts_with("otpauth://totp/paw.example:ada?secret="), "{url}");
        let read = Totp::from_url(&url).expect("an app reads it");
        assert_eq!(read.generate(59).to_string(), "287082");
        assert_eq!((read.issuer(), read.account_name()), (Some("paw.example"), "ada"));
        assert_eq!(known().text(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        let address: Url = "http://[::1]:8080/".parse().expect("a URL");
        assert!(Totp::from_url(known().url(&address, "ada")).is_ok());
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Begun(known())), "Begun(Secret)");
    }
}
