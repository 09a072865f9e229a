//! What moderators did to photos, comments, talks and hubs, and undoing it.

use axum::extract::{Form, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use chrono::Utc;
use pawdium_shared::acts::{self, Act, Filter, Kind, Thing};
use pawdium_shared::ids::ActId;
use pawdium_shared::moderation::{Refusal, undo};
use serde::Deserialize;
use url::form_urlencoded;

use crate::admin::paging::{ASKED, cut};
use crate::error::Error;
use crate::http::access::{AdminViewing, Moderator};
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::Visitor;
use crate::state::App;
use crate::views::Chrome;
use crate::views::moderation::acts::{ActLine, ActsPage, ActsSearch};

/// The query of the page, and of the form that undoes an act, which comes back to it. Invalid values are ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct ActsQuery {
    actor: String,
    kind: String,
    thing: String,
    id: String,
    before: String,
    /// `page` if the form was on the thing's own page.
    back: String,
}

impl ActsQuery {
    fn filter(&self) -> Filter {
        let text =
            |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty() && !text.contains('\0'));
        Filter {
            actor: text(&self.actor),
            kind: self.kind.parse().ok(),
            thing: self.id.trim().parse().ok().and_then(|id| Thing::of(&self.thing, id)),
            before: self.before.parse().ok(),
        }
    }

    /// The query of this list, with the acts before one of them.
    fn path(&self, before: Option<ActId>) -> String {
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        let given = [
            ("actor", self.actor.trim()),
            ("kind", self.kind.as_str()),
            ("thing", self.thing.as_str()),
            ("id", self.id.trim()),
            ("before", before.as_str()),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(given.into_iter().filter(|(_, value)| !value.is_empty()));
        match query.finish() {
            query if query.is_empty() => "/moderation/acts".to_owned(),
            query => format!("/moderation/acts?{query}"),
        }
    }
}

/// `GET /moderation/acts`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(query): Query<ActsQuery>,
) -> Result<Page<ActsPage>, Error> {
    Ok(Page(load(&app, viewing.chrome, &query).await?))
}

/// `POST /moderation/acts/{act}/undo`: undoing twice is once.
pub async fn take_back(
    State(app): State<App>,
    moderator: Moderator,
    viewing: AdminViewing,
    jar: CookieJar,
    Path(act): Path<ActId>,
    Form(form): Form<ActsQuery>,
) -> Result<Response, Error> {
    let refusal = match undo::undo(&app.db, &app.store, moderator.actor(), act).await {
        Ok(done) => {
            let back = path_of(&done).filter(|_| form.back == "page");
            let back = back.unwrap_or_else(|| form.path(None));
            return Ok((jar.add(Notice::ActUndone.cookie()), Redirect::to(&back)).into_response());
        }
        Err(Refusal::Database(error)) => return Err(error.into()),
        Err(Refusal::Store(error)) => return Err(error.into()),
        Err(Refusal::Gone) => return Err(Error::NotFound),
        Err(refusal) => refusal,
    };
    let page = load(&app, viewing.chrome, &form).await?;
    Ok((StatusCode::CONFLICT, Page(page.refused(refusal.to_string()))).into_response())
}

async fn load(app: &App, chrome: Chrome, query: &ActsQuery) -> Result<ActsPage, Error> {
    let filter = query.filter();
    let mut found = acts::list(&mut *app.db.acquire().await?, &filter, ASKED).await?;
    let last = cut(&mut found).map(|last| last.id);
    Ok(ActsPage {
        chrome,
        search: ActsSearch {
            actor: query.actor.clone(),
            kind: filter.kind,
            thing: query.thing.clone(),
            id: query.id.clone(),
        },
        older: last.map(|last| query.path(Some(last))),
        newest: filter.before.map(|_| query.path(None)),
        lines: found.into_iter().map(line).collect(),
        refusal: None,
    })
}

/// An act as pages show it.
pub(crate) fn line(act: Act) -> ActLine {
    ActLine {
        id: act.id.0,
        at: act.at,
        did: did(act.kind),
        path: path_of(&act),
        until: act.undoable_until().filter(|until| *until > Utc::now()),
        about: if act.about.is_empty() { format!("{} {}", act.thing, act.thing_id) } else { act.about },
        actor: act.actor,
        // A portrait is called by its member's name.
        author: act.author.filter(|_| !matches!(act.kind, Kind::RemoveAvatar | Kind::RemoveAbout)),
        reason: act.reason,
        undone_by: act.undone_by,
        undone_at: act.undone_at,
    }
}

/// An act in words.
fn did(kind: Kind) -> &'static str {
    match kind {
        Kind::HidePhoto => "hid the photo",
        Kind::BlockPicture => "hid the photo and blocked its picture",
        Kind::DeletePhoto => "deleted the photo",
        Kind::RemoveComment => "removed a comment",
        Kind::HideTalk => "hid the talk",
        Kind::DeleteHub => "deleted the hub",
        Kind::RemoveFromHub => "removed the photo",
        Kind::RemoveAvatar => "removed the portrait of",
        Kind::RemoveAbout => "removed the line about",
    }
}

/// The list of acts on something that nobody sees any more, where moderators can undo them; `None` if nothing can be
/// undone.
///
/// # Errors
/// If the database fails.
pub(crate) async fn find_list(app: &App, visitor: &Visitor, thing: Thing) -> Result<Option<Redirect>, Error> {
    if !visitor.moderates() {
        return Ok(None);
    }
    let open = acts::find_open(&mut *app.db.acquire().await?, thing).await?;
    let path = |_| Redirect::to(&format!("/moderation/acts?thing={}&id={}", thing.kind(), thing.id()));
    Ok(open.map(path))
}

/// The page of what an act was done to, if moderators can see one.
fn path_of(act: &Act) -> Option<String> {
    let is_back = act.undone_at.is_some();
    match (act.kind, act.thing()?) {
        (Kind::RemoveAvatar | Kind::RemoveAbout, _) => Some(format!("/members/{}", act.author.as_ref()?)),
        (Kind::DeletePhoto, _) if !is_back => None,
        (_, Thing::Photo(photo)) => Some(format!("/photos/{photo}")),
        (_, Thing::Comment(comment)) => Some(format!("/comments/{comment}")),
        (_, Thing::Talk(talk)) => Some(format!("/talks/{talk}")),
        (_, Thing::Hub(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_keeps_what_was_searched_for() {
        let query = ActsQuery { actor: " mod ".into(), kind: "hide_photo".into(), ..ActsQuery::default() };
        assert_eq!(query.path(Some(ActId(7))), "/moderation/acts?actor=mod&kind=hide_photo&before=7");
        assert_eq!(ActsQuery::default().path(None), "/moderation/acts");
        let filter = query.filter();
        assert_eq!((filter.actor.as_deref(), filter.kind), (Some("mod"), Some(Kind::HidePhoto)));
        let odd = ActsQuery { actor: "\0".into(), kind: "moon".into(), thing: "photo".into(), ..query };
        let filter = odd.filter();
        assert_eq!((filter.actor, filter.kind, filter.thing), (None, None, None));
    }
}
