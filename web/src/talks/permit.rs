//! Permits: the signed permission to vote without an account on the page that was served.
//!
//! A permit contains the time of issue, under an HMAC-SHA-256 (RFC 2104) truncated to 128 bits over the call, the
//! device and that time. It is worth nothing on another device or for another call, so a script must load a page, keep
//! its cookie and send both back. Votes are unique without it; one permit serves for all votes of the page.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use pawdium_shared::ids::CallId;
use pawdium_shared::talks::Device as DeviceId;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

/// How long a permit is valid.
const LIFETIME: TimeDelta = TimeDelta::hours(24);

/// How far ahead the clock of another web process may be.
const AHEAD: TimeDelta = TimeDelta::minutes(1);

const TIME: usize = 8;
const SEAL: usize = 16;

/// Why a permit is invalid.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum PermitRefused {
    /// There is none, it is forged, or it was given to another device or for another call.
    #[error("Vote on the page of the call, with cookies allowed; load it again.")]
    Forged,
    /// Older than a day.
    #[error("This page has been open for too long; load it again.")]
    Expired,
}

/// Issues and checks permits.
#[derive(Clone)]
pub struct Permits {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for Permits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Permits")
    }
}

impl Permits {
    /// Creates permits under the site's secret.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        let mut key = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes a key of any length");
        key.update(b"pawdium permit v1");
        Self { key }
    }

    /// Issues a permit for a page of a call that is served now to a device.
    #[must_use]
    pub fn issue(&self, call: CallId, device: DeviceId, now: DateTime<Utc>) -> String {
        let time = now.timestamp_micros().to_be_bytes();
        let seal = self.seal(call, device, time).finalize().into_bytes();
        BASE64URL_NOPAD.encode(&[&time[..], &seal[..SEAL]].concat())
    }

    /// Verifies a permit for a call that comes from a device.
    ///
    /// # Errors
    /// [`PermitRefused`].
    pub fn check(
        &self,
        text: &str,
        call: CallId,
        device: DeviceId,
        now: DateTime<Utc>,
    ) -> Result<(), PermitRefused> {
        let issued_at = self.unseal(text, call, device).ok_or(PermitRefused::Forged)?;
        if issued_at - now > AHEAD {
            return Err(PermitRefused::Forged);
        }
        if now - issued_at > LIFETIME { Err(PermitRefused::Expired) } else { Ok(()) }
    }

    fn unseal(&self, text: &str, call: CallId, device: DeviceId) -> Option<DateTime<Utc>> {
        let bytes: [u8; TIME + SEAL] = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()?;
        let (time, seal) = bytes.split_at(TIME);
        let time = time.try_into().ok()?;
        self.seal(call, device, time).verify_truncated_left(seal).ok()?;
        DateTime::from_timestamp_micros(i64::from_be_bytes(time))
    }

    fn seal(&self, call: CallId, device: DeviceId, time: [u8; TIME]) -> Hmac<Sha256> {
        self.key.clone().chain_update(call.0.to_be_bytes()).chain_update(device.0).chain_update(time)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DEVICE: DeviceId = DeviceId([7; 16]);

    fn permits() -> Permits {
        Permits::new(&"a secret of at least thirty-two characters".to_owned().into())
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp_micros(1_800_000_000_000_000).expect("in range")
    }

    #[test]
    fn a_permit_is_for_one_call_and_one_device_within_a_day() {
        let text = permits().issue(CallId(3), DEVICE, now());
        let check = |call, device, at| permits().check(&text, CallId(call), DeviceId([device; 16]), at);
        assert_eq!(check(3, 7, now() + TimeDelta::hours(23)), Ok(()));
        assert_eq!(check(4, 7, now()), Err(PermitRefused::Forged));
        assert_eq!(check(3, 8, now()), Err(PermitRefused::Forged));
        assert_eq!(check(3, 7, now() + TimeDelta::hours(25)), Err(PermitRefused::Expired));
        assert_eq!(check(3, 7, now() - TimeDelta::hours(1)), Err(PermitRefused::Forged));
        let other = Permits::new(&"another secret of more than thirty-two characters".to_owned().into());
        assert_eq!(other.check(&text, CallId(3), DEVICE, now()), Err(PermitRefused::Forged));
    }

    proptest! {
        #[test]
        fn no_changed_bit_goes_unnoticed(bit in 0_usize..(TIME + SEAL) * 8) {
            let text = permits().issue(CallId(3), DEVICE, now());
            let mut bytes = BASE64URL_NOPAD.decode(text.as_bytes()).expect("ours");
            bytes[bit / 8] ^= 1 << (bit % 8);
            let forged = BASE64URL_NOPAD.encode(&bytes);
            prop_assert_eq!(permits().check(&forged, CallId(3), DEVICE, now()), Err(PermitRefused::Forged));
        }

        #[test]
        fn any_text_is_refused_without_a_panic(text in "\\PC*") {
            prop_assert!(permits().check(&text, CallId(3), DEVICE, now()).is_err());
        }
    }
}
