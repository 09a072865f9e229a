//! The page of a hub's members, where owners add, promote and remove them and answer requests.

use axum::extract::{Form, OriginalUri, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use pawdium_shared::accounts::Name;
use pawdium_shared::hubs::lists::{self, Person};
use pawdium_shared::hubs::{Hub, HubRole, requests};
use serde::Deserialize;

use super::access::find_hub_at;
use super::acts::{self, Act};
use super::head;
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::http::visitor::Viewing;
use crate::state::App;
use crate::views::hubs::{HubTab, MemberRow, MembersPage, RequestRow, Standing};
use crate::views::{Face, Field, Paging};

/// Members per page.
const PER_PAGE: i64 = 50;

/// The query of the page.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MembersQuery {
    page: String,
}

/// The forms on the page: somebody's name and what to do.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PersonForm {
    name: String,
    act: String,
}

/// `GET /h/{slug}/members`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<MembersQuery>,
) -> Result<Page<MembersPage>, Error> {
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    let page = query.page.parse().unwrap_or(1).clamp(1, 10_000);
    Ok(Page(show(&app, viewing, &hub, page).await?))
}

/// `POST /h/{slug}/members`: adds, promotes, demotes or removes somebody.
pub async fn change(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Form(form): Form<PersonForm>,
) -> Result<Response, Error> {
    let (act, notice) = match form.act.as_str() {
        "add" => (Act::Set(HubRole::Member), Notice::MemberAdded),
        "promote" => (Act::Set(HubRole::Owner), Notice::MemberChanged),
        "demote" => (Act::Set(HubRole::Member), Notice::MemberChanged),
        "remove" => (Act::Remove, Notice::MemberRemoved),
        _ => {
            return Err(Error::Field {
                field: "act",
                message: "Choose add, promote, demote or remove.".to_owned(),
            });
        }
    };
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    let back = format!("{}/members", hub.path());
    if form.act == "add" && has_member(&app, &hub, &form.name).await? {
        let error = "They are a member already.";
        return refuse(&app, viewing, &hub, form.name, error).await;
    }
    match acts::act_on(&app, &viewing.visitor, hub.id, &form.name, act).await {
        Err(Error::NotFound) if form.act == "add" => {
            refuse(&app, viewing, &hub, form.name, "Nobody has that name.").await
        }
        Err(Error::Conflict(_)) => {
            Ok((jar.add(Notice::LastOwner.cookie()), Redirect::to(&back)).into_response())
        }
        changed => {
            changed?;
            Ok((jar.add(notice.cookie()), Redirect::to(&back)).into_response())
        }
    }
}

/// `POST /h/{slug}/requests`: accepts or declines a request.
pub async fn answer(
    State(app): State<App>,
    viewing: Viewing,
    jar: CookieJar,
    Path(slug): Path<String>,
    OriginalUri(uri): OriginalUri,
    Form(form): Form<PersonForm>,
) -> Result<(CookieJar, Redirect), Error> {
    let accept = match form.act.as_str() {
        "accept" => true,
        "decline" => false,
        _ => return Err(Error::Field { field: "act", message: "Choose accept or decline.".to_owned() }),
    };
    let hub = find_hub_at(&app, &viewing.visitor, &slug, &uri).await?;
    acts::act_on(&app, &viewing.visitor, hub.id, &form.name, Act::Answer { accept }).await?;
    let notice = if accept { Notice::MemberAdded } else { Notice::RequestDeclined };
    Ok((jar.add(notice.cookie()), Redirect::to(&format!("{}/members", hub.path()))))
}

async fn has_member(app: &App, hub: &Hub, name: &str) -> Result<bool, Error> {
    let Ok(name) = Name::new(name) else { return Ok(false) };
    Ok(lists::is_member_by_name(&mut *app.db.acquire().await?, hub.id, name.as_str()).await?)
}

/// The page again, with what is wrong with the name to add.
async fn refuse(
    app: &App,
    viewing: Viewing,
    hub: &Hub,
    name: String,
    error: &str,
) -> Result<Response, Error> {
    let mut page = show(app, viewing, hub, 1).await?;
    if page.head.standing != Standing::Owner {
        return Err(pawdium_shared::hubs::Refusal::NotOwner.into());
    }
    page.added = Field::refused(name, error);
    Ok((axum::http::StatusCode::BAD_REQUEST, Page(page)).into_response())
}

async fn show(app: &App, viewing: Viewing, hub: &Hub, page: i64) -> Result<MembersPage, Error> {
    let head = head::load(app, &viewing, hub, HubTab::Members).await?;
    let mut db = app.db.acquire().await?;
    let listed = lists::people(&mut db, hub.id, &[HubRole::Owner, HubRole::Member], page, PER_PAGE).await?;
    let own = viewing.visitor.id();
    let row = |person: Person| MemberRow {
        is_owner: person.role == HubRole::Owner,
        is_viewer: person.user == own,
        since: person.since,
        face: Face::of(person.name, person.avatar),
    };
    let waiting = match head.standing {
        Standing::Owner => requests::list(&mut db, hub.id).await?,
        _ => Vec::new(),
    };
    let number = |page: i64| u32::try_from(page).unwrap_or(u32::MAX);
    Ok(MembersPage {
        people: listed.entries.into_iter().map(row).collect(),
        requests: waiting
            .into_iter()
            .map(|request| RequestRow {
                face: Face::of(request.name, request.avatar),
                asked_at: request.asked_at,
            })
            .collect(),
        paging: Paging {
            page: number(listed.page),
            last_page: number(listed.last_page),
            base: format!("{}/members", hub.path()),
        },
        added: Field::default(),
        chrome: viewing.chrome,
        head,
    })
}
