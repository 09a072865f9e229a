//! A hub's page that is open in many places while it changes.

use std::time::{Duration, Instant};

use pawdium_shared::db::Tx;
use pawdium_shared::ids::{HubId, UserId, WidgetId};
use pawdium_widgets::layout::{self, Change};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::time::sleep;

use super::browser::Browser;
use super::open_page::{OpenPage, Shown};
use super::people::Person;
use super::setup::Setup;
use super::site::Site;
use super::waiting::{SOON, eventually};

/// A site with a hub that people look at.
pub(crate) struct Watched {
    pub(crate) site: Site,
    pub(crate) ada: Person,
    pub(crate) bob: Person,
    pub(crate) hub: HubId,
    /// A sticky note.
    pub(crate) note: WidgetId,
    photo: i64,
    pub(crate) pages: Vec<OpenPage>,
}

impl Watched {
    pub(crate) async fn start(setup: Setup, pages: usize) -> Self {
        let site = setup.start().await;
        let (ada, bob) = (site.member("ada").await, site.member("bob").await);
        let hub = HubId(site.hub_of("cats", &[&ada, &bob]).await);
        for kind in ["newest-photos", "top-photos", "activity", "members", "numbers", "rate-one", "histogram"]
        {
            let body = json!({ "kind": kind, "column": "right" });
            ada.api.post("hubs/cats/widgets", body).await.expect(201);
        }
        let body = json!({ "kind": "sticky-note", "column": "left", "config": { "text": "Note 0." } });
        let note = ada.api.post("hubs/cats/widgets", body).await.expect(201).json()["id"].as_i64();
        let photo = site.photo().by(&ada).live().await;
        site.post(&ada, "cats", photo).await;
        site.settle().await;
        let visitor = site.visitor();
        let mut watched =
            Self { note: WidgetId(note.expect("an id")), pages: Vec::new(), site, ada, bob, hub, photo };
        for _ in 0..pages {
            watched.pages.push(OpenPage::of(&visitor, "cats").await);
        }
        watched
    }

    /// Writes a note, as a process does that dies right after its commit: only the event tells of it.
    pub(crate) async fn write(&self, number: u32) {
        write_note(&self.site.db, self.hub, self.ada.id, self.note, number).await;
    }

    /// Changes what most of the widgets show.
    pub(crate) async fn rate(&self, number: u32) {
        self.site.rate(&self.bob, self.photo, i64::from(number % 10) + 1).await;
    }

    /// What differs between the database and the pages.
    pub(crate) async fn stale(&self, browser: Option<&Browser>) -> Option<String> {
        let truth = self.site.truth("cats").await;
        for page in &self.pages {
            if let Some(difference) = difference(&truth, &page.shown()) {
                return Some(difference);
            }
        }
        match browser {
            Some(browser) => difference(&truth, &shown_by(browser).await),
            None => None,
        }
    }

    /// Waits until all pages show what the database says. Returns how long it took.
    #[track_caller]
    pub(crate) fn until_current<'a>(
        &'a self,
        browser: Option<&'a Browser>,
        limit: Duration,
    ) -> impl Future<Output = Duration> + 'a {
        let place = std::panic::Location::caller();
        async move {
            let begin = Instant::now();
            loop {
                let Some(difference) = self.stale(browser).await else { return begin.elapsed() };
                assert!(begin.elapsed() < limit, "{place}: still stale after {limit:?}: {difference}");
                sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// Asserts that pages show a note's text, and not only its version.
    pub(crate) fn all_show(&self, number: u32) {
        for page in &self.pages {
            let html = page.html(self.note.0);
            assert!(html.contains(&format!("Note {number}.")), "{html}");
        }
    }
}

pub(crate) async fn write_note(db: &PgPool, hub: HubId, owner: i64, note: WidgetId, number: u32) {
    let mut tx = Tx::begin(db).await.expect("a transaction");
    let change = Change::Configure(note, json!({ "text": format!("Note {number}.") }));
    layout::change(&mut tx, hub, UserId(owner), None, &change).await.expect("it is changed");
    tx.commit().await.expect("it commits");
}

/// The first widget of which a page shows another version than the true one.
fn difference(truth: &Shown, shown: &Shown) -> Option<String> {
    if truth.layout != shown.layout {
        return Some(format!("layout {} instead of {}", shown.layout, truth.layout));
    }
    let wrong = truth.widgets.iter().find(|(id, version)| shown.widgets.get(id) != Some(version))?;
    Some(format!("widget {} has {:?} instead of {}", wrong.0, shown.widgets.get(wrong.0), wrong.1))
}

async fn shown_by(browser: &Browser) -> Shown {
    let found = browser
        .run(
            "const page = document.querySelector('[data-hub]');
             const widgets = [...page.querySelectorAll('[data-widget]')];
             return [page.dataset.layout, widgets.map(({ dataset }) => [dataset.widget, dataset.version])];",
        )
        .await;
    let number = |text: &Value| text.as_str().expect("a text").parse::<i64>().expect("a number");
    let widgets = found[1].as_array().expect("a list").iter();
    let widgets = widgets.map(|pair| (number(&pair[0]), number(&pair[1]).unsigned_abs())).collect();
    Shown { layout: number(&found[0]), widgets }
}

/// Has a browser show the hub's page. Returns when it has a stream.
pub(crate) async fn open_hub(browser: &Browser) {
    browser.goto("/h/cats").await;
    let held = "return navigator.locks.query().then(({ held }) => held.length)";
    eventually("the stream is open", SOON, async || (browser.run(held).await != 0).then_some(())).await;
    browser.mark().await;
}

/// Asserts that the page shows this note, and has not been loaded again.
pub(crate) async fn is_the_same_page(browser: &Browser, number: u32) {
    assert!(browser.is_marked().await, "it was never loaded again");
    let note = browser.text(".widget-sticky-note").await;
    assert!(note.contains(&format!("Note {number}.")), "{note}");
}
