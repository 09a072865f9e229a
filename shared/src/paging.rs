//! Pages of long lists.

use std::fmt;

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::db::Db;

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

/// A list whose pages are cached.
pub(crate) trait Paged: Copy + Send + Sync + 'static {
    /// Its items.
    type Item: Send;

    /// Loads a page from the database.
    fn load_page(
        self,
        db: &mut PgConnection,
        page: PageOf,
    ) -> impl Future<Output = sqlx::Result<Page<Self::Item>>> + Send;
}

/// Loads the same page of each of these lists.
pub(crate) async fn load_pages<L: Paged>(
    these: &[L],
    page: PageOf,
    db: &Db,
) -> sqlx::Result<Vec<(L, Page<L::Item>)>> {
    let mut db = db.acquire().await?;
    let mut loaded = Vec::with_capacity(these.len());
    for list in these {
        loaded.push((*list, list.load_page(&mut db, page).await?));
    }
    Ok(loaded)
}

impl fmt::Display for PageOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.limit, self.page)
    }
}
