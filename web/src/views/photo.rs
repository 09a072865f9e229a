//! A photo's own page, with its timeline while it is processed and what everybody thinks of it afterwards.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::photos::steps::{Entry, Step};
use pawdium_shared::photos::{Histogram, PhotoState, Saving};

use crate::http::ids;

use super::picture::described;
use super::rate::RatingKeys;
use super::{Chrome, Fragment, PhotoCard, Picture, filters};

/// `GET /photos/{id}`, in every state.
#[derive(Debug, Template)]
#[template(path = "photo/page.html")]
pub struct PhotoPage {
    /// Around the page.
    pub chrome: Chrome,
    /// The photo's id.
    pub id: i64,
    /// As its owner wrote it.
    pub title: String,
    /// Describes the picture; the title stands in when it is empty.
    pub alt: String,
    /// The species' key.
    pub species: String,
    /// As its owner wrote them.
    pub tags: Vec<String>,
    /// The owner's name; none when they have no account.
    pub owner: Option<String>,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// Empty unless the photo is live or hidden.
    pub picture: Picture,
    /// State and timeline.
    pub status: PhotoStatus,
    /// The rendered [`PhotoOpinion`]; none hides it, which is right until the viewer has rated a photo they may rate.
    pub opinion: Option<Fragment>,
    /// What the viewer may do about rating it.
    pub rating: RatingControl,
    /// The link made by sharing it just now, absolute.
    pub share_url: Option<String>,
    /// The viewer is its owner: shows the timeline of a live photo too.
    pub own: bool,
    /// For its owner: the photo of theirs, submitted before, that shows the same picture.
    pub earlier: Option<i64>,
    /// The viewer may delete it: owner or moderator.
    pub can_delete: bool,
    /// The viewer moderates: shows the way to its jobs, and takes it down.
    pub moderates: bool,
    /// For a moderator who looks at a photo that was taken down: live ones of the same picture.
    pub alike: Vec<PhotoCard>,
}

impl PhotoPage {
    fn described(&self) -> &str {
        described(&self.alt, &self.title)
    }

    fn is_live(&self) -> bool {
        matches!(self.status.state, PhotoState::Live)
    }

    /// As the form takes them.
    fn alike_ids(&self) -> String {
        ids::join(self.alike.iter().map(|photo| photo.id))
    }

    fn can_block(&self) -> bool {
        self.moderates && self.status.state != PhotoState::Hidden
    }

    fn keys<'a>(&self, ballot: Option<&'a str>, chosen: Option<u8>) -> RatingKeys<'a> {
        RatingKeys { photo: self.id, ballot, from: "photo", chosen }
    }
}

/// What the viewer may do about rating a photo.
#[derive(Clone, Debug)]
pub enum RatingControl {
    /// Nothing: it has not been served to them.
    NotServed,
    /// Nothing: it is their own.
    Own,
    /// Rate it: they came by a share link, or it is the one on their rating page.
    Rate {
        /// The signed permission.
        ballot: String,
    },
    /// Change what they gave.
    Change {
        /// What they gave, 1 to 10.
        value: u8,
    },
}

/// Where a photo stands; `GET /photos/{id}/status` answers with this part alone.
#[derive(Debug, Template)]
#[template(path = "photo/_status.html")]
pub struct PhotoStatus {
    /// The photo's id.
    pub id: i64,
    /// Where it stands.
    pub state: PhotoState,
    /// What its owner can do about it, a sentence, where it has failed.
    pub reason: Option<String>,
    /// What happened so far, in order; empty for those who may not see it.
    pub steps: Vec<Entry>,
    /// Why it is not through yet, a sentence; of a photo that was taken down, why that was.
    pub why: Option<String>,
    /// What was saved, of a photo that is through; for those who may see the steps.
    pub saved: Option<Saving>,
    /// The picture, for the page that it was submitted on; empty for those who may not see the steps.
    pub picture: Picture,
    /// As its owner described it.
    pub alt: String,
    /// As its owner called it.
    pub title: String,
}

/// A line of the timeline, whether it happened or not.
struct Line<'a> {
    step: Step,
    label: &'static str,
    class: &'static str,
    done: Option<&'a Entry>,
}

impl PhotoStatus {
    const LABELS: [(Step, &'static str); 6] = [
        (Step::Received, "Received"),
        (Step::Checked, "Checked"),
        (Step::Decoded, "Decoded"),
        (Step::Cropped, "Cropped and resized"),
        (Step::Stored, "Stored"),
        (Step::Live, "Live"),
    ];

    fn described(&self) -> &str {
        described(&self.alt, &self.title)
    }

    /// In how many files it is served.
    fn in_sizes(saved: &Saving) -> &'static str {
        match saved.files {
            1 => "one size",
            2 => "two sizes",
            _ => "three sizes",
        }
    }

