//! Choosing the colour theme without a script.

use axum::extract::{Form, State};
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::visitor::theme_cookie;
use crate::accounts::local;
use crate::state::App;
use crate::views::Theme;

/// The form in the menu: the theme, and the page to return to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ThemeForm {
    theme: String,
    next: String,
}

/// `POST /theme`
pub async fn choose(
    State(app): State<App>,
    jar: CookieJar,
    Form(form): Form<ThemeForm>,
) -> (CookieJar, Redirect) {
    let cookie = theme_cookie(&app, Theme::from_cookie(&form.theme));
    (jar.add(cookie), Redirect::to(local(Some(&form.next))))
}
