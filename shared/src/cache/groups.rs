//! The cache as shown to operators.

use serde::Serialize;

use super::{Cache, Group, fragments};
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

impl Cache {
    /// Lists the groups that hold fragments.
    ///
    /// # Errors
    /// If Redis is unreachable.
    pub async fn list(&self) -> redis::RedisResult<Vec<CachedGroup>> {
        let prefix = fragments::prefix(&self.redis);
        let mut groups = Vec::new();
        for key in self.keys(&format!("{prefix}*")).await? {
            let mut pipe = redis::pipe();
            pipe.hlen(&key).ttl(&key);
            let ask = |mut redis| async move { pipe.query_async(&mut redis).await };
            let (fragments, ttl): (u64, i64) = self.redis.caches().run(Patience::Job, ask).await?;
            groups.push(CachedGroup { name: key[prefix.len()..].to_owned(), fragments, ttl });
        }
        groups.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(groups)
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
