//! A photo's page, with its timeline during processing and its ratings afterwards.

use askama::Template;
use chrono::{DateTime, Utc};
use pawdium_shared::photos::steps::{Step, TimelineEntry};
use pawdium_shared::photos::{Histogram, PhotoState, Saving};

use super::card::LinkCard;
use super::comments::CommentSection;
use super::picture::described;
use super::rate::RatingKeys;
use super::{Chrome, Fragment, PhotoCard, Picture, filters};
use crate::http::ids;

/// `GET /photos/{id}`, in every state.
#[derive(Debug, Template)]
#[template(path = "photo/page.html")]
#[expect(clippy::struct_excessive_bools, reason = "what the buttons can do, each by itself")]
pub struct PhotoPage {
    /// The layout around the page.
    pub chrome: Chrome,
    /// What other sites show of a link to it, if it is live.
    pub card: Option<LinkCard>,
    /// The photo's id.
    pub id: i64,
    /// The title.
    pub title: String,
    /// The description of the picture; if it is empty, the title is used.
    pub alt: String,
    /// The species' key.
    pub species: String,
    /// The tags.
    pub tags: Vec<String>,
    /// The owner's name; `None` for an anonymous user.
    pub owner: Option<String>,
    /// The list that the viewer came from.
    pub place: Option<ListPlace>,
    /// When it was submitted.
    pub created_at: DateTime<Utc>,
    /// The picture; empty unless the photo is live, or the draft of a remix.
    pub picture: Picture,
    /// Where the upload of a draft is served to its owner.
    pub original: Option<String>,
    /// The state and timeline.
    pub status: PhotoStatus,
    /// The rendered [`PhotoOpinion`]; `None` until a viewer who may rate the photo has rated it.
    pub opinion: Option<Fragment>,
    /// What the viewer may do about rating it.
    pub rating: RatingControl,
    /// The absolute URL of a share link that was just created.
    pub share_url: Option<String>,
    /// Whether the viewer is the owner, who also sees the timeline of a live photo.
    pub own: bool,
    /// The owner's earlier photo of the same picture, if the viewer is the owner.
    pub earlier: Option<i64>,
    /// Whether the viewer can delete it, as its owner or a moderator.
    pub can_delete: bool,
    /// Whether the viewer can edit it.
    pub can_edit: bool,
    /// Whether the viewer can make a remix of it.
    pub can_remix: bool,
    /// The number of the present revision, if there are earlier ones that the viewer can see.
    pub revisions: Option<i32>,
    /// The rendered [`PhotoCredit`](super::lineage::PhotoCredit) of a remix.
    pub credit: Option<Fragment>,
    /// The rendered [`PhotoRemixes`](super::lineage::PhotoRemixes), if there are any.
    pub remixes: Option<Fragment>,
    /// What its owner hears of a new crop.
    pub crop: Option<CropNews>,
    /// Whether the viewer is a moderator, who sees the link to its jobs and can block it.
    pub moderates: bool,
    /// The rendered [`PhotoHubs`](super::hub_photos::PhotoHubs).
    pub posting: Fragment,
    /// Live photos of the same picture, if a moderator views a hidden photo.
    pub alike: Vec<PhotoCard>,
    /// The rendered [`ActNote`](super::moderation::acts::ActNote), if a moderator views a photo that one has hidden.
    pub act: Option<Fragment>,
    /// The comments, if it is live.
    pub comments: Option<CommentSection>,
}

/// What the owner of a live photo hears of its new crop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CropNews {
    /// It is being made.
    Pending,
    /// It could not be made, for this reason.
    Failed(String),
}

/// A photo's place in the list that the viewer came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListPlace {
    /// The list as in the query `from`.
    pub from: String,
    /// The list's name.
    pub label: String,
    /// The URL of the list.
    pub path: String,
    /// The URL of the photo before it; `None` for the first.
    pub previous: Option<String>,
    /// The URL of the photo after it; `None` for the last.
    pub next: Option<String>,
}

impl PhotoPage {
    fn described(&self) -> &str {
        described(&self.alt, &self.title)
    }

    fn is_live(&self) -> bool {
        matches!(self.status.state, PhotoState::Live)
    }

    /// The ids for the form.
    fn alike_ids(&self) -> String {
        ids::join(self.alike.iter().map(|photo| photo.id))
    }

    /// Whether there are technical details to unfold. Those of a photo that isn't live are shown above.
    fn has_details(&self) -> bool {
        self.moderates || (self.own && self.is_live())
    }

    fn can_block(&self) -> bool {
        self.moderates && self.status.state != PhotoState::Hidden
    }

