//! Where moderators tend topics and sections.

use axum::extract::{Form, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::db::Tx;
use pawdium_shared::ids::{SectionId, TopicActId};
use pawdium_shared::topics::{self, Refusal, sections, undo};
use serde::Deserialize;

use crate::error::Error;
use crate::http::access::{AdminViewing, Moderator};
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::state::App;
use crate::views::Chrome;
use crate::views::topics::{ActLine, Entered, SectionForm, TopicModerationPage};

/// Acts on the page.
const ACTS: i64 = 100;

/// The form of an act.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TopicForm {
    topic: String,
    to: String,
}

/// The form of a section.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SectionFields {
    id: String,
    name: String,
    topics: String,
    delete: String,
}

/// `GET /moderation/topics`
pub async fn page(State(app): State<App>, viewing: AdminViewing) -> Result<Page<TopicModerationPage>, Error> {
    Ok(Page(load(&app, viewing.chrome).await?))
}

/// `POST /moderation/topics/{act}`
pub async fn act(
    State(app): State<App>,
    moderator: Moderator,
    viewing: AdminViewing,
    jar: CookieJar,
    Path(act): Path<String>,
    Form(form): Form<TopicForm>,
) -> Result<Response, Error> {
    let mut tx = app.db.begin().await?;
    let (actor, topic, to) = (moderator.actor(), form.topic.as_str(), form.to.as_str());
    let done = match act.as_str() {
        "rename" => topics::rename(&mut tx, actor, topic, to).await,
        "alias" => topics::alias(&mut tx, actor, topic, to).await,
        "merge" => topics::merge(&mut tx, actor, topic, to).await,
        "ban" => topics::ban(&mut tx, actor, topic).await,
        _ => return Err(Error::NotFound),
    };
    let entered = Entered { act, topic: form.topic, to: form.to };
    finish(&app, viewing, jar, tx, done.map(drop), entered).await
}

/// `POST /moderation/topics/sections`
pub async fn section(
    State(app): State<App>,
    moderator: Moderator,
    viewing: AdminViewing,
    jar: CookieJar,
    Form(form): Form<SectionFields>,
) -> Result<Response, Error> {
    let id = match form.id.as_str() {
        "" => None,
        id => Some(id.parse::<SectionId>().map_err(|_| Error::NotFound)?),
    };
    let mut tx = app.db.begin().await?;
    let done = match id.filter(|_| !form.delete.is_empty()) {
        Some(id) => sections::delete(&mut tx, moderator.actor(), id).await,
        None => sections::save(&mut tx, moderator.actor(), id, &form.name, &form.topics).await,
    };
    finish(&app, viewing, jar, tx, done.map(drop), Entered::default()).await
}

/// `POST /moderation/topics/acts/{act}/undo`
pub async fn take_back(
    State(app): State<App>,
    moderator: Moderator,
    viewing: AdminViewing,
    jar: CookieJar,
    Path(act): Path<TopicActId>,
) -> Result<Response, Error> {
    let mut tx = app.db.begin().await?;
    let done = undo::undo(&mut tx, moderator.actor(), act).await;
    finish(&app, viewing, jar, tx, done, Entered::default()).await
}

/// Commits an act, or shows the page with why it was refused and what was entered.
async fn finish(
    app: &App,
    viewing: AdminViewing,
    jar: CookieJar,
    tx: Tx,
    done: Result<(), Refusal>,
    entered: Entered,
) -> Result<Response, Error> {
    let refusal = match done {
        Ok(()) => {
            tx.commit().await?;
            let jar = jar.add(Notice::TopicsChanged.cookie());
            return Ok((jar, Redirect::to("/moderation/topics")).into_response());
        }
        Err(Refusal::Database(error)) => return Err(error.into()),
        Err(refusal) => refusal,
    };
    tx.rollback().await?;
    let status = match refusal {
        Refusal::Gone => StatusCode::NOT_FOUND,
        Refusal::Taken(_) | Refusal::Already | Refusal::Later => StatusCode::CONFLICT,
        _ => StatusCode::BAD_REQUEST,
    };
    let page = load(app, viewing.chrome).await?.refused(refusal.to_string(), entered);
    Ok((status, Page(page)).into_response())
}

async fn load(app: &App, chrome: Chrome) -> Result<TopicModerationPage, Error> {
    let mut db = app.db.acquire().await?;
    let sections = sections::list_whole(&mut db).await?;
    let acts = undo::list(&mut db, ACTS).await?;
    let section = |section: pawdium_shared::topics::Section| {
        let names: Vec<_> = section.topics.into_iter().map(|topic| topic.name).collect();
        SectionForm { id: section.id.0, name: section.name, topics: names.join(", ") }
    };
    let line = |act: pawdium_shared::topics::Act| ActLine {
        id: act.id.0,
        at: act.at,
        actor: act.actor,
        about: act.about,
        undone_by: act.undone_by,
    };
    Ok(TopicModerationPage {
        chrome,
        entered: Entered::default(),
        sections: sections.into_iter().map(section).collect(),
        acts: acts.into_iter().map(line).collect(),
    })
}
