//! The cache as shown to operators.

use std::collections::HashMap;

use serde::Serialize;

use super::{Cache, Cached, Group, fragments, parse};
use crate::redis::Patience;

/// A group that holds fragments.
#[derive(Clone, Debug, Serialize)]
pub struct CachedGroup {
    /// The name of the group.
    pub name: String,
    /// The number of fragments in it.
    pub fragments: u64,
    /// Seconds until it expires.
    pub ttl: i64,
}

/// How many groups one round trip asks about.
const AT_ONCE: usize = 500;

impl Cache {
    /// Lists the groups that hold fragments.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn list(&self) -> redis::RedisResult<Vec<CachedGroup>> {
        let prefix = fragments::prefix(&self.redis);
        let keys = self.keys(&format!("{prefix}*")).await?;
        let groups: Vec<_> =
            keys.iter().map(|key| Group::new(key[prefix.len()..].to_owned(), None)).collect();
        self.list_these(&groups).await
    }

    /// Lists those of these groups that hold fragments.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn list_these(&self, groups: &[Group]) -> redis::RedisResult<Vec<CachedGroup>> {
        let mut listed = Vec::new();
        for groups in groups.chunks(AT_ONCE) {
            let measured = fragments::measure(&self.redis, groups).await?;
            let found = groups.iter().zip(measured).filter(|(_, (fragments, _))| *fragments > 0);
            listed.extend(found.map(|(group, (fragments, ttl))| CachedGroup {
                name: group.name().to_owned(),
                fragments,
                ttl,
            }));
        }
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    /// Drops every group whose name starts with `prefix`. Returns how many there were.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn clean(&self, prefix: &str) -> redis::RedisResult<usize> {
        let listed = self.list().await?.into_iter();
        let groups: Vec<_> = listed
            .filter(|group| group.name.starts_with(prefix))
            .map(|group| Group::new(group.name, None))
            .collect();
        self.drop_groups(&groups).await?;
        Ok(groups.len())
    }

    /// Drops exactly these groups, and what is being loaded for them. Returns how many held fragments.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn clean_these(&self, groups: &[Group]) -> redis::RedisResult<usize> {
        let held = self.list_these(groups).await?.len();
        for groups in groups.chunks(AT_ONCE) {
            self.drop_groups(groups).await?;
        }
        Ok(held)
    }

    /// Returns the current data of those of `these` that are cached. Loads nothing.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn peek<C: Cached>(
        &self,
        these: &[C],
        part: C::Part,
    ) -> redis::RedisResult<HashMap<C, C::Data>> {
        let part = part.to_string();
        let mut found = HashMap::new();
        for these in these.chunks(AT_ONCE) {
            let groups: Vec<_> = these.iter().map(C::group).collect();
            let stored = fragments::peek(&self.redis, &groups, &part).await?;
            let current = |json: Option<String>| parse(json.as_deref()).filter(C::is_current);
            found.extend(these.iter().zip(stored).filter_map(|(one, json)| Some((*one, current(json)?))));
        }
        Ok(found)
    }

    pub(super) async fn keys(&self, pattern: &str) -> redis::RedisResult<Vec<String>> {
        let mut found = Vec::new();
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg(pattern).arg("COUNT").arg(500);
            let ask = |mut redis| async move { scan.query_async(&mut redis).await };
            let (next, keys): (u64, Vec<String>) = self.redis.caches().run(Patience::Job, ask).await?;
            found.extend(keys);
            cursor = next;
            if cursor == 0 {
                found.sort();
                found.dedup();
                return Ok(found);
            }
        }
    }
}
