//! Links that stop a member's mails without logging in: the member's id under an HMAC-SHA-256 (RFC 2104) truncated to
//! 128 bits. They don't expire, because old mails must keep working, and they do nothing else.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::ids::UserId;

const ID: usize = 8;
const SEAL: usize = 16;

/// Makes and opens the links' tokens.
#[derive(Clone)]
pub struct StopLinks {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for StopLinks {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StopLinks")
    }
}

impl StopLinks {
    /// Signs with the site's secret.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        let mut key = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes a key of any length");
        key.update(b"pawdium digest v1");
        Self { key }
    }

    /// The token of a member.
    #[must_use]
    pub fn token(&self, user: UserId) -> String {
        let id = user.0.to_be_bytes();
        let seal = self.key.clone().chain_update(id).finalize().into_bytes();
        BASE64URL_NOPAD.encode(&[&id[..], &seal[..SEAL]].concat())
    }

    /// The member of a token; `None` if it is forged.
    #[must_use]
    pub fn open(&self, token: &str) -> Option<UserId> {
        let bytes: [u8; ID + SEAL] = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?.try_into().ok()?;
        let (id, seal) = bytes.split_at(ID);
        self.key.clone().chain_update(id).verify_truncated_left(seal).ok()?;
        Some(UserId(i64::from_be_bytes(id.try_into().ok()?)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn links() -> StopLinks {
        StopLinks::new(&"a secret of at least thirty-two characters".to_owned().into())
    }

    proptest! {
        #[test]
        fn a_token_names_its_member_and_no_changed_bit_goes_unnoticed(
            user in any::<i64>(), bit in 0_usize..(ID + SEAL) * 8,
        ) {
            let token = links().token(UserId(user));
            prop_assert_eq!(links().open(&token), Some(UserId(user)));
            let mut bytes = BASE64URL_NOPAD.decode(token.as_bytes()).expect("ours");
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(links().open(&BASE64URL_NOPAD.encode(&bytes)), None);
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC*") {
            prop_assert_eq!(links().open(&text), None);
        }
    }
}
