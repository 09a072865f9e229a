//! Second factors.

use askama::Template;
use pawdium_web::views::Field;
use pawdium_web::views::security::{AuthenticatorApp, PasskeyLine, Qr, SecondFactorPage, SecurityPage};

use super::{Sample, Samples, moment, page};

impl Samples {
    pub(super) fn security_pages(&self) -> askama::Result<Vec<Sample>> {
        let begun = AuthenticatorApp::Begun {
            secret: "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ".to_owned(),
            qr: Qr { size: 29, path: "M0 0h7v1h-7zM9 3h5v1h-5z".to_owned() },
        };
        let on = || AuthenticatorApp::On { since: moment() };
        let proven = |page| SecurityPage { is_proven: true, ..page };
        let codes = (0..10).map(|code| format!("a{code}b2-c3d4-e5f6-g7h8")).collect();
        let refused = SecurityPage {
            proof_code: Field::refused("", "That code is wrong, or it was used already."),
            proof_error: Some("That passkey wasn't accepted.".to_owned()),
            next: Some("/settings/account".to_owned()),
            ..self.security(on(), 2)
        };
        let required = SecurityPage {
            is_required: true,
            password_error: Some("That isn't your password.".to_owned()),
            ..self.security(AuthenticatorApp::Off, 0)
        };
        Ok(vec![
            page("/settings/security", self.security(AuthenticatorApp::Off, 0).render()?),
            page("/settings/security-required", required.render()?),
            page("/settings/security-begun", proven(self.security(begun, 0)).render()?),
            page(
                "/settings/security-on",
                SecurityPage { new_codes: codes, ..proven(self.security(on(), 2)) }.render()?,
            ),
            page("/settings/security-refused", refused.render()?),
            page("/login/second-factor", self.second_step(true, 0).render()?),
            page("/login/second-factor-passkey", self.second_step(false, 1).render()?),
        ])
    }

    fn security(&self, authenticator: AuthenticatorApp, passkeys: i64) -> SecurityPage {
        let has_factor = passkeys > 0 || matches!(authenticator, AuthenticatorApp::On { .. });
        SecurityPage {
            chrome: self.member(),
            is_required: false,
            has_factor,
            is_proven: false,
            password_error: None,
            proof_error: None,
            proof_code: Field::default(),
            authenticator,
            code: Field::default(),
            can_use_passkeys: true,
            passkeys: (0..passkeys)
                .map(|id| PasskeyLine {
                    id,
                    name: self.hub_name(id),
                    created_at: moment(),
                    last_used_at: (id == 0).then(moment),
                    is_backed_up: id == 1,
                })
                .collect(),
            passkey_name: Field::default(),
            passkey_error: None,
            codes_left: if has_factor { 9 } else { 0 },
            new_codes: Vec::new(),
            next: None,
        }
    }

    fn second_step(&self, has_app: bool, passkeys: i64) -> SecondFactorPage {
        SecondFactorPage {
            chrome: self.nobody(),
            has_app,
            has_passkeys: passkeys > 0,
            code: if has_app { Field::default() } else { Field::refused("", "That code is wrong.") },
            error: (passkeys > 0).then(|| "That passkey wasn't accepted.".to_owned()),
            next: Some("/top".to_owned()),
        }
    }
}
