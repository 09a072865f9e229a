//! How much of what hubs' pages show is cached, for operators.

use std::time::Duration;

use chrono::Utc;
use pawdium_shared::cache::{Cache, Cached as _, CachedGroup, Group, Whole};
use pawdium_shared::hubs::queries;
use pawdium_shared::ids::HubId;
use serde::Serialize;
use sqlx::PgConnection;

use crate::cached::CachedWidget;
use crate::{KINDS, Kind, find_kind, layout};

/// Which widgets are meant; all by default.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A hub's slug, or `members/` and a name for a profile.
    pub hub: Option<String>,
    /// The name of a kind.
    pub kind: Option<String>,
}

/// Why widgets couldn't be found.
#[derive(Debug, thiserror::Error)]
pub enum NotFound {
    /// There is no such hub.
    #[error("there is no hub {0}")]
    Hub(String),
    /// There is no such kind.
    #[error("there is no kind of widget {0}; the cached kinds are {list}", list = cached_kinds())]
    Kind(String),
    /// The data of the kind isn't cached.
    #[error("{0} differs from viewer to viewer, so it isn't cached")]
    Personal(String),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

fn cached_kinds() -> String {
    KINDS.iter().filter(|kind| !kind.personal).map(|kind| kind.name).collect::<Vec<_>>().join(", ")
}

/// Widgets whose data can be cached, with their kinds.
#[derive(Clone, Debug)]
pub struct Widgets(Vec<(CachedWidget, &'static Kind)>);

impl Widgets {
    /// Finds the widgets of a filter.
    ///
    /// # Errors
    /// [`NotFound`] if the filter names nothing that exists, or the database fails.
    pub async fn find(db: &mut PgConnection, filter: &Filter) -> Result<Self, NotFound> {
        let kinds = match &filter.kind {
            None => KINDS.iter().filter(|kind| !kind.personal).map(|kind| kind.name.to_owned()).collect(),
            Some(name) => match find_kind(name) {
                None => return Err(NotFound::Kind(name.clone())),
                Some(kind) if kind.personal => return Err(NotFound::Personal(name.clone())),
                Some(kind) => vec![kind.name.to_owned()],
            },
        };
        let hub = match &filter.hub {
            None => None,
            Some(name) => Some(find_hub(db, name).await?.ok_or_else(|| NotFound::Hub(name.clone()))?),
        };
        let found = layout::list_of_kinds(db, hub, &kinds).await?;
        let with_kind = found
            .into_iter()
            .filter_map(|(hub, widget, kind)| Some((CachedWidget { hub, widget }, find_kind(&kind)?)));
        Ok(Self(with_kind.collect()))
    }

    /// Their groups in the cache.
    #[must_use]
    pub fn groups(&self) -> Vec<Group> {
        self.0.iter().map(|(widget, _)| widget.group()).collect()
    }

    /// Lists those that hold data, current or void.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn list(&self, cache: &Cache) -> redis::RedisResult<Vec<CachedGroup>> {
        cache.list_these(&self.groups()).await
    }

    /// Drops their data. Returns how many held any.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn clean(&self, cache: &Cache) -> redis::RedisResult<usize> {
        cache.clean_these(&self.groups()).await
    }

    /// Counts those whose current data is cached.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn coverage(&self, cache: &Cache) -> redis::RedisResult<Coverage> {
        let widgets: Vec<_> = self.0.iter().map(|(widget, _)| *widget).collect();
        let cached = cache.peek(&widgets, Whole).await?;
        let now = Utc::now();
        let of_kind = |kind: &Kind| {
            let own = self.0.iter().filter(|(_, other)| other.name == kind.name);
            let mut ages: Vec<_> = Vec::new();
            let mut missing = 0;
            for (widget, _) in own {
                match cached.get(widget) {
                    Some(loaded) => ages.push((now - loaded.as_of).to_std().unwrap_or_default()),
                    None => missing += 1,
                }
            }
            KindCoverage::new(kind.name, ages, missing)
        };
        let mut kinds: Vec<_> =
            KINDS.iter().filter(|kind| !kind.personal).map(of_kind).filter(|kind| kind.total() > 0).collect();
        kinds.sort_by_key(|kind| std::cmp::Reverse(kind.missing));
        Ok(Coverage::new(kinds))
    }
}

