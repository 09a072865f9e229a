//! One rendered page for every kind and state, from made-up data.

mod accounts;
mod admin;
mod admin_cache;
mod admin_queues;
mod comments;
mod hub_photos;
mod hub_widgets;
mod hubs;
mod lists;
mod moderation;
mod sanctions;
mod security;
mod sessions;

use askama::Template;
use chrono::{DateTime, TimeDelta, Utc};
use pawdium_shared::photos::steps::{Step, TimelineEntry};
use pawdium_shared::photos::{Histogram, PhotoState, Saving};
use pawdium_web::views::photo::{ListPlace, PhotoOpinion, PhotoPage, PhotoStatus, RatingControl};
use pawdium_web::views::rate::{RateFeedback, RatePage, RatePhoto, RateProgress, RateStage};
use pawdium_web::views::{
    Bell, Chrome, Face, Fragment, HubLink, PhotoCard, Picture, PictureSize, Theme, Viewer,
};

/// The settings of all sample pages.
pub(crate) struct Samples {
    /// The colour theme.
    pub(crate) theme: Theme,
    /// Replaces all texts that members write, if given.
    pub(crate) text: Option<String>,
}

/// A page and where it is served.
pub(crate) struct Sample {
    pub(crate) path: &'static str,
    pub(crate) html: String,
}

const TITLES: [&str; 12] = [
    "Biscuit forgot how to sit",
    "Tongue status: out",
    "Sir Hopsalot, mid-thought",
    "He saw a leaf",
    "Gerald",
    "Both eyes, different plans",
    "Professor Waffles attempts the stairs",
    "Sneeze, frame 3 of 9",
    "Not my proudest landing",
    "Regal (before)",
    "Upside down is also a way to be",
    "What do you mean, bath",
];
const OWNERS: [&str; 5] = ["ada", "mabel", "otto", "juniper", "Kassandra-von-Pfotenhausen"];
const ANIMALS: [&str; 8] = ["cat", "dog", "rabbit", "bird", "rodent", "reptile", "horse", "other"];

impl Samples {
    /// Every page.
    pub(crate) fn pages(&self) -> askama::Result<Vec<Sample>> {
        let mut pages = self.rating_pages()?;
        pages.extend(self.photo_pages()?);
        pages.extend(self.list_pages()?);
        pages.extend(self.hub_pages()?);
        pages.extend(self.sanction_pages()?);
        pages.extend(self.hub_photo_pages()?);
        pages.extend(self.hub_widget_pages()?);
        pages.extend(self.search_pages()?);
        pages.extend(self.account_pages()?);
        pages.extend(self.admin_pages()?);
        pages.extend(self.admin_queue_pages()?);
        pages.extend(self.admin_cache_pages()?);
        pages.extend(self.moderation_pages()?);
        pages.extend(self.comment_pages()?);
        pages.extend(self.notification_pages()?);
        pages.extend(self.session_pages()?);
        pages.extend(self.security_pages()?);
        Ok(pages)
    }

    /// The answer to a rating of photo `id`.
    pub(crate) fn stage(&self, id: i64, given: Option<(i64, u8)>) -> RateStage {
        let photo = RatePhoto {
            id,
            title: self.title(id),
            alt: String::new(),
            species: pick(&ANIMALS, id).to_owned(),
            owner: Some(self.owner(id)),
            picture: picture(id),
            ballot: "v1.c2FtcGxl".to_owned(),
        };
        let feedback = given.map(|(rated, value)| RateFeedback {
            id: rated,
            title: self.title(rated),
            picture: picture(rated),
            value,
            mean: 6.34,
            count: 41,
        });
        let progress = RateProgress { rated: id, total: 64 };
        RateStage { photo: Some(photo), feedback, progress, hub: None, error: None }
    }

    /// The status of photo `id` after `done` steps.
    pub(crate) fn status(id: i64, done: usize) -> PhotoStatus {
        let steps = steps().into_iter().take(done).collect();
        let state = if done < 6 { PhotoState::Processing } else { PhotoState::Live };
        let why = (done == 1).then(|| "3 photos are ahead of yours.".to_owned());
        PhotoStatus { why, ..stands(id, state, steps) }
    }