    fn keys<'a>(&self, ballot: Option<&'a str>, chosen: Option<u8>) -> RatingKeys<'a> {
        let list = self.place.as_ref().map(|place| place.from.clone());
        RatingKeys { photo: self.id, ballot, from: "photo", list, hub: None, chosen }
    }
}

/// What the viewer may do about rating a photo.
#[derive(Clone, Debug)]
pub enum RatingControl {
    /// Nothing, because it has not been served to them.
    NotServed,
    /// Nothing, because it is their own.
    Own,
    /// Rate it, because they came through a share link or it is on their rating page.
    Rate {
        /// The ballot.
        ballot: String,
    },
    /// Change their rating.
    Change {
        /// Their rating, 1 to 10.
        value: u8,
    },
}

impl RatingControl {
    /// Whether the viewer may know what everybody thinks: not before having rated the photo.
    #[must_use]
    pub const fn knows(&self) -> bool {
        matches!(self, Self::Change { .. } | Self::Own)
    }
}

/// The status of a photo. `GET /photos/{id}/status` returns only this part.
#[derive(Debug, Template)]
#[template(path = "photo/_status.html")]
pub struct PhotoStatus {
    /// The photo's id.
    pub id: i64,
    /// Its state.
    pub state: PhotoState,
    /// If it has failed, a sentence about what the owner can do.
    pub reason: Option<String>,
    /// The finished steps in order; empty for viewers who may not see them.
    pub steps: Vec<TimelineEntry>,
    /// A sentence: why it is still being processed, or why it was hidden.
    pub why: Option<String>,
    /// The space saved by processing, for viewers who may see the steps.
    pub saved: Option<Saving>,
    /// The picture for the submit page; empty for viewers who may not see the steps.
    pub picture: Picture,
    /// The description.
    pub alt: String,
    /// The title.
    pub title: String,
    /// When the draft is deleted.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether the viewer can publish the draft.
    pub may_publish: bool,
    /// Whether it is hidden only until moderators have judged it.
    pub is_quarantined: bool,
}

/// A line of the timeline, finished or not.
struct Line<'a> {
    step: Step,
    label: &'static str,
    class: &'static str,
    done: Option<&'a TimelineEntry>,
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

    /// The number of served sizes in words.
    fn in_sizes(saved: &Saving) -> &'static str {
        match saved.files {
            1 => "one size",
            2 => "two sizes",
            _ => "three sizes",
        }
    }

    /// The time from upload to live, in milliseconds.
    #[expect(clippy::cast_precision_loss, reason = "a time for people; nobody waits for 2^52 ms")]
    fn took(&self) -> Option<f64> {
        let at = |step| self.done(step).map(|done| done.at);
        Some((at(Step::Live)? - at(Step::Received)?).num_milliseconds() as f64)
    }

    fn done(&self, step: Step) -> Option<&TimelineEntry> {
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

/// The ratings of a live photo's picture. They are the same for every viewer, so they can be cached.
#[derive(Debug, Template)]
#[template(path = "photo/_opinion.html")]
pub struct PhotoOpinion {
    /// The ratings of its picture by value.
    pub histogram: Histogram,
    /// The revision since which the picture is shown.
    pub since: i32,
    /// The ratings of earlier pictures.
    pub earlier: Histogram,
    /// The rank by score among live photos, once it is ranked.
    pub rank: Option<i64>,
    /// The virality now, as in trending; `None` before the first share or view.
    pub virality: Option<f64>,
    /// The number of views.
    pub views: i64,
    /// The number of shares.
    pub shares: i64,
}

/// A bar of the histogram, in the units of its SVG.
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

    fn done(step: Step) -> TimelineEntry {
        TimelineEntry { step, at: DateTime::UNIX_EPOCH, ms: Some(3) }
    }

    fn status(state: PhotoState, steps: Vec<TimelineEntry>) -> PhotoStatus {
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
            expires_at: None,
            may_publish: false,
            is_quarantined: false,
        }
    }

    #[test]
    fn what_was_saved_reads_as_a_sentence() {
        let saved = Some(Saving { original: 4_204_000, kept: 312_400, files: 3 });
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
        let (since, earlier) = (1, Histogram::default());
        let opinion =
            PhotoOpinion { histogram, since, earlier, rank: None, virality: None, views: 0, shares: 0 };
        let heights: Vec<_> = opinion.bars().into_iter().map(|bar| bar.height).collect();
        assert_eq!((heights[6].as_str(), heights[9].as_str(), heights[0].as_str()), ("110.0", "55.0", "2.0"));
    }
}
