//! Encrypts what the site must be able to read back, under a key that is derived from its secret.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use hkdf::Hkdf;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::ids::UserId;

const NONCE: usize = 12;

/// Seals the secrets of authenticator apps: AES-256-GCM (NIST SP 800-38D) with a random nonce and the user's id as
/// associated data, so that a sealed secret opens only for its user.
#[derive(Clone)]
pub struct Seal {
    cipher: Aes256Gcm,
}

impl std::fmt::Debug for Seal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seal")
    }
}

impl Seal {
    /// Derives the key from the site's secret (HKDF, RFC 5869).
    ///
    /// # Panics
    /// Never: the lengths are constants.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        let mut key = [0; 32];
        Hkdf::<Sha256>::new(None, secret.expose_secret().as_bytes())
            .expand(b"pawdium totp v1", &mut key)
            .expect("32 bytes are few enough");
        Self { cipher: Aes256Gcm::new_from_slice(&key).expect("32 bytes are a key") }
    }

    /// Seals a text for a user.
    ///
    /// # Panics
    /// Never: only texts of many gigabytes can't be sealed.
    #[must_use]
    pub fn close(&self, user: UserId, text: &[u8]) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: text, aad: &user.0.to_be_bytes() };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload).expect("the text is short");
        [&nonce[..], &sealed].concat()
    }

    /// Opens what was sealed for this user under the same secret.
    #[must_use]
    pub fn open(&self, user: UserId, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE>()?;
        let payload = Payload { msg: text, aad: &user.0.to_be_bytes() };
        self.cipher.decrypt(&Nonce::from(*nonce), payload).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(secret: &str) -> Seal {
        Seal::new(&secret.to_owned().into())
    }

    #[test]
    fn a_sealed_secret_opens_for_its_user_and_site_alone() {
        let ours = seal("a secret of thirty-two characters");
        let sealed = ours.close(UserId(7), b"twenty bytes of text");
        assert_eq!(sealed.len(), 48);
        assert_eq!(ours.open(UserId(7), &sealed).as_deref(), Some(&b"twenty bytes of text"[..]));
        assert_eq!(ours.open(UserId(8), &sealed), None);
        assert_eq!(seal("another secret of as many of them").open(UserId(7), &sealed), None);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(ours.open(UserId(7), &changed), None, "byte {at}");
        }
        assert_eq!(ours.open(UserId(7), &sealed[..11]), None);
    }

    #[test]
    fn the_same_text_is_never_sealed_alike() {
        let ours = seal("a secret of thirty-two characters");
        assert_ne!(ours.close(UserId(7), b"text"), ours.close(UserId(7), b"text"));
    }
}
