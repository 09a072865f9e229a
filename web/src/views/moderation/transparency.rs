//! The public numbers of moderation.

use askama::Template;
use chrono::NaiveDate;

use crate::views::{Chrome, filters};

/// `GET /transparency`
#[derive(Debug, Template)]
#[template(path = "moderation/transparency.html")]
pub struct TransparencyPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The kinds of acts, in words.
    pub kinds: Vec<&'static str>,
    /// The months with acts, the latest first.
    pub months: Vec<Month>,
}

impl TransparencyPage {
    /// The kinds of acts, with how many there were in each month.
    fn rows(&self) -> impl Iterator<Item = (&'static str, Vec<i64>)> + '_ {
        let acts = |kind: usize| {
            self.months.iter().map(move |month| month.acts.get(kind).copied().unwrap_or_default()).collect()
        };
        self.kinds.iter().enumerate().map(move |(kind, words)| (*words, acts(kind)))
    }
}

/// A month.
#[derive(Clone, Debug)]
pub struct Month {
    /// Its first day.
    pub first: NaiveDate,
    /// How many acts of each kind.
    pub acts: Vec<i64>,
}

impl Month {
    fn name(&self) -> String {
        self.first.format("%b %Y").to_string()
    }

    fn key(&self) -> String {
        self.first.format("%Y-%m").to_string()
    }
}