    /// From the upload until it was live, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "a time for people; nobody waits for 2^52 ms")]
    fn took(&self) -> Option<f64> {
        let at = |step| self.done(step).map(|done| done.at);
        Some((at(Step::Live)? - at(Step::Received)?).num_milliseconds() as f64)
    }

    fn done(&self, step: Step) -> Option<&Entry> {
        self.steps.iter().find(|done| done.step == step)
    }

    fn lines(&self) -> Vec<Line<'_>> {
        let mut waiting = self.state == PhotoState::Processing;
        let mut lines = Vec::with_capacity(7);
        for (step, label) in Self::LABELS {
            let done = self.done(step);
            let class = if done.is_some() {
                "done"
            } else if std::mem::take(&mut waiting) {
                "current"
            } else {
                "waiting"
            };
            lines.push(Line { step, label, class, done });
        }
        if self.state == PhotoState::Failed {
            lines.retain(|line| line.done.is_some());
            let done = self.done(Step::Failed);
            lines.push(Line { step: Step::Failed, label: "Failed", class: "failed", done });
        }
        lines
    }
}

/// What everybody thinks of a live photo. The same for every viewer, so it can be cached.
#[derive(Debug, Template)]
#[template(path = "photo/_opinion.html")]
pub struct PhotoOpinion {
    /// Its ratings.
    pub histogram: Histogram,
    /// Place by score among live photos, once it is ranked.
    pub rank: Option<i64>,
    /// How lively it is shared right now, as trending orders it; none before the first share or view.
    pub virality: Option<f64>,
    /// How often its page was seen.
    pub views: i64,
    /// How often it was shared.
    pub shares: i64,
}

/// A bar of the histogram, in units of its 400 × 120 picture.
struct Bar {
    value: usize,
    count: i32,
    x: usize,
    y: String,
    height: String,
}

impl PhotoOpinion {
    fn bars(&self) -> Vec<Bar> {
        const FULL: f64 = 110.0;
        let bars = self.histogram.bars();
        let most = f64::from(bars.into_iter().max().unwrap_or(0).max(1));
        let bar = |(place, count): (usize, i32)| {
            let height = if count > 0 { (f64::from(count) / most * FULL).max(5.0) } else { 2.0 };
            Bar {
                value: place + 1,
                count,
                x: place * 40 + 4,
                y: format!("{:.1}", FULL + 4.0 - height),
                height: format!("{height:.1}"),
            }
        };
        bars.into_iter().enumerate().map(bar).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(step: Step) -> Entry {
        Entry { step, at: DateTime::UNIX_EPOCH, ms: Some(3) }
    }

    fn status(state: PhotoState, steps: Vec<Entry>) -> PhotoStatus {
        PhotoStatus {
            id: 1,
            state,
            reason: None,
            steps,
            why: None,
            saved: None,
            picture: Picture::default(),
            alt: String::new(),
            title: "Cat".to_owned(),
        }
    }

    #[test]
    fn what_was_saved_reads_as_a_sentence() {
        let saved = Some(Saving { source: 4_204_000, kept: 312_400, files: 3 });
        let shown =
            PhotoStatus { saved, ..status(PhotoState::Live, vec![done(Step::Received), done(Step::Live)]) };
        let html = shown.render().expect("it renders");
        let text: String =
            html.split('<').filter_map(|tag| tag.split_once('>')).map(|(_, text)| text).collect();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("4.2 MB → to 312 kB in three sizes, 92&nbsp;% less"), "{text}");
    }

    #[test]
    fn the_step_after_the_last_one_done_is_current() {
        let steps = vec![done(Step::Received), done(Step::Checked)];
        let status = status(PhotoState::Processing, steps);
        let classes: Vec<_> = status.lines().iter().map(|line| line.class).collect();
        assert_eq!(classes, ["done", "done", "current", "waiting", "waiting", "waiting"]);
    }

    #[test]
    fn a_failed_photo_shows_how_far_it_came() {
        let status = status(PhotoState::Failed, vec![done(Step::Received), done(Step::Failed)]);
        let steps: Vec<_> = status.lines().iter().map(|line| line.step).collect();
        assert_eq!(steps, [Step::Received, Step::Failed]);
    }

    #[test]
    fn the_most_given_rating_has_the_tallest_bar() {
        let histogram = Histogram::new([0, 0, 0, 0, 0, 0, 40, 0, 0, 20]);
        let opinion = PhotoOpinion { histogram, rank: None, virality: None, views: 0, shares: 0 };
        let heights: Vec<_> = opinion.bars().into_iter().map(|bar| bar.height).collect();
        assert_eq!((heights[6].as_str(), heights[9].as_str(), heights[0].as_str()), ("110.0", "55.0", "2.0"));
    }
}
