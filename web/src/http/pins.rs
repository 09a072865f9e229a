//! Signing and keyed digests with the site's secret.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use pawdium_shared::accounts::RaterKey;
use pawdium_shared::ids::PhotoId;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// Signs the cookie of a visitor without a user.
#[derive(Clone)]
pub struct Pins {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for Pins {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pins")
    }
}

impl Pins {
    /// Pins signed with the site's secret.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        let mut key = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes a key of any length");
        key.update(b"pawdium visitor v1");
        Self { key }
    }

    /// A keyed digest that reveals nothing about `text` without the secret.
    #[must_use]
    pub fn digest(&self, text: &str) -> [u8; 16] {
        let mut digest = [0; 16];
        let mac = self.key.clone().chain_update(b"digest").chain_update(text).finalize().into_bytes();
        digest.copy_from_slice(&mac[..16]);
        digest
    }

    pub(super) fn seal(&self, key: RaterKey, photo: Option<PhotoId>) -> String {
        let mut bytes = [0; 32];
        let (body, seal) = bytes.split_at_mut(16);
        body[..8].copy_from_slice(&key.0.to_be_bytes());
        body[8..].copy_from_slice(&photo.map_or(0, |photo| photo.0).to_be_bytes());
        seal.copy_from_slice(&self.key.clone().chain_update(&*body).finalize().into_bytes()[..16]);
        BASE64URL_NOPAD.encode(&bytes)
    }

    pub(super) fn open(&self, text: &str) -> Option<(RaterKey, Option<PhotoId>)> {
        let bytes: [u8; 32] = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()?;
        let (body, seal) = bytes.split_at(16);
        self.key.clone().chain_update(body).verify_truncated_left(seal).ok()?;
        let number = |range: &[u8]| range.try_into().map(i64::from_be_bytes).ok();
        let photo = number(&body[8..])?;
        Some((RaterKey(number(&body[..8])?), (photo != 0).then_some(PhotoId(photo))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_opens_unchanged_or_not_at_all() {
        let pins = Pins::new(&"a secret of at least thirty-two characters".to_owned().into());
        let sealed = pins.seal(RaterKey(-5), Some(PhotoId(9)));
        assert_eq!(pins.open(&sealed), Some((RaterKey(-5), Some(PhotoId(9)))));
        assert_eq!(pins.open(&pins.seal(RaterKey(1), None)), Some((RaterKey(1), None)));
        let mut bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).expect("ours");
        bytes[9] ^= 1;
        assert_eq!(pins.open(&BASE64URL_NOPAD.encode(&bytes)), None);
        assert_eq!(pins.open("x"), None);
    }
}
