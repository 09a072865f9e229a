//! What a member types as the second factor: a code of the authenticator app, or a recovery code.

use chrono::{DateTime, Utc};

use super::seal::Seal;
use super::{recovery, totp};
use crate::db::Tx;
use crate::ids::UserId;

/// The digits of an app's code.
const DIGITS: usize = 6;

/// Longer texts aren't looked at.
const LONGEST: usize = 64;

/// Uses up a code of either kind. Returns false if it is wrong, or was used. Lock the user's row first. `now` is the
/// time by the database's clock.
pub async fn take(
    tx: &mut Tx,
    seal: &Seal,
    user: UserId,
    typed: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    if typed.len() > LONGEST {
        return Ok(false);
    }
    let code = bare(typed);
    if is_of_app(&code) {
        return totp::take(tx, seal, user, &code, now).await;
    }
    recovery::take(tx, user, &code).await
}

/// The time by the database's clock, which is the same for all processes.
pub async fn now(tx: &mut Tx) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#).fetch_one(&mut **tx).await
}

/// A code without what people put between its parts.
#[must_use]
pub fn bare(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect()
}

fn is_of_app(code: &str) -> bool {
    code.len() == DIGITS && code.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_apart_however_they_are_typed() {
        for app in ["123456", " 123 456 ", "123-456"] {
            assert!(is_of_app(&bare(app)), "{app}");
        }
        for other in ["", "12345", "1234567", "12345a", "0123-4567-89ab-cdef"] {
            assert!(!is_of_app(&bare(other)), "{other}");
        }
    }
}
