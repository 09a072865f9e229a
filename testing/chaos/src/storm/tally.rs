//! Counts of acts and answers, and the wrong answers.

use std::collections::BTreeMap;

/// The most wrong answers that are kept. Further ones are only counted.
const KEPT: usize = 20;

#[derive(Debug, Default)]
pub(super) struct Tally {
    acts: BTreeMap<&'static str, u64>,
    answers: BTreeMap<u16, u64>,
    /// Requests whose client disconnected before the answer, and during the body.
    pub(super) left: u64,
    pub(super) cut: u64,
    /// Requests without an answer because a web process went down.
    pub(super) unanswered: u64,
    /// Answers that the site is busy although Postgres and Redis were up.
    pub(super) busy: u64,
    wrongs: Vec<String>,
    more_wrongs: usize,
}

impl Tally {
    pub(super) fn act(&mut self, what: &'static str) {
        *self.acts.entry(what).or_default() += 1;
    }

    pub(super) fn answer(&mut self, status: u16) {
        *self.answers.entry(status).or_default() += 1;
    }

    pub(super) fn blame(&mut self, wrong: String) {
        if self.wrongs.len() < KEPT {
            self.wrongs.push(wrong);
        } else {
            self.more_wrongs += 1;
        }
    }

    /// The wrong answers. The last line counts those that were not kept.
    pub(super) fn wrongs(&self) -> Vec<String> {
        let more = (self.more_wrongs > 0).then(|| format!("and {} more", self.more_wrongs));
        self.wrongs.iter().cloned().chain(more).collect()
    }

    pub(super) fn count_acts(&self) -> u64 {
        self.acts.values().sum()
    }

    /// The counts as lines of text.
    pub(super) fn lines(&self) -> [String; 4] {
        let acts = self.acts.iter().map(|(what, count)| format!("{count} {what}"));
        let answers = self.answers.iter().map(|(status, count)| format!("{count} × {status}"));
        let Self { left, cut, unanswered, busy, .. } = self;
        [
            format!("acts: {}", acts.collect::<Vec<_>>().join(", ")),
            format!("answers: {}", answers.collect::<Vec<_>>().join(", ")),
            format!(
                "clients: {left} left before the answer, {cut} during the body, {unanswered} lost their web process"
            ),
            format!("{busy} answers that the site is busy although Postgres and Redis were up"),
        ]
    }
}
