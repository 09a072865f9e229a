//! The admin pages' queries over ten million ended jobs.

use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Args;
use pawdium_bench::figures::quantile;
use pawdium_queue::JobId;
use pawdium_queue::inspect::{self, Filter, JobState};
use pawdium_queue::ledger;
use pawdium_shared::db::{Db, Tx};
use sqlx::PgConnection;

use crate::contenders;
use crate::measures::{alone, fresh};

/// Rows per insert statement.
const STEP: u64 = 500_000;

/// Page size of the search.
const PAGE: i64 = 51;

/// Measure the admin pages' queries with a large history
#[derive(Debug, Args)]
pub(crate) struct History {
    /// Number of ended jobs
    #[arg(long, default_value_t = 10_000_000)]
    ended: u64,
    /// Repetitions of each query after the first; the median counts
    #[arg(long, default_value_t = 9)]
    rounds: usize,
}

impl History {
    pub(crate) async fn run(self) -> Result<()> {
        let (contender, mut stores) = alone(contenders::OURS).await?;
        fresh(&mut stores, &contender).await?;
        let db = stores.pool()?;
        self.fill(&mut *db.acquire().await?).await?;
        println!("With {} ended jobs, one in 25 with an error:\n", self.ended);
        println!("| query | first, ms | then, ms |");
        println!("|---|---:|---:|");
        for (asked, filter) in searches(self.ended) {
            let search = async |db: &mut Tx| inspect::search(db, &filter, None, PAGE).await.map(drop);
            self.row(&db, asked, search).await?;
        }
        let job = JobId(i64::try_from(self.ended / 2)?);
        self.row(&db, "one job", async |db| inspect::find_detail(db, job).await.map(drop)).await?;
        self.row(&db, "dead jobs by error", async |db| inspect::group_dead(db, PAGE).await.map(drop)).await?;
        self.row(&db, "the queue overview", async |db| {
            inspect::count_kinds(db).await?;
            ledger::balance(db).await.map(drop)
        })
        .await?;
        stores.stop().await
    }

    async fn fill(&self, db: &mut PgConnection) -> Result<()> {
        let mut filled = 0;
        while filled < self.ended {
            let step = STEP.min(self.ended - filled);
            sqlx::query(FILL)
                .bind(i64::try_from(filled + 1)?)
                .bind(i64::try_from(filled + step)?)
                .execute(&mut *db)
                .await?;
            filled += step;
            eprintln!("{filled} of {} jobs have ended", self.ended);
        }
        for table in ["job_history", "job_errors"] {
            sqlx::raw_sql(sqlx::AssertSqlSafe(format!("vacuum (analyze) {table}"))).execute(&mut *db).await?;
        }
        Ok(())
    }

    async fn row(
        &self,
        db: &Db,
        asked: &str,
        question: impl AsyncFn(&mut Tx) -> sqlx::Result<()>,
    ) -> Result<()> {
        let mut times = Vec::with_capacity(self.rounds);
        for _ in 0..=self.rounds {
            let begin = Instant::now();
            let mut tx = db.begin().await?;
            question(&mut tx).await?;
            tx.commit().await?;
            times.push(begin.elapsed().as_secs_f64() * 1000.0);
        }
        let first = times.remove(0);
        times.sort_by(f64::total_cmp);
        let then = quantile(&times, 0.5).context("--rounds is at least 1")?;
        println!("| {asked} | {first:.1} | {then:.1} |");
        Ok(())
    }
}

/// Mostly pictures and mail of 20,000 members. Ids are scattered over the errors, as in production.
const FILL: &str = "
insert into job_history (id, queue, kind, outcome, priority, attempt, max_attempts, claim, created_at, run_at,
                         claimed_at, finished_at, expires_at, payload, last_error, partition_key, subject)
select id, split_part(kind, '.', 1), kind,
       (case when not fails then 'done' when id % 5 = 0 then 'cancelled' else 'dead' end)::job_outcome,
       0, 1, 3, 2, at, at, at, at + interval '80 ms', at + interval '90 days',
       jsonb_build_object('photo', id % 3000000, 'owner', id % 20000),
       case when fails then (array['timed out after ' || id % 20 || ' s', 'connection refused by 10.0.0.' || id % 250,
                                   'the mailbox of member ' || id % 20000 || ' is full', 'out of memory',
                                   'called off by root'])[1 + (id * 7919) % 5]
                            || E'\\nCaused by: os error ' || (id * 31) % 97 || ' at worker ' || id % 3 end,
       case when kind < 'n' then 'user:' || (id * 7919) % 20000 end,
       case when kind < 'n' then 'photo:' || (id * 104729) % 3000000 end
from (select id, now() - ($2 - id) * interval '0.5 s' as at, (id * 104729) % 25 = 0 as fails,
             (array['media.process.v1', 'media.process.v1', 'mail.send.v1', 'mail.send.v1', 'ranking.refresh.v1',
                    'cache.invalidate.v1', 'metrics.report.v1'])[1 + (id * 613) % 7] as kind
      from generate_series($1::bigint, $2::bigint) as id) as job";

/// Frequent, rare and absent errors, and every other filter.
fn searches(ended: u64) -> Vec<(&'static str, Filter)> {
    let any = Filter::default;
    let error = |text: &str| Filter { error: Some(text.to_owned()), ..any() };
    let kind = || Some("mail.send.v1".to_owned());
    let middle = i64::try_from(ended / 2).ok().map(JobId);
    vec![
        ("the newest jobs", any()),
        ("by id", Filter { id: middle, ..any() }),
        ("by kind", Filter { kind: kind(), ..any() }),
        ("dead", Filter { state: Some(JobState::Dead), ..any() }),
        ("dead, by kind", Filter { state: Some(JobState::Dead), kind: kind(), ..any() }),
        ("by photo", Filter { subject: Some("photo:4711".to_owned()), ..any() }),
        ("by partition", Filter { partition: Some("user:4711".to_owned()), ..any() }),
        ("a frequent error", error("out of memory")),
        ("a rare error", error("os error 22 at worker 2")),
        ("a very rare error", error("mailbox of member 4711 is")),
        ("an absent error", error("zebra crossing")),
        ("an error, by kind", Filter { kind: kind(), ..error("os error 43 at") }),
        ("an error, by partition", Filter { partition: Some("user:4711".to_owned()), ..error("timed out") }),
    ]
}
