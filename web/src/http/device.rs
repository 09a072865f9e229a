//! The device of a request: a random id in a signed cookie, which the server gives to browsers that vote.
//!
//! The id says nothing about who uses the browser, and it outlives their sessions. It shows which votes came from the
//! same browser.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::Cookie;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use pawdium_shared::talks::Device as DeviceId;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use super::visitor::lasting;
use crate::state::App;

/// The cookie with the device's id.
const DEVICE: &str = "device";

const ID: usize = 16;

/// Signs the ids of devices, and what was given to them.
#[derive(Clone)]
pub struct Devices {
    key: Hmac<Sha256>,
}

impl std::fmt::Debug for Devices {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Devices")
    }
}

impl Devices {
    /// Signs with the site's secret.
    #[must_use]
    pub fn new(secret: &SecretString) -> Self {
        let mut key = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes())
            .expect("HMAC takes a key of any length");
        key.update(b"pawdium device v1");
        Self { key }
    }

    fn seal(&self, id: DeviceId) -> String {
        let seal = self.key.clone().chain_update(id.0).finalize().into_bytes();
        BASE64URL_NOPAD.encode(&[&id.0[..], &seal[..16]].concat())
    }

    fn open(&self, text: &str) -> Option<DeviceId> {
        let bytes: [u8; ID + 16] = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?.try_into().ok()?;
        let (id, seal) = bytes.split_at(ID);
        self.key.clone().chain_update(id).verify_truncated_left(seal).ok()?;
        id.try_into().map(DeviceId).ok()
    }
}

/// The device of a request. A browser that has none, or a forged one, is given a new one with [`Device::cookie`].
#[derive(Clone, Copy, Debug)]
pub struct Device {
    /// Its id.
    pub id: DeviceId,
    is_new: bool,
}

impl FromRequestParts<App> for Device {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        Ok(Self::of(app, &CookieJar::from_headers(&parts.headers)))
    }
}

impl Device {
    /// The device that has these cookies.
    #[must_use]
    pub fn of(app: &App, jar: &CookieJar) -> Self {
        match jar.get(DEVICE).and_then(|cookie| app.devices.open(cookie.value())) {
            Some(id) => Self { id, is_new: false },
            None => Self { id: DeviceId::generate(), is_new: true },
        }
    }

    /// The id, unless the browser hasn't received it yet.
    #[must_use]
    pub fn known(&self) -> Option<DeviceId> {
        (!self.is_new).then_some(self.id)
    }

    /// The cookie that tells the browser a new id; `None` if it has one.
    #[must_use]
    pub fn cookie(&self, app: &App) -> Option<Cookie<'static>> {
        self.is_new.then(|| lasting(app, DEVICE, app.devices.seal(self.id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(secret: &str) -> Devices {
        Devices::new(&secret.to_owned().into())
    }

    #[test]
    fn an_id_opens_unchanged_or_not_at_all() {
        let ours = devices("a secret of at least thirty-two characters");
        let id = DeviceId::generate();
        let sealed = ours.seal(id);
        assert_eq!(ours.open(&sealed), Some(id));
        assert_eq!(devices("another secret of thirty-two characters").open(&sealed), None);
        for bit in 0..(ID + 16) * 8 {
            let mut bytes = BASE64URL_NOPAD.decode(sealed.as_bytes()).expect("ours");
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(ours.open(&BASE64URL_NOPAD.encode(&bytes)), None, "{bit}");
        }
        for forged in ["", "x", &sealed[1..], "%00", "\u{e4}"] {
            assert_eq!(ours.open(forged), None, "{forged}");
        }
    }
}
