//! Stamps: when a form for a comment was served, signed.
//!
//! A stamp contains the time of issue, under an HMAC-SHA-256 (RFC 2104) truncated to 128 bits over the photo, the
//! member and that time. A form that comes back at once was filled in by a program. The stamp isn't single use: how
//! often a member comments is limited otherwise.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use pawdium_shared::ids::{PhotoId, UserId};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// How long nobody needs less to write a comment.
const QUICKEST: TimeDelta = TimeDelta::seconds(3);

/// How long a form is valid.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

const TIME: usize = 8;
const SEAL: usize = 16;

/// Why a stamp is invalid.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum StampRefused {
    /// There is none, it is forged, or it was given to another member or for another photo.
    #[error("Send the comment from the photo's page. Your text is still here.")]
    Forged,
    /// Less than three seconds old.
    #[error("That was very quick. Wait three seconds and send it again.")]
    TooEarly,
    /// Older than a day.
    #[error("This page has been open for too long. Your text is still here: send it again.")]
    Expired,
}

/// Issues and checks stamps.
#[derive(Clone)]
pub struct Stamps {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for Stamps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Stamps")
    }
}

impl Stamps {
    /// Creates stamps under the site's secret.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        let mut key = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes a key of any length");
        key.update(b"pawdium comment v1");
        Self { key }
    }

    /// Issues a stamp for a form that is served now to a member.
    #[must_use]
    pub fn issue(&self, photo: PhotoId, member: UserId, now: DateTime<Utc>) -> String {
        let time = now.timestamp_micros().to_be_bytes();
        let seal = self.seal(photo, member, time).finalize().into_bytes();
        BASE64URL_NOPAD.encode(&[&time[..], &seal[..SEAL]].concat())
    }

    /// Verifies the stamp of a form that comes from a member.
    ///
    /// # Errors
    /// [`StampRefused`].
    pub fn check(
        &self,
        text: &str,
        photo: PhotoId,
        member: UserId,
        now: DateTime<Utc>,
    ) -> Result<(), StampRefused> {
        let issued_at = self.unseal(text, photo, member).ok_or(StampRefused::Forged)?;
        match now - issued_at {
            age if age < QUICKEST => Err(StampRefused::TooEarly),
            age if age > LIFETIME => Err(StampRefused::Expired),
            _ => Ok(()),
        }
    }

    fn unseal(&self, text: &str, photo: PhotoId, member: UserId) -> Option<DateTime<Utc>> {
        let bytes: [u8; TIME + SEAL] = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()?;
        let (time, seal) = bytes.split_at(TIME);
        let time = time.try_into().ok()?;
        self.seal(photo, member, time).verify_truncated_left(seal).ok()?;
        DateTime::from_timestamp_micros(i64::from_be_bytes(time))
    }

    fn seal(&self, photo: PhotoId, member: UserId, time: [u8; TIME]) -> Hmac<Sha256> {
        self.key
            .clone()
            .chain_update(photo.0.to_be_bytes())
            .chain_update(member.0.to_be_bytes())
            .chain_update(time)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn stamps() -> Stamps {
        Stamps::new(&"a secret of at least thirty-two characters".to_owned().into())
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_800_000_000_000_000).expect("in range")
    }

    #[test]
    fn a_form_is_for_one_member_and_photo_between_three_seconds_and_a_day() {
        let text = stamps().issue(PhotoId(3), UserId(7), now());
        let check = |photo, member, at| stamps().check(&text, PhotoId(photo), UserId(member), at);
        assert_eq!(check(3, 7, now() + TimeDelta::milliseconds(2999)), Err(StampRefused::TooEarly));
        assert_eq!(check(3, 7, now() + TimeDelta::seconds(3)), Ok(()));
        assert_eq!(check(3, 7, now() + TimeDelta::hours(24)), Ok(()));
        assert_eq!(check(3, 7, now() + TimeDelta::hours(25)), Err(StampRefused::Expired));
        assert_eq!(check(3, 7, now() - TimeDelta::hours(1)), Err(StampRefused::TooEarly));
        assert_eq!(check(4, 7, now() + TimeDelta::hours(1)), Err(StampRefused::Forged));
        assert_eq!(check(3, 8, now() + TimeDelta::hours(1)), Err(StampRefused::Forged));
    }

    proptest! {
        #[test]
        fn no_changed_bit_goes_unnoticed(bit in 0_usize..(TIME + SEAL) * 8) {
            let text = stamps().issue(PhotoId(3), UserId(7), now());
            let mut bytes = BASE64URL_NOPAD.decode(text.as_bytes()).expect("ours");
            bytes[bit / 8] ^= 1 << (bit % 8);
            let forged = BASE64URL_NOPAD.encode(&bytes);
            let check = stamps().check(&forged, PhotoId(3), UserId(7), now() + TimeDelta::minutes(1));
            prop_assert_eq!(check, Err(StampRefused::Forged));
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC*") {
            prop_assert!(stamps().check(&text, PhotoId(3), UserId(7), now()).is_err());
        }
    }
}
