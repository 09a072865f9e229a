//! The query of a paged list.

use pawdium_shared::paging::PageOf;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::error::Error;

/// Selects a page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// The page, from 1.
    page: Option<String>,
    /// Photos per page, 1 to 100; 25 if left out.
    limit: Option<String>,
}

impl PageParams {
    /// The page that was asked for.
    ///
    /// # Errors
    /// Names the field that is not a number in its range.
    pub fn page_of(&self) -> Result<PageOf, Error> {
        page_of(self.page.as_ref(), self.limit.as_ref())
    }
}

/// Parses a page and its limit.
///
/// # Errors
/// Names the field that is not a number in its range.
pub fn page_of(page: Option<&String>, limit: Option<&String>) -> Result<PageOf, Error> {
    let page = number("page", page, 1, 10_000)?;
    Ok(PageOf { page, limit: number("limit", limit, 25, 100)? })
}

/// A parameter that isn't empty.
pub fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).filter(|text| !text.is_empty())
}

/// Parses a whole number from 1 to `max`.
///
/// # Errors
/// Names the field that is not such a number.
pub fn number(field: &'static str, text: Option<&String>, default: i64, max: i64) -> Result<i64, Error> {
    let Some(text) = given(text) else { return Ok(default) };
    let refused = || Error::Field { field, message: format!("Give a whole number from 1 to {max}.") };
    let number = text.parse::<i64>().map_err(|_| refused())?;
    if (1..=max).contains(&number) { Ok(number) } else { Err(refused()) }
}
