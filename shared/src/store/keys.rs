//! The keys of objects in the store. Parsing validates them, so that no key points outside of the store.

use std::{fmt, str::FromStr};

use object_store::path::Path as StorePath;
use ulid::Ulid;

use super::{EXPORTS, ORIGINALS, PICTURES};

macro_rules! text_key {
    ($name:ident, $what:literal, $valid:expr) => {
        impl $name {
            /// The key as text, as stored in the database.
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

/// The key of an original: `incoming/<ulid>`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct OriginalKey(String);

/// The key of a published picture: `ab/cd/<blake3 in hex>.jpg`, with the first bytes of the hash as folders.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct MediaKey(String);

/// The key of an archive: `exports/<ulid>.zip`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ExportKey(String);

/// The text is not a key of this kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("this isn't the key of {0}")]
pub struct InvalidKey(&'static str);

text_key!(OriginalKey, "an original", |text| {
    text.strip_prefix("incoming/")
        .is_some_and(|name| Ulid::from_string(name).is_ok_and(|id| id.to_string() == name))
});
text_key!(ExportKey, "an archive", |text| {
    let name = text.strip_prefix("exports/").and_then(|name| name.strip_suffix(".zip"));
    name.is_some_and(|name| Ulid::from_string(name).is_ok_and(|id| id.to_string() == name))
});
text_key!(MediaKey, "a picture", |text| {
    let hash = text.get(6..).and_then(|name| name.strip_suffix(".jpg"));
    hash.is_some_and(|hash| {
        let is_hex = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        hash.len() == 64 && hash.bytes().all(is_hex) && MediaKey::of_hash(hash).0 == text
    })
});

impl MediaKey {
    /// Returns the key of a file with this content.
    pub fn of(content: &[u8]) -> Self {
        Self::of_hash(blake3::hash(content).to_hex().as_str())
    }

    /// Returns the key of a file with this BLAKE3.
    #[must_use]
    pub fn of_print(print: &[u8; 32]) -> Self {
        Self::of_hash(blake3::Hash::from_bytes(*print).to_hex().as_str())
    }

    fn of_hash(hash: &str) -> Self {
        Self(format!("{}/{}/{hash}.jpg", &hash[..2], &hash[2..4]))
    }

    pub(super) fn path(&self) -> StorePath {
        StorePath::from(format!("{PICTURES}/{self}"))
    }
}

impl ExportKey {
    /// Generates a unique key.
    pub(super) fn generate() -> Self {
        Self(format!("{EXPORTS}/{}.zip", Ulid::generate()))
    }

    pub(super) fn path(&self) -> StorePath {
        StorePath::from(self.as_str())
    }
}

impl OriginalKey {
    /// Generates a unique key.
    pub(super) fn generate() -> Self {
        Self(format!("{ORIGINALS}/{}", Ulid::generate()))
    }

    pub(super) fn path(&self) -> StorePath {
        StorePath::from(self.as_str())
    }
}
