//! `pawdium jobs list` and `pawdium jobs errors`

use anyhow::Result;
use clap::Args;
use pawdium_queue::JobId;
use pawdium_queue::inspect::{self, JobRow};
use pawdium_shared::db::Db;

use super::selection::Selection;
use crate::commands::table::{instant, shortened, table};

/// Characters of an error shown in a list.
const ERROR: usize = 80;

/// The jobs to list.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    selection: Selection,
    /// Maximum number of jobs
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    /// Only jobs older than this one: continues a list that ended with it
    #[arg(long, value_name = "ID")]
    before: Option<JobId>,
    /// Print JSON, with payloads
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) async fn print(self, db: &Db) -> Result<()> {
        let mut db = db.begin().await?;
        let filter = self.selection.filter(&mut db).await?;
        let jobs = inspect::search(&mut db, &filter, self.before, self.limit).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&jobs)?);
        } else if jobs.is_empty() {
            println!("No jobs found.");
        } else {
            print!("{}", lines(&jobs));
        }
        Ok(())
    }
}

/// Formats the jobs, one per line.
pub(super) fn lines(jobs: &[JobRow]) -> String {
    let row = |job: &JobRow| {
        [
            job.id.to_string(),
            job.state.to_string(),
            job.kind.clone(),
            format!("{}/{}", job.attempt, job.max_attempts),
            instant(job.at),
            shortened(job.last_error.as_deref().unwrap_or_default(), ERROR),
        ]
    };
    let rows: Vec<_> = jobs.iter().map(row).collect();
    table(["ID", "STATE", "KIND", "ATTEMPT", "DUE OR ENDED", "LAST ERROR"], &rows)
}

/// The dead jobs to group by error.
#[derive(Debug, Args)]
pub(crate) struct Errors {
    /// Maximum number of errors
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=1000))]
    limit: i64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Errors {
    pub(super) async fn print(self, db: &Db) -> Result<()> {
        let groups = inspect::group_dead(&mut *db.acquire().await?, self.limit).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&groups)?);
        } else if groups.is_empty() {
            println!("No jobs are dead.");
        } else {
            let rows: Vec<_> = groups
                .into_iter()
                .map(|group| {
                    let count = group.count.to_string();
                    [count, group.kind, group.last.to_string(), instant(group.last_at), group.error]
                })
                .collect();
            print!("{}", table(["DEAD", "KIND", "NEWEST", "ENDED", "ERROR"], &rows));
        }
        Ok(())
    }
}
