//! Latencies and plans.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Result;
use pawdium_bench::figures::quantile;
use pawdium_bench::stores::Stores;
use sqlx::PgConnection;

use crate::cases::Case;

/// What was found about a case.
pub(crate) struct Found {
    name: &'static str,
    limit: Duration,
    rounds: usize,
    /// The median, the 95th percentile and the longest, in milliseconds.
    times: [f64; 3],
    /// Tables that were read whole.
    scanned: Vec<String>,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [median, most, worst] = self.times;
        write!(
            f,
            "{:<26} p50 {median:7.2} ms   p95 {most:7.2} ms   longest {worst:7.2} ms   of {} requests, at most {} ms",
            self.name,
            self.rounds,
            self.limit.as_millis(),
        )
    }
}

impl Found {
    /// What is wrong with it.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.times[1] > self.limit.as_secs_f64() * 1000.0 {
            problems.push(format!("{}: 95 in 100 take up to {:.1} ms", self.name, self.times[1]));
        }
        if !self.scanned.is_empty() {
            problems.push(format!("{}: reads whole tables: {}", self.name, self.scanned.join(", ")));
        }
        problems
    }
}

/// Asks a case again and again, each of its asks first once for the caches.
pub(crate) async fn measure(db: &mut PgConnection, case: &Case, rounds: usize) -> Result<Found> {
    for number in 0..case.asks.len() {
        case.asks.ask(db, number).await?;
    }
    // What other connections read, such as that which fills the tables, doesn't count.
    sqlx::raw_sql("begin").execute(&mut *db).await?;
    let before = scans(db).await?;
    let mut times = Vec::with_capacity(rounds);
    for number in 0..rounds {
        let begin = Instant::now();
        case.asks.ask(db, number).await?;
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
    }
    let after = scans(db).await?;
    sqlx::raw_sql("commit").execute(&mut *db).await?;
    times.sort_by(f64::total_cmp);
    let scanned = after
        .into_iter()
        .filter(|(table, count)| before.iter().any(|(known, earlier)| known == table && count > earlier));
    Ok(Found {
        name: case.name,
        limit: case.limit,
        rounds,
        times: [0.5, 0.95, 1.0].map(|share| quantile(&times, share).unwrap_or_default()),
        scanned: scanned.map(|(table, _)| table).collect(),
    })
}

/// How often this connection has read each table whole since its transaction began.
async fn scans(db: &mut PgConnection) -> Result<Vec<(String, i64)>> {
    let scans = sqlx::query_as(
        "select relname::text, seq_scan from pg_stat_xact_user_tables
         where relname in ('photos', 'taggings', 'topics', 'topic_keys', 'photo_ranks', 'users', 'hubs',
                           'comments', 'member_blocks', 'cases', 'reports', 'audit_log')",
    );
    Ok(scans.fetch_all(db).await?)
}

/// The plans of the last of a case's asks, as the server logs them.
pub(crate) async fn plan(db: &mut PgConnection, case: &Case, stores: &Stores) -> Result<String> {
    let before = stores.postgres_log()?.len();
    let explain =
        "load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_analyze = on";
    sqlx::raw_sql(explain).execute(&mut *db).await?;
    case.asks.ask(db, case.asks.len() - 1).await?;
    sqlx::raw_sql("set auto_explain.log_min_duration = -1").execute(db).await?;
    Ok(stores.postgres_log()?.split_off(before))
}

#[cfg(test)]
mod tests {
    use pawdium_shared::db::MIGRATIONS;
    use sqlx::{Executor as _, PgPool};

    use super::*;
    use crate::{cases, comments, reports, seed};

    #[sqlx::test(migrator = "MIGRATIONS")]
    async fn no_request_needs_to_read_a_whole_table(db: PgPool) {
        let mut db = db.acquire().await.expect("a connection");
        seed::fill(&mut db, 2_000, 200).await.expect("it is seeded");
        // On a small site the planner reads whole tables because that is faster. Here it may only where nothing else
        // goes.
        db.execute("set enable_seqscan = off").await.expect("it is set");
        let commented = comments::fill(&mut db, 3_000).await.expect("comments are seeded");
        reports::fill(&mut db, 2_000).await.expect("reports are seeded");
        for case in cases::all(&mut db, commented).await.expect("they are there") {
            let found = measure(&mut db, &case, case.asks.len()).await.expect("it is measured");
            assert_eq!(found.scanned, Vec::<String>::new(), "{}", found.name);
            assert!(
                case.asks.ask(&mut db, 0).await.expect("it is asked") > 0,
                "{} finds something",
                found.name
            );
        }
    }
}
