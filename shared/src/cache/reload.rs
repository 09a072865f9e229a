//! Loading stale data again, for kinds that are [`Reloaded`].

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use chrono::Utc;
use redis::{ExistenceCheck, SetExpiry, SetOptions};

use super::cached::{Reloaded, ToReload, Whole};
use super::fragments::{self, Stored};
use super::stats::{self, Outcome, Record, Trace};
use super::{Cache, Staleness, parse};
use crate::db::Db;
use crate::jobs::cache::{Because, ReloadCached};
use crate::live;
use crate::redis::Patience;

/// What became of loading data again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reload {
    /// It is current. Open pages were told if it has changed.
    Loaded,
    /// It couldn't be loaded.
    Failed,
    /// There is no such object.
    Gone,
}

/// An object that is due to be loaded again.
#[derive(Clone, Debug)]
pub struct Due {
    /// Its kind.
    pub kind: &'static str,
    /// Its name within its kind.
    pub name: String,
    /// Whether it may be loaded at once. Otherwise it was loaded a moment ago and waits.
    pub at_once: bool,
}

impl Cache {
    /// Returns what was last stored of each of `these`, whatever has happened since.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn last<C: Reloaded>(&self, these: &[C]) -> redis::RedisResult<HashMap<C, C::Data>> {
        let groups: Vec<_> = these.iter().map(C::group).collect();
        let found = fragments::read_last(&self.redis, &groups, &Whole.to_string()).await?;
        let found = these.iter().copied().zip(found);
        Ok(found.filter_map(|(one, json)| Some((one, parse(json.as_deref())?))).collect())
    }

    /// Loads an object again, stores it, and tells the open pages that show it if it has changed.
    ///
    /// # Errors
    /// If the database or Redis fails.
    pub async fn reload(&self, db: &Db, kind: &str, name: &str, because: &Because) -> anyhow::Result<Reload> {
        match self.kinds.iter().find(|known| known.name == kind) {
            Some(kind) => Ok(kind.reload(self, db, name, because).await?.unwrap_or(Reload::Gone)),
            None => Ok(Reload::Gone),
        }
    }

    pub(super) async fn reload_as<C: Reloaded>(
        &self,
        db: &Db,
        name: &str,
        because: &Because,
    ) -> anyhow::Result<Reload> {
        let Some(one) = C::parse(name) else { return Ok(Reload::Gone) };
        let (group, part) = (one.group(), Whole.to_string());
        let mut read =
            fragments::read(&self.redis, std::slice::from_ref(&group), &part, Patience::Job).await?;
        let Some((stamp, json)) = read.pop() else { return Ok(Reload::Gone) };
        let started = Instant::now();
        let mut loaded = (Utc::now(), 0.0);
        let fresh = parse::<C::Data>(json.as_deref()).filter(C::is_current);
        let (data, outcome) = if let Some(data) = fresh {
            (data, Outcome::Fresh)
        } else {
            let Some((_, data)) = C::load(&[one], Whole, db).await?.pop() else {
                self.drop_groups(&[group]).await?;
                return Ok(Reload::Gone);
            };
            loaded = (Utc::now(), started.elapsed().as_secs_f64() * 1000.0);
            let outcome = if C::is_kept(&data) {
                let (json, news) = (serde_json::to_string(&data)?, one.news(&data));
                match fragments::store(&self.redis, &group, &part, &stamp, &json, news.as_ref()).await? {
                    Stored::Changed => Outcome::Changed,
                    Stored::Unchanged => Outcome::Unchanged,
                    Stored::Not => Outcome::Superseded,
                }
            } else {
                Outcome::Failed
            };
            (data, outcome)
        };
        let (loaded_at, ms) = loaded;
        let trace = Trace { because: because.clone(), loaded_at, ms, told_at: Utc::now(), outcome };
        let record =
            Record { kind: C::KIND, name, label: C::label(&data), trace: &trace, error: C::error(&data) };
        stats::record(&self.redis, record).await?;
        Ok(if outcome == Outcome::Failed { Reload::Failed } else { Reload::Loaded })
    }

    /// Makes data void that is to be loaded again. Returns what of it is cached or shown on open pages; the rest is
    /// dropped.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn expire(&self, these: Vec<ToReload>, staleness: Staleness) -> redis::RedisResult<Vec<Due>> {
        let groups: Vec<_> = these.iter().map(|one| one.group.clone()).collect();
        self.told.went_stale(&groups, staleness);
        let topics: Vec<_> = these.iter().map(|one| one.topic).collect();
        let (cached, watched) = tokio::try_join!(
            fragments::expire(&self.redis, &groups, staleness),
            live::watched(&self.redis, &topics)
        )?;
        let watched: HashSet<_> =
            topics.into_iter().zip(watched).filter_map(|(topic, is)| is.then_some(topic)).collect();
        let (needed, unneeded): (Vec<_>, Vec<_>) = these
            .into_iter()
            .zip(cached)
            .partition(|(one, is_cached)| *is_cached || watched.contains(&one.topic));
        let unneeded: Vec<_> = unneeded.into_iter().map(|(one, _)| one.group).collect();
        let needed = needed.into_iter().map(|(one, _)| one).collect();
        let ((), due) = tokio::try_join!(fragments::drop(&self.redis, &unneeded, None), self.pace(needed))?;
        Ok(due)
    }

    /// Decides which of these may be loaded at once: those that were not within the time in which changes are
    /// coalesced.
    async fn pace(&self, these: Vec<ToReload>) -> redis::RedisResult<Vec<Due>> {
        if these.is_empty() {
            return Ok(Vec::new());
        }
        let lately = u64::try_from(ReloadCached::COALESCED.as_millis()).unwrap_or(u64::MAX);
        let options = || {
            SetOptions::default().conditional_set(ExistenceCheck::NX).with_expiration(SetExpiry::PX(lately))
        };
        let mut pipe = redis::pipe();
        for one in &these {
            pipe.set_options(self.redis.key(&format!("reloaded:{}", one.group.name())), 1, options());
        }
        let set = |mut redis| async move { pipe.query_async(&mut redis).await };
        let set: Vec<Option<String>> = self.redis.caches().run(Patience::Job, set).await?;
        let due = |(one, set): (ToReload, Option<String>)| Due {
            kind: one.kind,
            name: one.name,
            at_once: set.is_some(),
        };
        Ok(these.into_iter().zip(set).map(due).collect())
    }
}