    fn rating_pages(&self) -> askama::Result<Vec<Sample>> {
        let rate = |chrome, stage| RatePage { chrome, stage }.render();
        let empty = |total| RateStage {
            photo: None,
            feedback: None,
            progress: RateProgress { rated: total, total },
            hub: None,
            error: None,
        };
        let refused =
            RateStage { error: Some("That rating was used already.".to_owned()), ..self.stage(5, None) };
        Ok(vec![
            page("/", rate(self.anonymous(), self.stage(3, Some((2, 8))))?),
            page("/first", rate(self.nobody(), self.stage(1, None))?),
            page("/refused", rate(self.member(), refused)?),
            page(
                "/all-rated",
                rate(
                    self.member(),
                    RateStage { feedback: self.stage(1, Some((9, 3))).feedback, ..empty(64) },
                )?,
            ),
            page("/nothing-yet", rate(self.nobody(), empty(0))?),
        ])
    }

    fn photo_page(&self, id: i64, state: PhotoState, rating: RatingControl) -> askama::Result<PhotoPage> {
        let shown = matches!(state, PhotoState::Live | PhotoState::Hidden);
        let opinion = PhotoOpinion {
            histogram: Histogram::new([1, 0, 2, 3, 5, 8, 13, 21, 9, 4]),
            since: 2,
            earlier: Histogram::new([0, 0, 1, 0, 2, 0, 0, 4, 0, 0]),
            rank: Some(12),
            virality: Some(8.3),
            views: 1_284,
            shares: 37,
        };
        Ok(PhotoPage {
            card: None,
            act: None,
            chrome: self.member(),
            id,
            title: self.title(id),
            alt: self.text.clone().unwrap_or_else(|| "A tabby on a radiator with its tongue out.".to_owned()),
            species: pick(&ANIMALS, id).to_owned(),
            tags: vec![self.text.clone().unwrap_or_else(|| "tongue".to_owned()), "radiator".to_owned()],
            owner: Some(self.owner(id)),
            place: Some(ListPlace {
                from: "top:week:cat".to_owned(),
                label: "Top, week, cats".to_owned(),
                path: "/top?period=week&species=cat".to_owned(),
                previous: (id > 4).then(|| format!("/photos/{}?from=top:week:cat", id - 1)),
                next: Some(format!("/photos/{}?from=top:week:cat", id + 1)),
            }),
            created_at: moment(),
            picture: if shown { picture(id) } else { Picture::default() },
            original: None,
            status: stands(id, state, steps()),
            opinion: shown.then(|| Fragment::render(&opinion)).transpose()?,
            rating,
            share_url: None,
            own: false,
            earlier: None,
            can_delete: false,
            can_edit: false,
            can_remix: true,
            revisions: None,
            credit: None,
            remixes: None,
            crop: None,
            moderates: true,
            posting: Fragment::default(),
            alike: Vec::new(),
            comments: None,
        })
    }

    fn photo_pages(&self) -> askama::Result<Vec<Sample>> {
        let rated = self.photo_page(4, PhotoState::Live, RatingControl::Change { value: 7 })?;
        let shared = PhotoPage {
            chrome: self.nobody(),
            opinion: None,
            ..self.photo_page(5, PhotoState::Live, RatingControl::Rate { ballot: "v1.bGluaw".to_owned() })?
        };
        let own = PhotoPage {
            own: true,
            earlier: Some(2),
            can_delete: true,
            share_url: Some("http://127.0.0.1:8080/s/kX3v9QmT2b".to_owned()),
            ..self.photo_page(6, PhotoState::Live, RatingControl::Own)?
        };
        let unseen =
            PhotoPage { opinion: None, ..self.photo_page(7, PhotoState::Live, RatingControl::NotServed)? };
        let processing = PhotoPage {
            own: true,
            can_delete: true,
            status: Self::status(8, 3),
            ..self.photo_page(8, PhotoState::Processing, RatingControl::Own)?
        };
        let reason = self.text.clone().unwrap_or_else(|| {
            "The file ends in the middle of the picture. Export it again, or send another one.".to_owned()
        });
        let failed = TimelineEntry { step: Step::Failed, at: moment(), ms: None };
        let failed = PhotoPage {
            own: true,
            can_delete: true,
            status: PhotoStatus {
                reason: Some(reason),
                ..stands(9, PhotoState::Failed, steps().into_iter().take(2).chain([failed]).collect())
            },
            ..self.photo_page(9, PhotoState::Failed, RatingControl::Own)?
        };
        Ok(vec![
            page("/photos/4", rated.render()?),
            page("/photos/5", shared.render()?),
            page("/photos/6", own.render()?),
            page("/photos/7", unseen.render()?),
            page("/photos/8", processing.render()?),
            page("/photos/9", failed.render()?),
        ])
    }

