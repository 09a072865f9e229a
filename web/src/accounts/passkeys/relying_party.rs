//! The site as a relying party.

use pawdium_shared::accounts::factors::passkeys::{Said, Stored};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tracing::{info, warn};
use url::Url;
use webauthn_rs::prelude::{
    AuthenticationResult, Credential, DiscoverableAuthentication, Passkey, PasskeyAuthentication,
    PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Uuid, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::Challenge;

/// Asks passkeys and checks their answers. All of them must verify their user, by a finger or a PIN.
#[derive(Clone, Debug)]
pub struct Passkeys(Option<Webauthn>);

/// An answer that isn't accepted. The log says why.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the passkey's answer isn't accepted")]
pub struct Wrong;

/// A passkey that was made.
pub(in crate::accounts) struct Registered {
    /// The id that its authenticator gave it.
    pub(in crate::accounts) credential_id: Vec<u8>,
    /// What its authenticator says of it.
    pub(in crate::accounts) said: Said,
}

impl Passkeys {
    /// The passkeys of the site at `base`. There are none for a site that has no name, only an address.
    #[must_use]
    pub fn new(base: &Url) -> Self {
        let host = base.domain().map(ToOwned::to_owned);
        let site = host.and_then(|host| {
            let built = WebauthnBuilder::new(&host, base).and_then(|site| site.rp_name("Pawdium").build());
            built.inspect_err(|error| warn!(%error, "the site can't use passkeys")).ok()
        });
        Self(site)
    }

    /// Whether the site can use passkeys at all.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        self.0.is_some()
    }

    /// Asks for a new passkey of the member with this handle, who has others.
    ///
    /// # Errors
    /// [`Wrong`] if the site can't use passkeys.
    pub(in crate::accounts) fn register(
        &self,
        handle: [u8; 16],
        name: &str,
        others: &[Stored],
    ) -> Result<Challenge, Wrong> {
        let others = known(others).iter().map(|passkey| passkey.cred_id().clone()).collect();
        let (options, state) = self
            .site()?
            .start_passkey_registration(Uuid::from_bytes(handle), name, name, Some(others))
            .map_err(wrong)?;
        let mut options = to_value(&options)?;
        // To log in without a password, the authenticator must find the passkey by the site alone.
        let selection = &mut options["publicKey"]["authenticatorSelection"];
        selection["residentKey"] = json!("required");
        selection["requireResidentKey"] = json!(true);
        Ok(Challenge { options, state: to_value(&state)? })
    }

    /// Checks a new passkey.
    ///
    /// # Errors
    /// [`Wrong`], also for one of another site.
    pub(in crate::accounts) fn registered(&self, answer: &str, state: Value) -> Result<Registered, Wrong> {
        let answer: RegisterPublicKeyCredential = parse(answer)?;
        let state: PasskeyRegistration = from_value(state)?;
        let passkey = self.site()?.finish_passkey_registration(&answer, &state).map_err(wrong)?;
        let credential_id = passkey.cred_id().clone();
        Ok(Registered { credential_id, said: said_of(passkey)? })
    }

    /// Asks for one of these passkeys.
    ///
    /// # Errors
    /// [`Wrong`] if there are none.
    pub(in crate::accounts) fn challenge(&self, of: &[Stored]) -> Result<Challenge, Wrong> {
        let passkeys = known(of);
        if passkeys.is_empty() {
            return Err(Wrong);
        }
        let (options, state) = self.site()?.start_passkey_authentication(&passkeys).map_err(wrong)?;
        Ok(Challenge { options: to_value(&options)?, state: to_value(&state)? })
    }

    /// Checks the answer of one of these passkeys. Returns its number and what its authenticator says now.
    ///
    /// # Errors
    /// [`Wrong`], also for a passkey that was not asked.
    pub(in crate::accounts) fn answered(
        &self,
        answer: &str,
        state: Value,
        of: &[Stored],
    ) -> Result<(i64, Said), Wrong> {
        let answer: PublicKeyCredential = parse(answer)?;
        let state: PasskeyAuthentication = from_value(state)?;
        let result = self.site()?.finish_passkey_authentication(&answer, &state).map_err(wrong)?;
        of.iter().find_map(|stored| updated(stored, &result)).ok_or(Wrong)
    }

    /// Asks for any passkey of the site.
    ///
    /// # Errors
    /// [`Wrong`] if the site can't use passkeys.
    pub(in crate::accounts) fn challenge_anybody(&self) -> Result<Challenge, Wrong> {
        let (mut options, state) = self.site()?.start_discoverable_authentication().map_err(wrong)?;
        // The visitor has pressed a button, and chooses at once.
        options.mediation = None;
        Ok(Challenge { options: to_value(&options)?, state: to_value(&state)? })
    }

    /// Which passkey an answer is of, and whom it names: the id and the handle that its authenticator gave. Unchecked.
    ///
    /// # Errors
    /// [`Wrong`] if it names nobody.
    pub(in crate::accounts) fn named(&self, answer: &str) -> Result<(Vec<u8>, [u8; 16]), Wrong> {
        let answer: PublicKeyCredential = parse(answer)?;
        let (handle, id) = self.site()?.identify_discoverable_authentication(&answer).map_err(wrong)?;
        Ok((id.to_vec(), handle.into_bytes()))
    }

    /// Checks the answer of the passkey that it names. Returns its number and what its authenticator says now.
    ///
    /// # Errors
    /// [`Wrong`].
    pub(in crate::accounts) fn answered_by(
        &self,
        answer: &str,
        state: Value,
        stored: &Stored,
    ) -> Result<(i64, Said), Wrong> {
        let answer: PublicKeyCredential = parse(answer)?;
        let state: DiscoverableAuthentication = from_value(state)?;
        let passkey = known_one(stored).ok_or(Wrong)?;
        let result = self.site()?.finish_discoverable_authentication_v2(&answer, state, &passkey);
        updated(stored, &result.map_err(wrong)?).ok_or(Wrong)
    }

    fn site(&self) -> Result<&Webauthn, Wrong> {
        self.0.as_ref().ok_or(Wrong)
    }
}

