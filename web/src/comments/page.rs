//! The forms about comments on a photo's page.

use axum::Json;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::Utc;
use pawdium_shared::comments::{CommentState, set_commenters};
use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{CommentId, PhotoId};
use pawdium_shared::photos::Commenters;
use serde::Deserialize;
use serde_json::json;

use super::access::{Seen, find_comment, find_comments};
use super::section::CommentQuery;
use super::{acts, section};
use crate::error::{Error, prefers_json};
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::photos::show;
use crate::state::App;
use crate::views::Field;
use crate::views::comments::Writing;

/// The form of a comment.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CommentFields {
    text: String,
    /// The comment that it answers; empty for none.
    reply: String,
    stamp: String,
    /// A field that people don't see. Programs fill it in.
    website: String,
}

impl CommentFields {
    fn parent(&self) -> Result<Option<CommentId>, Error> {
        let message = || "There is no such comment on this photo any more.".to_owned();
        if self.reply.is_empty() {
            return Ok(None);
        }
        self.reply.parse().map(Some).map_err(|_| Error::Field { field: "parent", message: message() })
    }
}

/// `POST /photos/{photo}/comments`. A script gets the comment's id as JSON, everybody else the photo's page.
pub async fn post(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    headers: HeaderMap,
    Path(id): Path<PhotoId>,
    Form(fields): Form<CommentFields>,
) -> Result<Response, Error> {
    let seen = find_comments(&app, &viewing.visitor, id).await?;
    viewing.visitor.member()?;
    if !fields.website.is_empty() {
        // The program that filled it in learns nothing.
        return Ok(Redirect::to(&format!("/photos/{id}#comments")).into_response());
    }
    match write(&app, &viewing.visitor, &seen, &fields).await {
        Ok(comment) => {
            let (comment, _) = find_comment(&app, &viewing.visitor, comment).await?;
            let is_held = comment.state == CommentState::Held;
            let notice = if is_held { Notice::CommentWaits } else { Notice::CommentPosted };
            if prefers_json(&headers) {
                let body = json!({ "id": comment.id, "held": is_held, "notice": notice.flash().text });
                return Ok((StatusCode::CREATED, Json(body)).into_response());
            }
            let back = Redirect::to(&format!("/photos/{id}#comment-{}", comment.id));
            Ok((jar.add(notice.cookie()), back).into_response())
        }
        Err(error) if is_told(&error) && !prefers_json(&headers) => {
            refuse(&app, viewing, seen, fields, error).await
        }
        Err(error) => Err(error),
    }
}

async fn write(
    app: &App,
    visitor: &Visitor,
    seen: &Seen,
    fields: &CommentFields,
) -> Result<CommentId, Error> {
    app.stamps
        .check(&fields.stamp, seen.photo.id, visitor.id(), Utc::now())
        .map_err(|refused| Error::Field { field: "text", message: refused.to_string() })?;
    acts::post(app, visitor, seen.photo.id, &fields.text, fields.parent()?).await
}

/// Whether the form can show the error.
pub(super) fn is_told(error: &Error) -> bool {
    matches!(error, Error::Field { .. } | Error::OutOfTurn(_) | Error::TooMany(_))
}

/// The page again, with what was written and what is wrong.
async fn refuse(
    app: &App,
    viewing: Viewing,
    Seen { photo, viewer }: Seen,
    fields: CommentFields,
    error: Error,
) -> Result<Response, Error> {
    let query = CommentQuery::answering(fields.parent().ok().flatten());
    let mut section = section::load(app, &viewing.visitor, &photo, viewer.knows, &query).await?;
    if let Writing::May(form) = &mut section.writing {
        form.text = Field::refused(fields.text, error.to_string());
    }
    let rating = show::rating_control(app, &viewing.visitor, &photo).await?;
    let mut page = show::assemble(app, viewing, photo, rating, None).await?;
    page.comments = Some(section);
    Ok((error.status(), axum::Extension(error.noted()), Page(page)).into_response())
}

/// The form with which owners say who may comment.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CommentersForm {
    comments: String,
}

/// `POST /photos/{photo}/commenters`: the owner turns comments on or off.
pub async fn set(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(id): Path<PhotoId>,
    Form(form): Form<CommentersForm>,
) -> Result<(CookieJar, Redirect), Error> {
    let photo = show::find_visible(&app, &visitor, id).await?;
    if photo.owner != visitor.id() {
        return Err(Error::Forbidden("Only its owner can say who may comment on a photo."));
    }
    let commenters: Commenters = form.comments.parse().map_err(|_| Error::Field {
        field: "comments",
        message: "Choose registered or nobody.".to_owned(),
    })?;
    retry_conflicts(async || -> Result<(), Error> {
        let mut tx = app.db.begin().await?;
        set_commenters(&mut tx, id, visitor.id(), commenters).await?;
        Ok(tx.commit().await?)
    })
    .await?;
    let notice = match commenters {
        Commenters::Registered => Notice::CommentsOn,
        Commenters::Nobody => Notice::CommentsOff,
    };
    Ok((jar.add(notice.cookie()), Redirect::to(&format!("/photos/{id}#comments"))))
}
