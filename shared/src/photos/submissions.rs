//! Idempotent submission. A client that lost the response repeats the request with the same key, and finds the photo
//! that the first one created (draft-ietf-httpapi-idempotency-key-header-07).

use std::fmt;
use std::str::FromStr;

use sqlx::PgConnection;

use crate::ids::{PhotoId, UserId};

/// The longest key, in characters.
const LONGEST: usize = 128;

/// A client's key for one submission: 1 to 128 visible ASCII characters, without quotes and backslashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubmissionKey(String);

/// The text is not a valid key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "Idempotency-Key must be a quoted text of 1 to 128 letters, digits and signs, such as \"8e03978e-40d5-43dd\"."
)]
pub struct BadKey;

impl SubmissionKey {
    /// Returns the key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SubmissionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SubmissionKey {
    type Err = BadKey;

    /// Parses the header: a string as in RFC 8941, or the same without quotes, which many clients send.
    fn from_str(text: &str) -> Result<Self, BadKey> {
        let text = text.trim();
        let text = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '\\');
        if text.is_empty() || text.len() > LONGEST || !text.chars().all(is_plain) {
            return Err(BadKey);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A key and the hash of its submission.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The client's key.
    pub key: SubmissionKey,
    /// BLAKE3 of the fields and the file.
    pub print: [u8; 32],
}

/// An earlier submission with the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The photo that it created.
    pub photo: PhotoId,
    /// Whether all fields and bytes are the same.
    pub same: bool,
}

/// Stores the key of a submission in the transaction that creates the photo. If the owner has used the key before, it
/// writes nothing and returns the earlier submission; the caller then rolls back. Waits for a concurrent submission
/// with the same key.
pub async fn record(
    db: &mut PgConnection,
    owner: UserId,
    photo: PhotoId,
    submission: &Submission,
) -> sqlx::Result<Option<Earlier>> {
    let recorded = sqlx::query!(
        "insert into photo_submissions (owner_id, key, print, photo_id) values ($1, $2, $3, $4)
         on conflict (owner_id, key) do nothing",
        owner.0,
        submission.key.as_str(),
        submission.print.as_slice(),
        photo.0,
    )
    .execute(&mut *db)
    .await?;
    if recorded.rows_affected() > 0 {
        return Ok(None);
    }
    let earlier = sqlx::query!(
        r#"select photo_id as "photo: PhotoId", print = $3 as "same!" from photo_submissions
           where owner_id = $1 and key = $2"#,
        owner.0,
        submission.key.as_str(),
        submission.print.as_slice(),
    )
    .fetch_one(db)
    .await?;
    Ok(Some(Earlier { photo: earlier.photo, same: earlier.same }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_with_and_without_its_quotes() {
        let key: SubmissionKey = "\"8e03978e-40d5\"".parse().expect("a key");
        assert_eq!(key.as_str(), "8e03978e-40d5");
        assert_eq!(" 8e03978e-40d5 ".parse(), Ok(key));
    }

    #[test]
    fn malformed_keys_are_refused() {
        for text in ["", "\"\"", "\"", "a b", "a\"b", "käse", "a\u{0}b", &"x".repeat(129)] {
            assert_eq!(text.parse::<SubmissionKey>(), Err(BadKey), "{text:?}");
        }
        assert!("x".repeat(128).parse::<SubmissionKey>().is_ok());
    }
}
