//! Making a hub.

use axum::Extension;
use axum::extract::{Form, State};
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::{TimeDelta, Utc};
use pawdium_shared::accounts::Gated;
use pawdium_shared::hubs::{HubRole, queries};
use serde::Deserialize;

use super::acts::{self, Wanted};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::hubs::{HubForm, NewHubPage};
use crate::views::{Field, Flash};

/// The form of a new hub.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewHubForm {
    slug: String,
    name: String,
    summary: String,
    join: String,
    visibility: String,
}

impl NewHubForm {
    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            slug: Some(&self.slug),
            name: Some(&self.name),
            summary: Some(&self.summary),
            join: Some(self.join.as_str()).filter(|join| !join.is_empty()),
            visibility: Some(self.visibility.as_str()).filter(|visibility| !visibility.is_empty()),
            archived: None,
            time_zone: None,
        }
    }
}

/// `GET /hubs/new`
pub async fn page(State(app): State<App>, viewing: Viewing) -> Page<NewHubPage> {
    let made = viewing.visitor.verified(&app, Gated::Hubs);
    let (may_make, must_verify) = (made.is_ok(), matches!(made, Err(Error::Unverified(_))));
    Page(NewHubPage { chrome: viewing.chrome, may_make, must_verify, form: HubForm::default() })
}

/// `POST /hubs/new`
pub async fn create(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    Form(mut form): Form<NewHubForm>,
) -> Result<Response, Error> {
    form.slug = form.slug.trim().to_lowercase();
    let made = match acts::create(&app, &viewing.visitor, client, form.wanted()).await {
        // A duplicate of the same form.
        Err(Error::Taken { .. }) if has_just_made(&app, &viewing.visitor, &form).await? => Ok(()),
        made => made.map(|_| ()),
    };
    match made {
        Ok(()) => {
            let jar = jar.add(Notice::HubMade.cookie());
            Ok((jar, Redirect::to(&format!("/h/{}", form.slug))).into_response())
        }
        Err(error @ (Error::Field { .. } | Error::Taken { .. } | Error::TooMany(_))) => {
            let refused = |name| (error.field() == Some(name)).then(|| error.to_string());
            let shown = HubForm {
                slug: Field { error: refused("slug"), value: form.slug },
                name: Field { error: refused("name"), value: form.name },
                summary: Field { error: refused("summary"), value: form.summary },
                joining: form.join.parse().unwrap_or_default(),
                visibility: form.visibility.parse().unwrap_or_default(),
            };
            let mut chrome = viewing.chrome;
            if !matches!(error.field(), Some("slug" | "name" | "summary")) {
                chrome.flash = Some(Flash::bad(error.to_string()));
            }
            let page = NewHubPage { chrome, may_make: true, must_verify: false, form: shown };
            let mut response = (error.status(), Extension(error.noted()), Page(page)).into_response();
            if let Some(seconds) = error.retry_after() {
                response.headers_mut().insert(RETRY_AFTER, seconds.into());
            }
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

/// Whether the visitor has made this hub within the last minute.
async fn has_just_made(app: &App, visitor: &Visitor, form: &NewHubForm) -> Result<bool, Error> {
    let mut db = app.db.acquire().await?;
    let Some(hub) = queries::find_by_slug(&mut db, &form.slug).await? else { return Ok(false) };
    let is_new = Utc::now() - hub.created_at < TimeDelta::minutes(1) && hub.name == form.name.trim();
    Ok(is_new && queries::list_roles(&mut db, hub.id, visitor.id()).await?.contains(&HubRole::Owner))
}
