use std::time::Duration;

use askama::Template;
use pawdium_shared::cache::Outcome;
use pawdium_web::views::admin::{
    CacheBoard, CacheKind, CachePage, CachedWidgetPage, HubWidget, Reload, ReloadList, WidgetState,
};
use pawdium_web::views::{Field, Fragment};

use super::{Sample, Samples, moment, page};

impl Samples {
    pub(super) fn admin_cache_pages(&self) -> askama::Result<Vec<Sample>> {
        let text = |usual: &str| self.text.clone().unwrap_or_else(|| usual.to_owned());
        let board = CacheBoard {
            in_words: Some("107 cached values, 95 missing. 52.97 percent coverage.".to_owned()),
            kinds: vec![
                kind("newest-photos", Some(41), 1_204),
                CacheKind {
                    failed: 3,
                    error: Some(text("it took longer than 2 s")),
                    ..kind("numbers", Some(12), 88)
                },
                kind("photo", None, 54_310),
            ],
            at: moment(),
        };
        let widget = |name: &str, is_personal| HubWidget {
            name: name.to_owned(),
            title: text("Newest photos"),
            kind: "newest-photos".to_owned(),
            is_personal,
        };
        let cache = CachePage {
            chrome: self.member(),
            board: Fragment::render(&board)?,
            hub: Field::of("one-braincell"),
            widgets: vec![widget("3.42", false), widget("3.43", true)],
        };
        let away = CacheBoard { in_words: None, kinds: Vec::new(), at: moment() };
        let away = CachePage {
            chrome: self.member(),
            board: Fragment::render(&away)?,
            hub: Field::refused(text("cows"), "There is no such hub."),
            widgets: Vec::new(),
        };
        let outcomes =
            [Outcome::Changed, Outcome::Unchanged, Outcome::Superseded, Outcome::Fresh, Outcome::Failed];
        let reloads = ReloadList {
            name: "3.42".to_owned(),
            state: WidgetState::Current { as_of: moment(), version: 8_123_456_789_012 },
            reloads: outcomes.into_iter().map(reload).collect(),
            at: moment(),
        };
        let widget = CachedWidgetPage {
            chrome: self.member(),
            name: "3.42".to_owned(),
            title: text("Newest photos"),
            kind: "newest-photos".to_owned(),
            hub: text("One Braincell"),
            path: "/h/one-braincell".to_owned(),
            address: "/admin/cache?hub=one-braincell".to_owned(),
            reloads: Fragment::render(&reloads)?,
        };
        Ok(vec![
            page("/admin/cache", cache.render()?),
            page("/admin/cache-away", away.render()?),
            page("/admin/cache/3.42", widget.render()?),
        ])
    }
}

fn kind(name: &str, cached: Option<i64>, hits: i64) -> CacheKind {
    CacheKind {
        name: name.to_owned(),
        cached,
        missing: cached.map(|cached| cached / 2),
        median_age: cached.map(|_| Duration::from_secs(74)),
        oldest_age: cached.map(|_| Duration::from_secs(281)),
        hits,
        hit_share: Some(0.97),
        p50_ms: cached.map(|_| 3.2),
        p95_ms: cached.map(|_| 18.0),
        unchanged_share: cached.map(|_| 0.31),
        failed: 0,
        error: None,
    }
}

fn reload(outcome: Outcome) -> Reload {
    Reload {
        event: "posted:3:1204".to_owned(),
        at: moment(),
        triage_ms: 4.1,
        waited_ms: 251.0,
        load_ms: 6.3,
        told_ms: 0.7,
        took_ms: 262.1,
        outcome,
    }
}
