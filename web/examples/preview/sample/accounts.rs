use askama::Template;
use pawdium_shared::exports::ExportState;
use pawdium_shared::photos::avatars::Upload;
use pawdium_web::views::account::{AccountPage, ExportCard, HubLeft};
use pawdium_web::views::accounts::{
    DemoLogin, ForgotPage, LoginPage, MailPurpose, MailSentPage, RegisterPage, ResetPage, StaleLinkPage,
    VerifyPage,
};
use pawdium_web::views::settings::SettingsPage;
use pawdium_web::views::submit::{Refusals, SubmitForm, SubmitPage};
use pawdium_web::views::{Chrome, Field, Flash};

use super::{Sample, Samples, moment, page};

impl Samples {
    pub(super) fn account_pages(&self) -> askama::Result<Vec<Sample>> {
        let text = || self.text.clone().unwrap_or_else(|| "ada".to_owned());
        let login = |name: &str, note: &str| DemoLogin {
            name: name.to_owned(),
            email: format!("{name}@demo.pawdium.test"),
            password: "derpderp".to_owned(),
            note: note.to_owned(),
        };
        let logins = vec![login("ada", "admin"), login("mabel", "has 14 photos"), login("otto", "new here")];
        let taken = RegisterPage {
            chrome: self.anonymous(),
            name: Field::refused(text(), "That name is taken. Choose another."),
            email: Field::of("ada@example.org"),
            password_error: Some("At least 8 characters, please.".to_owned()),
            next: Some("/submit".to_owned()),
        };
        let chrome = || self.nobody();
        let sent = |purpose| MailSentPage { chrome: chrome(), purpose, email: text() }.render();
        let submit = |may_submit, entered| {
            SubmitPage {
                chrome: self.member(),
                may_submit,
                member: 1,
                max_bytes: 20_000_000,
                min_side: 200,
                refusals: Refusals::of(20_000_000),
                hubs: self.hub_choices(),
                entered,
            }
            .render()
        };
        let refused = SubmitForm {
            photo_error: Some("This file is not a picture we can read.".to_owned()),
            title: Field::refused(text(), "At most 120 characters."),
            species: Field::refused("cat", "Choose one of the list."),
            ..SubmitForm::default()
        };
        let settings = SettingsPage {
            chrome: Chrome { flash: Some(Flash::good("The name is saved.")), ..self.member() },
            name: Field::of(text()),
            email: Field::of("ada@example.org"),
            email_verified: false,
            email_refusal: Some(format!("550 5.1.1 <ada@example.org>: {}", text())),
            email_password_error: Some("That is not your current password.".to_owned()),
            current_password_error: None,
            new_password_error: None,
            remixes: true,
            must_prove: false,
            about: Field::of(text()),
            face: self.face(1),
            portrait: Some(Upload::Failed("It is smaller than 200 pixels.".to_owned())),
        };
        Ok(vec![
            page("/register", taken.render()?),
            page(
                "/login",
                LoginPage {
                    chrome: chrome(),
                    email: Field::default(),
                    error: None,
                    next: None,
                    passkeys: true,
                    demo_logins: logins,
                }
                .render()?,
            ),
            page(
                "/login-refused",
                LoginPage {
                    chrome: chrome(),
                    email: Field::of(text()),
                    error: Some("No account has this address and password.".to_owned()),
                    next: Some("/submit".to_owned()),
                    passkeys: false,
                    demo_logins: Vec::new(),
                }
                .render()?,
            ),
            page("/forgot", ForgotPage { chrome: chrome(), email: Field::default() }.render()?),
            page(
                "/reset/token",
                ResetPage { chrome: chrome(), token: "token".to_owned(), password_error: None }.render()?,
            ),
            page("/verify/token", VerifyPage { chrome: chrome(), token: "token".to_owned() }.render()?),
            page("/stale", StaleLinkPage { chrome: chrome(), purpose: MailPurpose::Reset }.render()?),
            page("/sent-reset", sent(MailPurpose::Reset)?),
            page("/sent-verify", sent(MailPurpose::Verify)?),
            page("/settings", settings.render()?),
            page("/settings/account", self.own_account(Some(ExportState::Ready))?),
            page("/settings/account-waiting", self.own_account(Some(ExportState::Waiting))?),
            page("/settings/account-failed", self.own_account(Some(ExportState::Failed))?),
            page("/settings/account-new", self.own_account(None)?),
            page("/submit", submit(true, SubmitForm::default())?),
            page("/submit-refused", submit(true, refused)?),
            page("/submit-gate", submit(false, SubmitForm::default())?),
        ])
    }

    fn own_account(&self, export: Option<ExportState>) -> askama::Result<String> {
        let text = || self.text.clone().unwrap_or_else(|| "ada".to_owned());
        AccountPage {
            chrome: self.member(),
            must_prove: export.is_none(),
            delete_error: export.is_none().then(|| "That isn't your password.".to_owned()),
            exports: export
                .into_iter()
                .map(|state| ExportCard {
                    id: 1,
                    state,
                    requested_at: moment(),
                    expires_at: Some(moment()),
                    bytes: 45_678_901,
                    photos: 14,
                })
                .collect(),
            photos: 14,
            ratings: 1_732,
            hubs: [(text(), Some(self.owner(2))), (text(), None)]
                .map(|(name, heir)| HubLeft { slug: "cats".to_owned(), name, heir })
                .to_vec(),
        }
        .render()
    }
}
