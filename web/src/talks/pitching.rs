//! Pitching a talk, editing it, taking it back, and what owners do to it.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::ids::{CallId, PhotoId, TalkId};
use pawdium_shared::photos::queries as photos;
use pawdium_shared::talks::{Phase, Refusal, TalkState};
use serde::Deserialize;

use super::access::{SeenCall, find_call, find_talk};
use super::acts::{self, WantedTalk};
use super::shared_order::SharedOrder;
use super::{owner_acts, present, talk};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::talks::CallTab;
use crate::views::talks::talk::{PhotoChoice, PitchPage};
use crate::views::{Field, Picture};

/// How many of their newest photos members choose from.
const PHOTOS: usize = 24;

/// The form of a talk.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct TalkFields {
    title: String,
    description: String,
    /// A photo's id; empty for none.
    photo: String,
}

impl TalkFields {
    fn photo(&self) -> Result<Option<PhotoId>, Error> {
        let message = || "Choose one of your own photos that is live.".to_owned();
        let parse = || self.photo.parse().map(PhotoId);
        if self.photo.is_empty() {
            return Ok(None);
        }
        parse().map(Some).map_err(|_| Error::Field { field: "photo", message: message() })
    }

    fn wanted(&self) -> Result<WantedTalk<'_>, Error> {
        Ok(WantedTalk {
            title: Some(&self.title),
            description: Some(&self.description),
            photo: Some(self.photo()?),
        })
    }
}

/// The form with which owners approve or hide a talk.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ModerateForm {
    act: String,
    reason: String,
}

/// `GET /calls/{call}/pitch`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<CallId>,
) -> Result<Page<PitchPage>, Error> {
    let seen = find_call(&app, &viewing.visitor, id).await?;
    viewing.visitor.member()?;
    if seen.hub.is_archived() {
        return Err(Refusal::Archived.into());
    }
    if seen.call.phase != Phase::Pitch {
        return Err(Refusal::NotPitching(seen.call.phase).into());
    }
    if !seen.is_member() {
        return Err(Refusal::NotMember.into());
    }
    Ok(Page(show(&app, viewing, &seen, None, TalkFields::default(), None).await?))
}

/// `POST /calls/{call}/pitch`
pub async fn pitch(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(id): Path<CallId>,
    Form(fields): Form<TalkFields>,
) -> Result<Response, Error> {
    let seen = find_call(&app, &viewing.visitor, id).await?;
    let pitched = match fields.wanted() {
        Ok(wanted) => acts::pitch_talk(&app, &viewing.visitor, id, wanted).await,
        Err(error) => Err(error),
    };
    match pitched {
        Ok(_) => {
            let notice = if seen.call.moderated { Notice::TalkWaits } else { Notice::TalkPitched };
            Ok((jar.add(notice.cookie()), Redirect::to(&format!("/calls/{id}"))).into_response())
        }
        Err(error) => refuse(&app, viewing, &seen, None, fields, error).await,
    }
}

/// `GET /talks/{talk}/edit`
pub async fn edit_page(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<TalkId>,
) -> Result<Page<PitchPage>, Error> {
    let (talk, seen) = find_talk(&app, &viewing.visitor, id).await?;
    if talk.author != Some(viewing.visitor.member()?.id) {
        return Err(Refusal::NotOwn.into());
    }
    if seen.hub.is_archived() {
        return Err(Refusal::Archived.into());
    }
    if seen.call.phase > Phase::Pitch {
        return Err(Refusal::TooLate.into());
    }
    if !matches!(talk.state, TalkState::Shown | TalkState::Waiting) {
        return Err(Error::NotFound);
    }
    let fields = TalkFields {
        title: talk.title,
        description: talk.description,
        photo: talk.photo.map(|photo| photo.to_string()).unwrap_or_default(),
    };
    Ok(Page(show(&app, viewing, &seen, Some(id), fields, None).await?))
}

/// `POST /talks/{talk}/edit`
pub async fn edit(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(id): Path<TalkId>,
    Form(fields): Form<TalkFields>,
) -> Result<Response, Error> {
    let (_, seen) = find_talk(&app, &viewing.visitor, id).await?;
    let edited = match fields.wanted() {
        Ok(wanted) => acts::edit_talk(&app, &viewing.visitor, id, wanted).await,
        Err(error) => Err(error),
    };
    match edited {
        Ok(_) => {
            let notice = if seen.call.moderated { Notice::TalkWaits } else { Notice::TalkSaved };
            Ok((jar.add(notice.cookie()), Redirect::to(&format!("/calls/{}", seen.call.id))).into_response())
        }
        Err(error) => refuse(&app, viewing, &seen, Some(id), fields, error).await,
    }
}

