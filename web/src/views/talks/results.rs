//! The results of a call, with what they rest on, and the receipts of a voter.

use askama::Template;
use pawdium_shared::talks::Phase;

use super::board::Tally;
use super::{CallHead, When};
use crate::views::{Chrome, filters};

/// `GET /calls/{call}/results`, once they are frozen.
#[derive(Debug, Template)]
#[template(path = "talks/results.html")]
pub struct ResultsPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The call.
    pub head: CallHead,
    /// The talks, by votes.
    pub talks: Vec<ResultRow>,
    /// How many voted, without guests.
    pub voters: i64,
    /// How many guests voted.
    pub guests: i64,
    /// How equally often talks were shown.
    pub equality: Equality,
    /// The hash over all votes, in hexadecimal digits.
    pub hash: String,
    /// The absolute URL of the list of receipts.
    pub list_url: String,
    /// When the votes were frozen.
    pub frozen: When,
}

/// `GET /calls/{call}/results`, while the votes are counted. It loads itself again.
#[derive(Debug, Template)]
#[template(path = "talks/counting.html")]
pub struct CountingPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The call.
    pub head: CallHead,
}

/// A talk in the results.
#[derive(Clone, Debug)]
pub struct ResultRow {
    /// Its id.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Whether it was hidden after the close.
    pub is_hidden: bool,
    /// Who gives it.
    pub author: Option<String>,
    /// Its votes.
    pub tally: Tally,
    /// To how many voters it was shown.
    pub shown: i64,
    /// In which place on average.
    pub mean_place: Option<f64>,
}

/// How equally often talks were shown to voters.
#[derive(Clone, Copy, Debug)]
pub struct Equality {
    /// The Gini coefficient.
    pub gini: f64,
    /// Pearson's χ² against equal numbers.
    pub chi_square: f64,
    /// Its degrees of freedom.
    pub degrees: i32,
}

impl Equality {
    fn gini_in_words(self) -> &'static str {
        match self.gini {
            ..0.02 => "All talks were shown equally often.",
            ..0.1 => "All talks were shown nearly equally often.",
            ..0.25 => "Some talks were shown more often than others.",
            _ => "Some talks were shown much more often than others.",
        }
    }

    /// Whether chance alone makes such differences in more than one of a hundred calls (Wilson and Hilferty, 1931).
    fn is_chance(self) -> bool {
        const ONE_PERCENT: f64 = 2.326;
        if self.degrees < 1 {
            return true;
        }
        let width = 2.0 / (9.0 * f64::from(self.degrees));
        let ratio = (self.chi_square / f64::from(self.degrees)).cbrt();
        (ratio - (1.0 - width)) / width.sqrt() <= ONE_PERCENT
    }

    fn chi_in_words(self) -> &'static str {
        if self.is_chance() {
            "Chance alone makes such differences."
        } else {
            "Chance alone seldom makes such differences: many voters have not read to the end of the list."
        }
    }

    fn gini_number(self) -> String {
        format!("{:.2}", self.gini)
    }

    fn chi_number(self) -> String {
        format!("{:.1}", self.chi_square)
    }
}

impl ResultsPage {
    /// Whether anybody who voted has read the list.
    fn is_read(&self) -> bool {
        self.talks.iter().any(|row| row.shown > 0)
    }

    /// The talks that share the first place, if somebody voted.
    fn winners(&self) -> Vec<&ResultRow> {
        let is_first =
            |row: &&ResultRow| row.tally.votes > 0 && row.tally.place.is_some_and(|(place, _)| place == 1);
        self.talks.iter().filter(is_first).collect()
    }
}

/// `GET /calls/{call}/receipt`.
#[derive(Debug, Template)]
#[template(path = "talks/receipt.html")]
pub struct ReceiptPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// The call.
    pub head: CallHead,
    /// The viewer's votes.
    pub votes: Vec<ReceiptRow>,
    /// The viewer's number, which the receipts contain.
    pub voter: i64,
    /// What was looked up, and whether it is published.
    pub asked: Option<(String, bool)>,
}

/// A vote with its receipt.
#[derive(Clone, Debug)]
pub struct ReceiptRow {
    /// The talk's id.
    pub talk: i64,
    /// The talk's title; `None` if it is hidden.
    pub title: Option<String>,
    /// When the vote was given.
    pub at: When,
    /// The receipt, in hexadecimal digits.
    pub receipt: String,
    /// Its key.
    pub nonce: String,
    /// Whether the published list has it; `None` before there is one.
    pub is_published: Option<bool>,
    /// Why the owners have set it aside.
    pub set_aside: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_judged_against_chance() {
        let equality = |chi_square, degrees| Equality { gini: 0.0, chi_square, degrees };
        // The upper percentiles of χ², as in every table of it.
        assert!(equality(49.5, 29).is_chance() && !equality(49.7, 29).is_chance());
        assert!(equality(0.0, 0).is_chance() && equality(0.0, 5).is_chance());
        assert!(equality(6.5, 1).is_chance() && !equality(6.9, 1).is_chance());
    }

    #[test]
    fn an_equal_distribution_is_called_equal() {
        let words = |gini| Equality { gini, chi_square: 0.0, degrees: 1 }.gini_in_words();
        assert!(words(0.0).contains("equally often") && words(0.5).contains("much more often"));
    }
}