/// What a passkey's authenticator says now, if the answer is of this one.
fn updated(stored: &Stored, result: &AuthenticationResult) -> Option<(i64, Said)> {
    let mut passkey = known_one(stored)?;
    passkey.update_credential(result)?;
    let said = said_of(passkey).ok()?;
    // The stored counter only grows, and what was said may be less.
    Some((stored.id, Said { sign_count: result.counter().into(), ..said }))
}

fn said_of(passkey: Passkey) -> Result<Said, Wrong> {
    let credential = to_value(&passkey)?;
    let inner = Credential::from(passkey);
    Ok(Said { credential, sign_count: inner.counter.into(), backed_up: inner.backup_state })
}

fn known(stored: &[Stored]) -> Vec<Passkey> {
    stored.iter().filter_map(known_one).collect()
}

fn known_one(stored: &Stored) -> Option<Passkey> {
    serde_json::from_value(stored.credential.clone())
        .inspect_err(|error| warn!(id = stored.id, %error, "a stored passkey can't be read"))
        .ok()
}

#[expect(clippy::needless_pass_by_value, reason = "`map_err` hands it over")]
fn wrong(error: WebauthnError) -> Wrong {
    info!(%error, "refused a passkey's answer");
    Wrong
}

fn parse<T: DeserializeOwned>(answer: &str) -> Result<T, Wrong> {
    serde_json::from_str(answer).map_err(|_| Wrong)
}

fn to_value<T: Serialize>(value: &T) -> Result<Value, Wrong> {
    serde_json::to_value(value).map_err(|_| Wrong)
}

fn from_value<T: DeserializeOwned>(value: Value) -> Result<T, Wrong> {
    serde_json::from_value(value).map_err(|_| Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(base: &str) -> Passkeys {
        Passkeys::new(&base.parse().expect("a URL"))
    }

    #[test]
    fn a_site_needs_a_name_to_use_passkeys() {
        for (base, is_possible) in [
            ("https://paw.example/", true),
            ("http://localhost:8080/", true),
            ("http://127.0.0.1:8080/", false),
            ("http://[::1]:8080/", false),
        ] {
            assert_eq!(at(base).is_possible(), is_possible, "{base}");
        }
    }

    #[test]
    fn a_new_passkey_is_one_that_its_device_finds_by_itself_and_that_asks_for_a_finger() {
        let asked = at("https://paw.example/").register([7; 16], "ada", &[]).expect("it asks");
        let options = &asked.options["publicKey"];
        assert_eq!(options["rp"]["id"], "paw.example");
        assert_eq!(options["authenticatorSelection"]["residentKey"], "required");
        assert_eq!(options["authenticatorSelection"]["userVerification"], "required");
        assert_eq!(options["attestation"], "none");
        let anybody = at("https://paw.example/").challenge_anybody().expect("it asks");
        assert_eq!(anybody.options["publicKey"]["userVerification"], "required");
        assert_eq!(anybody.options["publicKey"]["allowCredentials"], json!([]));
        assert!(anybody.options.get("mediation").is_none());
    }

    #[test]
    fn a_passkey_is_bound_to_the_host_alone_and_not_to_the_port_or_the_path() {
        for base in ["https://paw.example:8443/", "https://paw.example/", "http://paw.example:8080/"] {
            let asked = at(base).challenge_anybody().expect("it asks");
            assert_eq!(asked.options["publicKey"]["rpId"], "paw.example", "{base}");
        }
        let below = at("https://www.paw.example/").challenge_anybody().expect("it asks");
        assert_eq!(below.options["publicKey"]["rpId"], "www.paw.example");
    }

    #[test]
    fn what_is_no_answer_is_wrong() {
        let site = at("https://paw.example/");
        for bad in ["", "{}", "null", "[]", r#"{"id":"x"}"#, "\u{0}"] {
            assert!(site.named(bad).is_err(), "{bad}");
            assert!(site.registered(bad, json!({})).is_err(), "{bad}");
            assert!(site.answered(bad, json!({}), &[]).is_err(), "{bad}");
        }
    }
}
