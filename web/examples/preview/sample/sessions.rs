//! Sessions and API tokens.

use askama::Template;
use pawdium_shared::accounts::Scope;
use pawdium_web::views::Field;
use pawdium_web::views::sessions::{SessionLine, SessionsPage, TokenForm, TokenLine, TokensPage};

use super::{Sample, Samples, moment, page, pick};

const DEVICES: [&str; 3] = ["Firefox on Linux", "Samsung Internet on Android", "An unknown device"];

impl Samples {
    pub(super) fn session_pages(&self) -> askama::Result<Vec<Sample>> {
        let sessions = |count: i64| SessionsPage {
            chrome: self.member(),
            lines: (0..count)
                .map(|id| SessionLine {
                    id,
                    device: pick(&DEVICES, id).to_owned(),
                    place: (id != 2).then(|| "192.0.2.x".to_owned()),
                    since: moment(),
                    used: moment(),
                    is_own: id == 0,
                })
                .collect(),
        };
        let form = TokenForm {
            name: Field::refused("", "Say in 1 to 60 characters what the token is for."),
            scopes: vec![(Scope::Read, true), (Scope::Rate, false), (Scope::Submit, false)],
            scopes_error: Some("Choose at least one scope.".to_owned()),
            days: 90,
            password_error: Some("That isn't your password.".to_owned()),
        };
        let tokens = |made: bool, form| TokensPage {
            chrome: self.member(),
            made: made.then(|| format!("pawdium_{}", "0v".repeat(26))),
            lines: (0..2)
                .map(|id| TokenLine {
                    id,
                    name: self.hub_name(id),
                    scopes: "read, submit".to_owned(),
                    since: moment(),
                    used: (id == 0).then(moment),
                    ends: (id == 1).then(moment),
                })
                .collect(),
            form,
            must_prove: false,
        };
        Ok(vec![
            page("/settings/sessions", sessions(3).render()?),
            page("/settings/sessions-one", sessions(1).render()?),
            page(
                "/settings/tokens",
                tokens(true, Some(TokenForm { days: 90, ..TokenForm::default() })).render()?,
            ),
            page("/settings/tokens-refused", tokens(false, Some(form)).render()?),
            page("/settings/tokens-unverified", tokens(false, None).render()?),
        ])
    }
}
