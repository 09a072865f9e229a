//! The top, trending and new lists through the API.

use axum::Json;
use axum::extract::{Query, State};
use pawdium_shared::photos::Species;
use pawdium_shared::ranking::lists::{NewList, PageOf, Period, TopList, TrendingList};
use serde::Deserialize;
use utoipa::IntoParams;

use super::lists;
use crate::api::paging::{self, given};
use crate::api::shapes::{ErrorShape, ListShape};
use crate::error::Error;
use crate::state::App;

/// The query of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// `all` (default), `month`, `week` or `day`; only for the top list.
    period: Option<String>,
    /// Only this species.
    species: Option<String>,
    /// The page, from 1.
    page: Option<String>,
    /// Photos per page, 1 to 100; 25 if left out.
    limit: Option<String>,
}

impl ListParams {
    fn period(&self) -> Result<Period, Error> {
        let Some(text) = given(self.period.as_ref()) else { return Ok(Period::default()) };
        text.parse().map_err(|_| Error::Field {
            field: "period",
            message: "Choose all, month, week or day.".to_owned(),
        })
    }

    fn species(&self) -> Result<Option<Species>, Error> {
        let parse = |text: &str| {
            text.parse().map_err(|error| Error::from(pawdium_shared::photos::InvalidDraft::from(error)))
        };
        given(self.species.as_ref()).map(parse).transpose()
    }

    fn page_of(&self) -> Result<PageOf, Error> {
        paging::page_of(self.page.as_ref(), self.limit.as_ref())
    }
}

/// Lists the photos with the best scores.
#[utoipa::path(get, path = "/top", tag = "lists", params(ListParams), responses(
    (status = 200, description = "A page of the list", body = ListShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
))]
pub async fn top(State(app): State<App>, Query(choice): Query<ListParams>) -> Result<Json<ListShape>, Error> {
    let page = choice.page_of()?;
    let list = TopList { period: choice.period()?, species: choice.species()? };
    let list = lists::read(&app, list, page).await?;
    Ok(Json(ListShape::of(&app, list)))
}

/// Lists the photos with the highest virality.
#[utoipa::path(get, path = "/trending", tag = "lists", params(ListParams), responses(
    (status = 200, description = "A page of the list", body = ListShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
))]
pub async fn trending(
    State(app): State<App>,
    Query(choice): Query<ListParams>,
) -> Result<Json<ListShape>, Error> {
    let list = TrendingList { species: choice.species()? };
    let list = lists::read(&app, list, choice.page_of()?).await?;
    Ok(Json(ListShape::of(&app, list)))
}

/// Lists the photos that went live last.
#[utoipa::path(get, path = "/new", tag = "lists", params(ListParams), responses(
    (status = 200, description = "A page of the list", body = ListShape),
    (status = 400, description = "An invalid parameter", body = ErrorShape),
))]
pub async fn newest(
    State(app): State<App>,
    Query(choice): Query<ListParams>,
) -> Result<Json<ListShape>, Error> {
    let list = NewList { species: choice.species()? };
    let list = lists::read(&app, list, choice.page_of()?).await?;
    Ok(Json(ListShape::of(&app, list)))
}