/// Finds a hub by its slug, or a profile by `members/` and its name.
///
/// # Errors
/// If the database fails.
pub async fn find_hub(db: &mut PgConnection, name: &str) -> sqlx::Result<Option<HubId>> {
    // Postgres refuses texts with it.
    if name.contains('\0') {
        return Ok(None);
    }
    let hub = match name.strip_prefix("members/") {
        Some(member) => queries::find_profile(db, member).await?,
        None => queries::find_by_slug(db, name).await?,
    };
    Ok(hub.map(|hub| hub.id))
}

/// How many widgets have current data in the cache.
#[derive(Clone, Debug, Serialize)]
pub struct Coverage {
    /// Those that have.
    pub cached: usize,
    /// Those that haven't: the next page loads them.
    pub missing: usize,
    /// The share of those that have, in percent; `None` without widgets.
    pub percent: Option<f64>,
    /// The same for each kind that has widgets, the one that misses most first.
    pub kinds: Vec<KindCoverage>,
}

/// How many widgets of a kind have current data in the cache.
#[derive(Clone, Debug, Serialize)]
pub struct KindCoverage {
    /// The kind's name.
    pub kind: &'static str,
    /// Those that have.
    pub cached: usize,
    /// Those that haven't.
    pub missing: usize,
    /// The share of those that have, in percent; `None` without widgets.
    pub percent: Option<f64>,
    /// The median age of the data, in seconds.
    #[serde(rename = "median_age_seconds", serialize_with = "seconds")]
    pub median_age: Option<Duration>,
    /// The greatest age, in seconds.
    #[serde(rename = "oldest_age_seconds", serialize_with = "seconds")]
    pub oldest_age: Option<Duration>,
}

impl Coverage {
    fn new(kinds: Vec<KindCoverage>) -> Self {
        let (cached, missing) =
            (kinds.iter().map(|kind| kind.cached).sum(), kinds.iter().map(|kind| kind.missing).sum());
        Self { cached, missing, percent: percent(cached, missing), kinds }
    }

    /// The coverage in a sentence or two.
    #[must_use]
    pub fn in_words(&self) -> String {
        let Some(percent) = self.percent else {
            return "There are no widgets that can be cached.".to_owned();
        };
        let values = if self.cached == 1 { "value" } else { "values" };
        format!("{} cached {values}, {} missing. {percent:.2} percent coverage.", self.cached, self.missing)
    }
}

impl KindCoverage {
    fn new(kind: &'static str, mut ages: Vec<Duration>, missing: usize) -> Self {
        ages.sort_unstable();
        Self {
            kind,
            cached: ages.len(),
            missing,
            percent: percent(ages.len(), missing),
            median_age: ages.get(ages.len() / 2).copied(),
            oldest_age: ages.last().copied(),
        }
    }

    /// All widgets of the kind.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.cached + self.missing
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
fn percent(cached: usize, missing: usize) -> Option<f64> {
    let all = cached + missing;
    (all > 0).then(|| cached as f64 * 100.0 / all as f64)
}

#[expect(clippy::ref_option, reason = "serde asks for this signature")]
fn seconds<S: serde::Serializer>(age: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    age.map(|age| age.as_secs()).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(ages: &[u64], missing: usize) -> KindCoverage {
        KindCoverage::new("about", ages.iter().map(|age| Duration::from_secs(*age)).collect(), missing)
    }

    #[test]
    fn coverage_is_told_in_words() {
        let coverage = Coverage::new(vec![kind(&[1; 100], 95), kind(&[1; 7], 0)]);
        assert_eq!(coverage.in_words(), "107 cached values, 95 missing. 52.97 percent coverage.");
        let one = Coverage::new(vec![kind(&[1], 0)]);
        assert_eq!(one.in_words(), "1 cached value, 0 missing. 100.00 percent coverage.");
        assert_eq!(Coverage::new(Vec::new()).in_words(), "There are no widgets that can be cached.");
    }

    #[test]
    fn ages_have_a_median_and_a_greatest() {
        let ages = kind(&[9, 1, 5], 2);
        assert_eq!(ages.median_age, Some(Duration::from_secs(5)));
        assert_eq!(ages.oldest_age, Some(Duration::from_secs(9)));
        assert_eq!((ages.cached, ages.missing, ages.percent), (3, 2, Some(60.0)));
        assert_eq!(kind(&[], 3).median_age, None);
        let json = serde_json::to_value(&ages).expect("it serializes");
        assert_eq!((&json["median_age_seconds"], &json["oldest_age_seconds"]), (&5.into(), &9.into()));
    }
}
