//! A comment's own page, on which it is changed, deleted and moderated.

use axum::Json;
use axum::extract::{Form, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::acts::Thing;
use pawdium_shared::comments::{Comment, CommentState, Position, lists};
use pawdium_shared::ids::{CommentId, PhotoId};
use serde::Deserialize;
use serde_json::json;

use super::access::{Seen, find_comment};
use super::page::is_told;
use super::{acts, present};
use crate::error::{Error, prefers_json};
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::moderation::acts::find_list;
use crate::state::App;
use crate::views::comments::CommentPage;
use crate::views::{Field, Picture};

/// The forms of the page; each sends its own fields.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OneForm {
    text: String,
    act: String,
    reason: String,
}

/// `GET /comments/{comment}`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<CommentId>,
) -> Result<Response, Error> {
    match find_comment(&app, &viewing.visitor, id).await {
        Ok((comment, seen)) => Ok(Page(show(&app, viewing, comment, seen).await?).into_response()),
        Err(Error::NotFound) => {
            let acts = find_list(&app, &viewing.visitor, Thing::Comment(id)).await?;
            Ok(acts.ok_or(Error::NotFound)?.into_response())
        }
        Err(error) => Err(error),
    }
}

/// `POST /comments/{comment}/edit`: for its author.
pub async fn edit(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(id): Path<CommentId>,
    Form(form): Form<OneForm>,
) -> Result<Response, Error> {
    let (comment, seen) = find_comment(&app, &viewing.visitor, id).await?;
    match acts::edit(&app, &viewing.visitor, id, &form.text).await {
        Ok(()) => {
            let (comment, _) = find_comment(&app, &viewing.visitor, id).await?;
            let is_held = comment.state == CommentState::Held;
            let notice = if is_held { Notice::CommentWaits } else { Notice::CommentSaved };
            Ok((jar.add(notice.cookie()), back(comment.photo, Some(id))).into_response())
        }
        Err(error) if is_told(&error) => {
            let mut page = show(&app, viewing, comment, seen).await?;
            page.text = Field::refused(form.text, error.to_string());
            Ok((error.status(), axum::Extension(error.noted()), Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

/// `POST /comments/{comment}/delete`: for its author. Deleting it twice is once.
pub async fn delete(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(id): Path<CommentId>,
) -> Result<(CookieJar, Redirect), Error> {
    visitor.member()?;
    let at = lists::locate(&mut *app.db.acquire().await?, id).await?;
    let (photo, _) = at.ok_or(Error::NotFound)?;
    match acts::delete(&app, &visitor, id).await {
        Ok(_) | Err(Error::NotFound) => {}
        Err(error) => return Err(error),
    }
    Ok((jar.add(Notice::CommentDeleted.cookie()), back(photo, None)))
}

/// `POST /comments/{comment}/review`: a moderator approves or removes it. A script gets the notice as JSON.
pub async fn review(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    headers: HeaderMap,
    Path(id): Path<CommentId>,
    Form(form): Form<OneForm>,
) -> Result<Response, Error> {
    if !viewing.visitor.moderates() {
        return Err(Error::Forbidden("Only moderators can do that."));
    }
    let (comment, seen) = find_comment(&app, &viewing.visitor, id).await?;
    let is_held = comment.state == CommentState::Held;
    let (done, notice) = match form.act.as_str() {
        "approve" => (acts::approve(&app, &viewing.visitor, id).await, Notice::CommentApproved),
        "remove" => (remove(&app, &viewing.visitor, id, &form.reason).await, Notice::CommentRemoved),
        _ => return Err(Error::Refused("Choose approve or remove.".to_owned())),
    };
    match done {
        Ok(_) if prefers_json(&headers) => Ok(Json(json!({ "notice": notice.flash().text })).into_response()),
        Ok(_) if is_held => {
            Ok((jar.add(notice.cookie()), Redirect::to("/moderation/comments")).into_response())
        }
        Ok(photo) => Ok((jar.add(notice.cookie()), back(photo, None)).into_response()),
        Err(error @ Error::Field { .. }) if !prefers_json(&headers) => {
            let mut page = show(&app, viewing, comment, seen).await?;
            page.reason = Field::refused(form.reason, error.to_string());
            Ok((error.status(), Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

async fn remove(app: &App, visitor: &Visitor, id: CommentId, reason: &str) -> Result<PhotoId, Error> {
    acts::remove(app, visitor, id, Some(&acts::reason(reason)?)).await
}

fn back(photo: PhotoId, comment: Option<CommentId>) -> Redirect {
    let place = comment.map_or_else(|| "comments".to_owned(), |comment| format!("comment-{comment}"));
    Redirect::to(&format!("/photos/{photo}#{place}"))
}

async fn show(app: &App, viewing: Viewing, comment: Comment, seen: Seen) -> Result<CommentPage, Error> {
    let visitor = &viewing.visitor;
    let answered = match comment.parent {
        Some(parent) => {
            let mut db = app.db.acquire().await?;
            lists::find(&mut db, comment.photo, seen.viewer, Position { thread: parent, id: parent }).await?
        }
        None => None,
    };
    let line = present::line(&comment, visitor);
    let is_others = !comment.is_own && visitor.member().is_ok();
    Ok(CommentPage {
        answered: answered.map(|answered| present::line(&answered, visitor)),
        text: Field::of(comment.text.clone()),
        reason: Field::default(),
        may_edit: comment.is_own && comment.is_young,
        may_delete: comment.is_own,
        moderates: visitor.moderates() && !comment.is_own,
        stranger: line.author.clone().filter(|_| is_others),
        photo: seen.photo.id.0,
        title: seen.photo.title.clone(),
        picture: Picture::of(&seen.photo),
        line,
        chrome: viewing.chrome,
    })
}
