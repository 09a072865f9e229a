//! The names of what is in the store: checked when they are read, so that none of them leads anywhere else.

use std::{fmt, str::FromStr};

use object_store::path::Path as StorePath;
use ulid::Ulid;

use super::{INCOMING, PICTURES};

macro_rules! text_key {
    ($name:ident, $what:literal, $valid:expr) => {
        impl $name {
            /// The key as text, as the database keeps it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidKey;

            fn from_str(text: &str) -> Result<Self, InvalidKey> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(InvalidKey($what)) }
            }
        }
    };
}

/// The name of an upload that waits to be processed: `incoming/<ulid>`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct IncomingKey(String);

/// The name of a picture that is shown: `ab/cd/<blake3 in hex>.jpg`, with the hash's first bytes as folders.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct MediaKey(String);

/// A text that is no key of that kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this isn't the key of {0}")]
pub struct InvalidKey(&'static str);

text_key!(IncomingKey, "an upload", |text| {
    text.strip_prefix("incoming/")
        .is_some_and(|name| Ulid::from_string(name).is_ok_and(|id| id.to_string() == name))
});
text_key!(MediaKey, "a picture", |text| {
    let hash = text.get(6..).and_then(|name| name.strip_suffix(".jpg"));
    hash.is_some_and(|hash| {
        let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        hash.len() == 64 && hash.bytes().all(is_hex) && MediaKey::of_hash(hash).0 == text
    })
});

impl MediaKey {
    /// The key of a file with that content.
    pub fn of(content: &[u8]) -> Self {
        Self::of_hash(blake3::hash(content).to_hex().as_str())
    }

    fn of_hash(hash: &str) -> Self {
        Self(format!("{}/{}/{hash}.jpg", &hash[..2], &hash[2..4]))
    }

    pub(super) fn path(&self) -> StorePath {
        StorePath::from(format!("{PICTURES}/{self}"))
    }
}

impl IncomingKey {
    /// A name that nothing has yet.
    pub(super) fn generate() -> Self {
        Self(format!("{INCOMING}/{}", Ulid::generate()))
    }

    pub(super) fn path(&self) -> StorePath {
        StorePath::from(self.as_str())
    }
}
