//! What a photo was made from, and what was made from it.

use askama::Template;
use pawdium_shared::photos::remixes::Credit;

use super::{PhotoCard, filters};

/// How a remix credits its parent.
#[derive(Debug, Template)]
#[template(path = "photo/_credit.html")]
pub struct PhotoCredit {
    /// The parent.
    pub credit: Credit,
}

/// The remixes of a photo, and the button that makes one.
#[derive(Debug, Template)]
#[template(path = "photo/_remixes.html")]
pub struct PhotoRemixes {
    /// The photo's id.
    pub id: i64,
    /// The newest remixes.
    pub remixes: Vec<PhotoCard>,
    /// How many there are.
    pub count: i64,
}

impl PhotoRemixes {
    /// How many are not shown.
    fn more(&self) -> i64 {
        self.count - i64::try_from(self.remixes.len()).unwrap_or(0)
    }
}
