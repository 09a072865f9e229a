//! Pages of long lists.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items, in order.
    pub photos: Vec<T>,
    /// The number of this page, from 1.
    pub page: i64,
    /// The number of the last page, at least 1.
    pub last_page: i64,
}

impl<T> Page<T> {
    /// The page of a list with `total` items.
    #[must_use]
    pub fn new(photos: Vec<T>, PageOf { page, limit }: PageOf, total: i64) -> Self {
        Self { photos, page, last_page: total.max(1).saturating_add(limit - 1) / limit }
    }
}

/// Selects a page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageOf {
    /// The number of the page, from 1.
    pub page: i64,
    /// The number of photos per page.
    pub limit: i64,
}

impl PageOf {
    /// The number of items on the pages before it.
    #[must_use]
    pub const fn offset(self) -> i64 {
        (self.page - 1).saturating_mul(self.limit)
    }
}

impl fmt::Display for PageOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.limit, self.page)
    }
}
