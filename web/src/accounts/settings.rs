//! A member's settings page. Each form on it is sent and checked separately.

use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_queue::Enqueue as _;
use pawdium_shared::accounts::{queries, refusals};
use pawdium_shared::hubs::about;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::photos::avatars;
use serde::Deserialize;

use super::changes::{CURRENT_PASSWORD, Changes, update};
use super::factors::{must_prove, or_confirm_for};
use super::{guesses, local};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::settings::SettingsPage;
use crate::views::{Face, Field};

/// The fields of all forms; each form sends its own.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    name: String,
    email: String,
    current_password: String,
    password: String,
    remixes: String,
    next: Option<String>,
    about: String,
}

/// `GET /settings`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Result<Response, Error> {
    if viewing.visitor.member().is_err() {
        return Ok(Redirect::to("/login?next=%2Fsettings").into_response());
    }
    Ok(Page(show(&app, viewing).await?).into_response())
}

/// `POST /settings/name`
pub async fn rename(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<SettingsForm>,
) -> Result<Response, Error> {
    let changes = Changes { name: Some(&form.name), ..Changes::default() };
    let result = update(&app, &viewing.visitor, client, changes).await;
    answer(&app, viewing, jar, Notice::NameChanged, result, |page, _, error| {
        page.name = Field::refused(form.name, error);
    })
    .await
}

/// `POST /settings/about`
pub async fn change_about(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<SettingsForm>,
) -> Result<Response, Error> {
    let changes = Changes { about: Some(&form.about), ..Changes::default() };
    let result = update(&app, &viewing.visitor, client, changes).await;
    answer(&app, viewing, jar, Notice::ChangesSaved, result, |page, _, error| {
        page.about = Field::refused(form.about, error);
    })
    .await
}

/// `POST /settings/email`
pub async fn change_email(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<SettingsForm>,
) -> Result<Response, Error> {
    let current_password = &form.current_password;
    let changes = Changes { email: Some(&form.email), current_password, ..Changes::default() };
    let result = update(&app, &viewing.visitor, client, changes).await;
    answer(&app, viewing, jar, Notice::EmailChanged, result, |page, field, error| {
        if field == CURRENT_PASSWORD {
            page.email = Field::of(form.email);
            page.email_password_error = Some(error);
        } else {
            page.email = Field::refused(form.email, error);
        }
    })
    .await
}

/// `POST /settings/email/resend`: leads back to where it was asked for.
pub async fn resend(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    jar: CookieJar,
    Form(form): Form<SettingsForm>,
) -> Result<(CookieJar, Redirect), Error> {
    let user = visitor.member()?;
    limits::count(&app, Limited::Mail, client.counted()).await?;
    if !user.verified {
        let address = user.email.as_deref().unwrap_or_default();
        guesses::count_mail(&app, address).await?;
        SendMail::verification(user.id, address).enqueue_alone(&app.db).await?;
    }
    let next = form.next.as_deref().map_or("/settings", |next| local(Some(next)));
    Ok((jar.add(Notice::LinkSent.cookie()), Redirect::to(next)))
}

/// `POST /settings/password`
pub async fn change_password(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(form): Form<SettingsForm>,
) -> Result<Response, Error> {
    let current_password = &form.current_password;
    let changes = Changes { password: Some(&form.password), current_password, ..Changes::default() };
    let result = update(&app, &viewing.visitor, client, changes).await;
    answer(&app, viewing, jar, Notice::PasswordChanged, result, |page, field, error| {
        if field == CURRENT_PASSWORD {
            page.current_password_error = Some(error);
        } else {
            page.new_password_error = Some(error);
        }
    })
    .await
}

/// `POST /settings/remixes`: whether others may remix new photos unless the member says otherwise.
pub async fn change_remixes(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Form(form): Form<SettingsForm>,
) -> Result<(CookieJar, Redirect), Error> {
    let user = visitor.member()?;
    let allowed = !form.remixes.is_empty();
    queries::set_remixes(&mut *app.db.acquire().await?, user.id, allowed).await?;
    Ok((jar.add(Notice::ChangesSaved.cookie()), Redirect::to("/settings")))
}

/// A redirect with a notice, or the page again after `refuse` has added the field's error.
async fn answer(
    app: &App,
    viewing: Viewing,
    jar: CookieJar,
    notice: Notice,
    result: Result<(), Error>,
    refuse: impl FnOnce(&mut SettingsPage, &str, String),
) -> Result<Response, Error> {
    let Err(error) = result else {
        return Ok((jar.add(notice.cookie()), Redirect::to("/settings")).into_response());
    };
    let Some(field) = error.field() else { return or_confirm_for(jar, "/settings", Err(error)) };
    let mut page = show(app, viewing).await?;
    refuse(&mut page, field, error.to_string());
    Ok((error.status(), Page(page)).into_response())
}

async fn show(app: &App, viewing: Viewing) -> Result<SettingsPage, Error> {
    let user = viewing.visitor.member()?;
    let mut db = app.db.acquire().await?;
    let refusal = refusals::find(&mut db, user.id).await?;
    let remixes = queries::find_remixes(&mut db, user.id).await?;
    let avatar = avatars::find(&mut db, user.id).await?;
    let must_prove = must_prove(&mut db, &viewing.visitor).await?;
    let name = user.name.clone().unwrap_or_default();
    Ok(SettingsPage {
        about: Field::of(about::find(&mut db, user.id).await?),
        face: Face::of(name, avatar.key),
        portrait: avatar.upload,
        name: Field::of(user.name.clone().unwrap_or_default()),
        email: Field::of(user.email.clone().unwrap_or_default()),
        email_verified: user.verified,
        email_refusal: refusal,
        email_password_error: None,
        current_password_error: None,
        new_password_error: None,
        remixes,
        must_prove,
        chrome: viewing.chrome,
    })
}
