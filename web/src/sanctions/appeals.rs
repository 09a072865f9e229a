//! The page about one sanction, for its member: the link is signed, so that it works for those who can't log in. Who
//! has it can read that sanction, and appeal once.

use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::moderation::sanctions::appeals::{self, AppealText};
use pawdium_shared::moderation::sanctions::{Refusal, Sanction, list};
use serde::Deserialize;

use super::view;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::Field;
use crate::views::sanctions::AppealPage;

/// The form of an appeal.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AppealForm {
    text: String,
}

/// `GET /appeals/{token}`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(token): Path<String>,
) -> Result<Page<AppealPage>, Error> {
    let sanction = find(&app, &token).await?;
    Ok(Page(AppealPage { chrome: viewing.chrome, sanction: view(&app, sanction), text: Field::default() }))
}

/// `POST /appeals/{token}`
pub async fn appeal(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Path(token): Path<String>,
    Form(form): Form<AppealForm>,
) -> Result<Response, Error> {
    limits::count(&app, Limited::Login, client.counted()).await?;
    let sanction = find(&app, &token).await?;
    let made = match AppealText::new(&form.text) {
        Ok(text) => retry_conflicts(async || {
            let mut tx = app.db.begin().await?;
            appeals::make(&mut tx, sanction.user, sanction.id, &text).await?;
            Ok::<_, Refusal>(tx.commit().await?)
        })
        .await
        .map_err(Error::from),
        Err(refusal) => Err(refusal.into()),
    };
    match made {
        Ok(()) => {
            let path = app.appeal_links.path(sanction.id);
            Ok((jar.add(Notice::AppealMade.cookie()), Redirect::to(&path)).into_response())
        }
        Err(error @ (Error::Field { .. } | Error::Conflict(_))) => {
            let sanction = view(&app, find(&app, &token).await?);
            let text = Field::refused(form.text, error.to_string());
            Ok((error.status(), Page(AppealPage { chrome: viewing.chrome, sanction, text })).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn find(app: &App, token: &str) -> Result<Sanction, Error> {
    let sanction = app.appeal_links.open(token).ok_or(Error::NotFound)?;
    list::find(&mut *app.db.acquire().await?, sanction).await?.ok_or(Error::NotFound)
}
