//! Ids in links that nobody can make up: an id under an HMAC-SHA-256 (RFC 2104) truncated to 128 bits. Each purpose has
//! a key of its own, so that a link for one is void for another.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

const ID: usize = 8;
const SEAL: usize = 16;

/// Makes and opens the tokens of one purpose.
#[derive(Clone)]
pub struct SignedIds {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for SignedIds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SignedIds")
    }
}

impl SignedIds {
    /// Signs with the site's secret. `purpose` names what the tokens are for, with a version.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[must_use]
    pub fn new(secret: &SecretString, purpose: &'static str) -> Self {
        let mut key = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes a key of any length");
        key.update(purpose.as_bytes());
        Self { key }
    }

    /// The token of an id.
    #[must_use]
    pub fn token(&self, id: i64) -> String {
        let id = id.to_be_bytes();
        let seal = self.key.clone().chain_update(id).finalize().into_bytes();
        BASE64URL_NOPAD.encode(&[&id[..], &seal[..SEAL]].concat())
    }

    /// The id of a token; `None` if it is forged.
    #[must_use]
    pub fn open(&self, token: &str) -> Option<i64> {
        let bytes: [u8; ID + SEAL] = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?.try_into().ok()?;
        let (id, seal) = bytes.split_at(ID);
        self.key.clone().chain_update(id).verify_truncated_left(seal).ok()?;
        Some(i64::from_be_bytes(id.try_into().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ids(purpose: &'static str) -> SignedIds {
        SignedIds::new(&"a secret of at least thirty-two characters".to_owned().into(), purpose)
    }

    proptest! {
        #[test]
        fn a_token_names_its_id_and_no_changed_bit_goes_unnoticed(
            id in any::<i64>(), bit in 0_usize..(ID + SEAL) * 8,
        ) {
            let token = ids("a").token(id);
            prop_assert_eq!(ids("a").open(&token), Some(id));
            prop_assert_eq!(ids("b").open(&token), None);
            let mut bytes = BASE64URL_NOPAD.decode(token.as_bytes()).expect("ours");
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(ids("a").open(&BASE64URL_NOPAD.encode(&bytes)), None);
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC*") {
            prop_assert_eq!(ids("a").open(&text), None);
        }
    }
}