/// `POST /talks/{talk}/withdraw`
pub async fn withdraw(
    State(app): State<App>,
    visitor: Visitor,
    jar: CookieJar,
    Path(id): Path<TalkId>,
) -> Result<(CookieJar, Redirect), Error> {
    let (talk, _) = find_talk(&app, &visitor, id).await?;
    acts::withdraw_talk(&app, &visitor, id).await?;
    Ok((jar.add(Notice::TalkWithdrawn.cookie()), Redirect::to(&format!("/calls/{}", talk.call))))
}

/// `POST /talks/{talk}/moderate`: an owner approves or hides it.
pub async fn moderate(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(id): Path<TalkId>,
    Form(form): Form<ModerateForm>,
) -> Result<Response, Error> {
    let (talk, seen) = find_talk(&app, &viewing.visitor, id).await?;
    let (done, notice) = match form.act.as_str() {
        "approve" => (owner_acts::approve_talk(&app, &viewing.visitor, id).await, Notice::TalkApproved),
        "hide" => (owner_acts::hide_talk(&app, &viewing.visitor, id, &form.reason).await, Notice::TalkHidden),
        _ => return Err(Error::Refused("Choose approve or hide.".to_owned())),
    };
    match done {
        Ok(()) => {
            let back = Redirect::to(&format!("/calls/{}", talk.call));
            Ok((jar.add(notice.cookie()), back).into_response())
        }
        Err(error @ Error::Field { .. }) => {
            let reason = Field::refused(form.reason, error.to_string());
            let page = talk::load(&app, viewing, talk, seen, SharedOrder::numbered(0), reason).await?;
            Ok((error.status(), Page(page)).into_response())
        }
        Err(error) => Err(error),
    }
}

/// The form again, with what is wrong.
async fn refuse(
    app: &App,
    viewing: Viewing,
    seen: &SeenCall,
    talk: Option<TalkId>,
    fields: TalkFields,
    error: Error,
) -> Result<Response, Error> {
    if error.field().is_none() {
        return Err(error);
    }
    let status: StatusCode = error.status();
    let page = show(app, viewing, seen, talk, fields, Some(&error)).await?;
    Ok((status, Page(page)).into_response())
}

async fn show(
    app: &App,
    viewing: Viewing,
    seen: &SeenCall,
    talk: Option<TalkId>,
    fields: TalkFields,
    error: Option<&Error>,
) -> Result<PitchPage, Error> {
    let mut db = app.db.acquire().await?;
    let head = present::head(&mut db, seen, CallTab::Below).await?;
    let own = photos::list_by_owner(&mut db, viewing.visitor.id(), false).await?;
    drop(db);
    let chosen = fields.photo().ok().flatten();
    let refused = |name| error.filter(|error| error.field() == Some(name)).map(Error::to_string);
    let mut choices: Vec<_> = own
        .iter()
        .map(|photo| PhotoChoice {
            id: photo.id.0,
            title: photo.title.clone(),
            picture: Picture::of(photo),
            is_chosen: chosen == Some(photo.id),
        })
        .collect();
    // The chosen one stays in sight.
    choices.sort_by_key(|choice| !choice.is_chosen);
    choices.truncate(PHOTOS);
    Ok(PitchPage {
        chrome: viewing.chrome,
        action: talk
            .map_or_else(|| format!("/calls/{}/pitch", seen.call.id), |talk| format!("/talks/{talk}/edit")),
        talk: talk.map(|talk| talk.0),
        title: Field { error: refused("title"), value: fields.title },
        description: Field { error: refused("description"), value: fields.description },
        photos: choices,
        photo_error: refused("photo"),
        waits: seen.call.moderated,
        is_blind: seen.call.blind,
        head,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_photo_is_a_number_or_nothing() {
        let photo = |text: &str| TalkFields { photo: text.to_owned(), ..TalkFields::default() }.photo();
        assert!(matches!(photo(""), Ok(None)));
        assert!(matches!(photo("7"), Ok(Some(PhotoId(7)))));
        assert!(matches!(photo("x"), Err(Error::Field { field: "photo", .. })));
    }
}
