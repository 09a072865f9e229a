//! The results of a call, with what they rest on, and receipts.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse as _, Response};
use pawdium_shared::ids::CallId;
use pawdium_shared::talks::receipts;
use pawdium_shared::talks::results::TalkResult;
use serde::Deserialize;

use super::access::{SeenCall, find_call};
use super::api::results::find_results;
use super::{freezes, present};
use crate::error::Error;
use crate::http::extract::Path;
use crate::http::page::Page;
use crate::http::visitor::{Viewing, Visitor};
use crate::state::App;
use crate::views::baked::BakedResults;
use crate::views::talks::CallTab;
use crate::views::talks::board::Tally;
use crate::views::talks::results::{CountingPage, Equality, ReceiptPage, ReceiptRow, ResultRow};

/// The longest text that is looked up among receipts.
const LONGEST: usize = 100;

/// The query of the page of receipts.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReceiptQuery {
    /// A receipt to look up.
    receipt: Option<String>,
}

/// `GET /calls/{call}/results`
pub async fn page(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<CallId>,
) -> Result<Response, Error> {
    let seen = find_call(&app, &viewing.visitor, id).await?;
    let result = match load(&app, &seen).await {
        Err(Error::Counting) => None,
        result => Some(result?),
    };
    let head = present::head(&mut *app.db.acquire().await?, &seen, CallTab::Results).await?;
    Ok(match result {
        Some(result) => Page(result.within(viewing.chrome, head)).into_response(),
        None => (StatusCode::ACCEPTED, Page(CountingPage { chrome: viewing.chrome, head })).into_response(),
    })
}

/// The results of a call, which are the same for everybody who may see it.
pub(super) async fn load(app: &App, seen: &SeenCall) -> Result<BakedResults, Error> {
    let id = seen.call.id;
    let result = find_results(app, seen, freezes::BRIEFLY).await?;
    let mut db = app.db.acquire().await?;
    let frozen = present::moments(&mut db, &seen.call.time_zone, &[result.frozen_at]).await?;
    let head = present::public_head(&mut db, seen).await?;
    drop(db);
    let most = result.talks.iter().map(|talk| talk.votes).max().unwrap_or(0);
    let is_shared = |place| result.talks.iter().filter(|talk| talk.place == place).count() > 1;
    let row = |talk: &TalkResult| ResultRow {
        id: talk.id.0,
        is_hidden: talk.title.is_none(),
        title: talk.title.clone().unwrap_or_else(|| "A talk that was hidden since".to_owned()),
        author: talk.author_name.clone(),
        tally: Tally {
            votes: i64::from(talk.votes),
            guests: i64::from(talk.guest_votes),
            most: i64::from(most),
            place: Some((i64::from(talk.place), is_shared(talk.place))),
            share: (result.voters > 0).then_some(talk.share),
        },
        shown: i64::from(talk.shown),
        mean_place: talk.mean_place,
    };
    Ok(BakedResults {
        talks: result.talks.iter().map(row).collect(),
        voters: i64::from(result.voters),
        guests: i64::from(result.guests),
        equality: Equality { gini: result.gini, chi_square: result.chi_square, degrees: result.degrees },
        hash: result.hash,
        list_url: app.url(&format!("/calls/{id}/receipts.txt")),
        frozen: frozen.into_iter().next().ok_or(Error::NotFound)?,
        head,
    })
}

/// `GET /calls/{call}/receipt`
pub async fn receipt(
    State(app): State<App>,
    viewing: Viewing,
    Path(id): Path<CallId>,
    Query(query): Query<ReceiptQuery>,
) -> Result<Page<ReceiptPage>, Error> {
    let seen = find_call(&app, &viewing.visitor, id).await?;
    let mut db = app.db.acquire().await?;
    let voter = viewing.visitor.id();
    let votes = receipts::of_voter(&mut db, id, voter).await?;
    let times: Vec<_> = votes.iter().map(|vote| vote.at).collect();
    let whens = present::moments(&mut db, &seen.call.time_zone, &times).await?;
    let head = present::head(&mut db, &seen, CallTab::Receipt).await?;
    let asked = match query.receipt.map(|receipt| receipt.trim().to_lowercase()) {
        Some(receipt) if !receipt.is_empty() && receipt.len() <= LONGEST => {
            let is_there = receipts::is_published(&mut db, id, &receipt).await?;
            Some((receipt, is_there))
        }
        _ => None,
    };
    let is_frozen = seen.call.frozen_at.is_some();
    let rows = votes.into_iter().zip(whens).map(|(vote, at)| ReceiptRow {
        talk: vote.talk.0,
        title: vote.title,
        at,
        receipt: vote.receipt,
        nonce: vote.nonce,
        is_published: is_frozen.then_some(vote.published),
        set_aside: vote.set_aside,
    });
    Ok(Page(ReceiptPage { chrome: viewing.chrome, votes: rows.collect(), voter: voter.0, asked, head }))
}

/// `GET /calls/{call}/receipts.txt`: the list over which the call's hash is computed.
pub async fn list(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<CallId>,
) -> Result<Response, Error> {
    let seen = find_call(&app, &visitor, id).await?;
    find_results(&app, &seen, freezes::PATIENTLY).await?;
    let text = receipts::text(&mut *app.db.acquire().await?, id).await?.ok_or(Error::NotFound)?;
    let headers = [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "private, no-cache")];
    Ok((headers, text).into_response())
}
