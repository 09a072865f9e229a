//! The page that submits photos.

use axum::Json;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_media::Limits;
use pawdium_shared::photos::posting;
use serde_json::json;

use super::fields::Fields;
use super::upload::{self, Once, Submitted};
use crate::error::{Error, prefers_json};
use crate::http::client::Client;
use crate::http::flash::Notice;
use crate::http::limits::{self, Limited};
use crate::http::page::Page;
use crate::http::visitor::{Viewing, pin_cookie};
use crate::state::App;
use crate::views::hub_photos::HubChoice;
use crate::views::submit::{Refusals, SubmitForm, SubmitPage};
use crate::views::{Field, Viewer};

/// `GET /submit`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
) -> Result<(CookieJar, Page<SubmitPage>), Error> {
    let jar = match viewing.visitor.user {
        // Keep the visitor's key in a cookie, so that a draft that is sent again comes from the same visitor.
        None => jar.add(pin_cookie(&app, viewing.visitor.key, viewing.visitor.pinned)),
        Some(_) => jar,
    };
    Ok((jar, Page(form(&app, viewing, SubmitForm::default(), "").await?)))
}

/// The form, with these hubs chosen.
async fn form(app: &App, viewing: Viewing, entered: SubmitForm, hubs: &str) -> Result<SubmitPage, Error> {
    let max_bytes = app.config.media.max_upload_bytes;
    let chosen: Vec<_> = hubs.split(',').map(str::trim).collect();
    let postable = posting::list_postable(&mut *app.db.acquire().await?, viewing.visitor.id()).await?;
    let choice = |hub: posting::Postable| HubChoice {
        chosen: chosen.contains(&hub.slug.as_str()),
        slug: hub.slug,
        name: hub.name,
    };
    Ok(SubmitPage {
        hubs: postable.into_iter().map(choice).collect(),
        may_submit: matches!(viewing.chrome.viewer, Viewer::Member { .. }),
        member: viewing.visitor.id().0,
        chrome: viewing.chrome,
        max_bytes,
        min_side: Limits::from(&app.config.media).min_side,
        refusals: Refusals::of(max_bytes),
        entered,
    })
}

/// `POST /submit`: a script gets `202 {id, state, url}` or a problem as JSON; a form gets a redirect or the page again.
pub async fn submit(
    State(app): State<App>,
    viewing: Viewing,
    client: Client,
    jar: CookieJar,
    headers: HeaderMap,
    once: Once,
    multipart: Multipart,
) -> Result<Response, Error> {
    limits::count(&app, Limited::Upload, client.counted()).await?;
    let mut fields = Fields::default();
    match upload::receive(&app, &viewing.visitor, client, once, multipart, &mut fields).await {
        Ok(Submitted { photo, draft, cookie }) if prefers_json(&headers) => {
            let jar = cookie.map_or(jar.clone(), |cookie| jar.add(cookie));
            let state = if draft { "draft" } else { "processing" };
            let body = json!({ "id": photo, "state": state, "url": app.url(&format!("/photos/{photo}")) });
            Ok((StatusCode::ACCEPTED, jar, Json(body)).into_response())
        }
        Ok(Submitted { photo, draft, cookie }) => {
            let jar = cookie.map_or(jar.clone(), |cookie| jar.add(cookie));
            let jar = if draft { jar.add(Notice::DraftKept.cookie()) } else { jar };
            Ok((jar, Redirect::to(&format!("/photos/{photo}"))).into_response())
        }
        Err(error) if !prefers_json(&headers) && is_shown_again(&error, &fields) => {
            let hubs = fields.hubs.clone();
            let entered = show_again(fields, &error);
            Ok((error.status(), Page(form(&app, viewing, entered, &hubs).await?)).into_response())
        }
        Err(error) => Err(error),
    }
}

/// Whether the form shows an error, so that nothing has to be entered again.
fn is_shown_again(error: &Error, fields: &Fields) -> bool {
    match error {
        Error::Field { .. } | Error::TooLarge(_) | Error::Full => true,
        // The member has lost a role in a hub since the page was loaded.
        Error::Forbidden(_) => !fields.hubs.is_empty(),
        _ => false,
    }
}

fn show_again(fields: Fields, error: &Error) -> SubmitForm {
    let refused = |name: &str| (error.field() == Some(name)).then(|| error.to_string());
    let is_about_hubs = matches!(error, Error::Forbidden(_));
    let field = |name, value| Field { value, error: refused(name) };
    SubmitForm {
        photo_error: refused("photo")
            .or_else(|| refused("crop"))
            .or_else(|| (error.field().is_none() && !is_about_hubs).then(|| error.to_string())),
        hubs_error: refused("hubs").or_else(|| is_about_hubs.then(|| error.to_string())),
        title: field("title", fields.title),
        species: field("species", fields.species),
        alt: field("alt", fields.alt),
        tags: field("tags", fields.tags),
    }
}