    fn chrome(&self, viewer: Viewer) -> Chrome {
        let name = |name: &str| self.text.clone().unwrap_or_else(|| name.to_owned());
        let hub = |(text, path): (&str, &str)| HubLink { name: name(text), path: path.to_owned() };
        let hubs = [
            ("Radiator Cats", "/h/radiator-cats"),
            ("Tongues Out", "/h/tongues-out"),
            ("Bavaria", "/h/bavaria"),
        ];
        let hubs = if matches!(viewer, Viewer::Member { .. }) { hubs.map(hub).to_vec() } else { Vec::new() };
        Chrome {
            viewer,
            theme: self.theme,
            flash: None,
            path: "/top?period=week".to_owned(),
            demo: true,
            bell: if hubs.is_empty() { None } else { Some(Bell { user: 1, unread: 3 }) },
            cases: None,
            hubs,
            silence: None,
            is_baked: false,
        }
    }

    fn nobody(&self) -> Chrome {
        self.chrome(Viewer::Nobody)
    }

    fn anonymous(&self) -> Chrome {
        self.chrome(Viewer::Anonymous { ratings: 12 })
    }

    fn member(&self) -> Chrome {
        self.chrome(Viewer::Member { name: self.owner(1), moderates: true })
    }

    fn title(&self, id: i64) -> String {
        self.text.clone().unwrap_or_else(|| pick(&TITLES, id).to_owned())
    }

    fn face(&self, id: i64) -> Face {
        Face::of(self.owner(id), (id == 2).then(|| "2.jpg".to_owned()))
    }

    fn owner(&self, id: i64) -> String {
        self.text.clone().unwrap_or_else(|| pick(&OWNERS, id).to_owned())
    }

    fn cards(&self, count: i64) -> Vec<PhotoCard> {
        (1..=count)
            .map(|id| PhotoCard {
                id,
                title: self.title(id),
                alt: String::new(),
                species: pick(&ANIMALS, id).to_owned(),
                owner: (id != 5).then(|| self.owner(id)),
                picture: picture(id),
                rank: Some(id),
                mean: Some(9.4 - f64::from(i16::try_from(id).unwrap_or(0)) * 0.2),
                count: 400 - id * 13,
                from: Some("top:all:all".to_owned()),
            })
            .collect()
    }
}

/// The status of a photo, as its owner sees it.
fn stands(id: i64, state: PhotoState, steps: Vec<TimelineEntry>) -> PhotoStatus {
    let live = state == PhotoState::Live;
    PhotoStatus {
        id,
        state,
        reason: None,
        steps,
        why: None,
        saved: live.then_some(Saving { original: 4_204_000, kept: 312_400, files: 3 }),
        picture: if live { picture(id) } else { Picture::default() },
        alt: String::new(),
        title: pick(&TITLES, id).to_owned(),
        expires_at: None,
        may_publish: true,
        is_quarantined: false,
    }
}

fn page(path: &'static str, html: String) -> Sample {
    Sample { path, html }
}

fn pick<'a>(words: &[&'a str], id: i64) -> &'a str {
    words[usize::try_from(id).unwrap_or(0) % words.len()]
}

fn picture(id: i64) -> Picture {
    let size = |edge| PictureSize { url: format!("/sample/{id}.svg"), edge };
    Picture {
        sizes: vec![size(160), size(1080)],
        placeholder: Some("1QcSHQRnh493V4dIh4eXh1h4kJUI".to_owned()),
    }
}

fn moment() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(1_778_594_639_120)
}

fn steps() -> Vec<TimelineEntry> {
    let took = [212, 3, 148, 96, 11, 4];
    let steps = [Step::Received, Step::Checked, Step::Decoded, Step::Cropped, Step::Stored, Step::Live];
    steps
        .into_iter()
        .zip(took)
        .scan(moment(), |at, (step, ms)| {
            *at += TimeDelta::milliseconds(ms.into());
            Some(TimelineEntry { step, at: *at, ms: Some(ms) })
        })
        .collect()
}
