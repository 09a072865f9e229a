//! Voting on pages.

use axum::Extension;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::Utc;
use pawdium_shared::ids::{CallId, TalkId};
use pawdium_shared::talks::Voters;
use serde::Deserialize;

use super::access::{self, find_call};
use super::acts::{self, Source, Wish};
use super::shared_order::SharedOrder;
use super::show::{self, BoardQuery};
use crate::accounts::local;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::device::Device;
use crate::http::extract::Path;
use crate::http::flash;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;

/// The form of a vote.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct VoteForm {
    /// Whether the voter wants the talk. A form that is sent twice says the same twice.
    voted: Option<String>,
    /// The page with the form.
    back: Option<String>,
    /// What shows that the page was served to this browser.
    permit: Option<String>,
}

impl VoteForm {
    /// What the voter wants; `None` for the opposite of what was.
    fn wanted(&self) -> Result<Option<bool>, Error> {
        let voted = self.voted.as_deref().map(str::parse).transpose();
        voted.map_err(|_| Error::Refused("Vote, or take the vote back.".to_owned()))
    }
}

/// `POST /talks/{talk}/vote`. With the header `Pawdium-Part`, the page's script gets only the part with the talks.
#[expect(clippy::too_many_arguments, reason = "they are what axum extracts")]
pub async fn vote(
    State(app): State<App>,
    visitor: Visitor,
    client: Client,
    device: Device,
    order: SharedOrder,
    jar: CookieJar,
    headers: HeaderMap,
    Path(id): Path<TalkId>,
    Form(form): Form<VoteForm>,
) -> Result<Response, Error> {
    let (talk, seen) = access::find_talk(&app, &visitor, id).await?;
    let wish = match form.wanted()? {
        None => Wish::Toggle,
        Some(true) => Wish::Vote,
        Some(false) => Wish::Unvote,
    };
    let served = form.permit.as_deref().zip(device.known()).map(|(permit, device)| {
        app.permits
            .check(permit, talk.call, device, Utc::now())
            .map_err(|error| Error::OutOfTurn(error.to_string()))
    });
    let from = Source { client, device: Some(device.id), served: matches!(served, Some(Ok(()))) };
    let voted = match served {
        Some(Err(refused)) if seen.call.voters == Voters::Anybody && visitor.user.is_none() => Err(refused),
        _ => acts::vote(&app, &visitor, from, id, wish).await,
    };
    let jar = device.cookie(&app).into_iter().fold(jar, CookieJar::add);
    let back = match &form.back {
        Some(back) => local(Some(back)).to_owned(),
        None => format!("/calls/{}", talk.call),
    };
    let wants_part = headers.contains_key("pawdium-part");
    match voted {
        Ok((_, cookie)) => {
            let jar = cookie.into_iter().fold(jar, CookieJar::add);
            if wants_part {
                answer_part(&app, jar, (device, order), talk.call, &back, None).await
            } else {
                Ok((jar, Redirect::to(&format!("{back}#talk-{id}"))).into_response())
            }
        }
        Err(error) if wants_part && is_told(&error) => {
            answer_part(&app, jar, (device, order), talk.call, &back, Some(error)).await
        }
        Err(error) if is_told(&error) => {
            let jar = jar.add(flash::refused_vote(&app.pins, id, &error.to_string()));
            let back = Redirect::to(&format!("{back}#talk-{id}"));
            Ok((jar, Extension(error.noted()), back).into_response())
        }
        Err(error) => Err(error),
    }
}

/// Whether the page can show the error beside the talks.
fn is_told(error: &Error) -> bool {
    matches!(error, Error::OutOfTurn(_) | Error::Forbidden(_) | Error::Conflict(_))
}

/// The part as the voter sees it now.
async fn answer_part(
    app: &App,
    jar: CookieJar,
    shown: (Device, SharedOrder),
    call: CallId,
    back: &str,
    error: Option<Error>,
) -> Result<Response, Error> {
    // The first vote has made a user of a visitor.
    let visitor = Viewing::find(app, &jar, back.to_owned()).await?.visitor;
    let seen = find_call(app, &visitor, call).await?;
    let mut board = show::load(app, &seen, &visitor, shown, &BoardQuery::of(back)).await?;
    board.error = error.as_ref().map(Error::to_string);
    let (status, noted) = error.map_or((StatusCode::OK, None), |error| (error.status(), error.noted()));
    Ok((status, jar, Extension(noted), Page(board)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_its_voter_wants() {
        let wanted = |voted: Option<&str>| {
            VoteForm { voted: voted.map(str::to_owned), ..VoteForm::default() }.wanted()
        };
        assert!(matches!(wanted(None), Ok(None)));
        assert!(
            matches!(wanted(Some("true")), Ok(Some(true)))
                && matches!(wanted(Some("false")), Ok(Some(false)))
        );
        assert!(wanted(Some("1")).is_err());
    }
}
