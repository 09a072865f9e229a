//! `pawdium jobs`

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use pawdium_shared::config::Config;
use pawdium_shared::db;
use pawdium_shared::ids::JobId;
use pawdium_shared::queue::control;
use pawdium_shared::queue::inspect::{self, Filter, JobRow};
use sqlx::PgConnection;

use super::table::{shortened, table};

/// How much of an error a list shows.
const ERROR: usize = 80;

/// Shows what the workers do, and helps when a job has failed.
#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// Lists jobs, the newest first.
    ///
    /// Jobs that failed for good are `dead`; look at one with `pawdium jobs show`, mend the cause, and bring it back with
    /// `pawdium jobs retry`.
    List(List),
    /// Shows one job with its payload and last error.
    Show {
        /// The job's number, from the list.
        id: JobId,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Brings dead jobs back with all their attempts, and lets scheduled ones run now.
    Retry {
        /// The jobs' numbers.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<JobId>,
    },
    /// Deletes jobs that aren't running: their work is not done then.
    Delete {
        /// The jobs' numbers.
        #[arg(required = true, value_name = "ID")]
        ids: Vec<JobId>,
    },
}

/// Which jobs to list.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only jobs in this state.
    #[arg(long)]
    state: Option<State>,
    /// Only jobs of this kind, as in media.process.v1.
    #[arg(long)]
    kind: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    /// Print JSON, with payloads.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    /// Waiting for its time: delayed, or between two attempts.
    Scheduled,
    /// Waiting for a worker.
    Ready,
    /// At work.
    Running,
    /// Ended well.
    Done,
    /// Failed for good.
    Dead,
    /// Called off.
    Cancelled,
}

impl State {
    const fn name(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Ready => "ready",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Jobs {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let config = Config::load()?;
        let pool = db::connect(&config.database, "pawdium jobs").context("database.url")?;
        let mut db = pool
            .acquire()
            .await
            .context("connecting to the database; is it running, and database.url right?")?;
        match self {
            Self::List(list) => list.print(&mut db).await?,
            Self::Show { id, json } => show(&mut db, id, json).await?,
            Self::Retry { ids } => {
                let mut refused = Vec::new();
                for id in ids {
                    if control::retry(&mut db, &[id]).await?.is_empty() {
                        refused.push(id);
                    } else {
                        println!("{id} is ready to run");
                    }
                }
                complain(&refused, "is neither dead nor scheduled, so there is nothing to bring back")?;
            }
            Self::Delete { ids } => {
                let mut refused = Vec::new();
                for id in ids {
                    if control::delete(&mut db, &[id]).await?.is_empty() {
                        refused.push(id);
                    } else {
                        println!("{id} is deleted");
                    }
                }
                complain(&refused, "is running or not there")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl List {
    async fn print(self, db: &mut PgConnection) -> Result<()> {
        let state = self.state.map(|state| state.name().parse()).transpose()?;
        let filter = Filter { state, kind: self.kind, ..Filter::default() };
        let jobs = inspect::search(db, &filter, None, self.limit).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&jobs)?);
        } else if jobs.is_empty() {
            println!("There are no such jobs.");
        } else {
            let rows: Vec<_> = jobs.iter().map(row).collect();
            print!("{}", table(["ID", "STATE", "KIND", "ATTEMPT", "DUE OR ENDED", "LAST ERROR"], &rows));
        }
        Ok(())
    }
}

fn row(job: &JobRow) -> [String; 6] {
    [
        job.id.to_string(),
        job.state.to_string(),
        job.kind.clone(),
        format!("{}/{}", job.attempt, job.max_attempts),
        job.at.format("%Y-%m-%d %H:%M:%S").to_string(),
        shortened(job.last_error.as_deref().unwrap_or_default(), ERROR),
    ]
}

async fn show(db: &mut PgConnection, id: JobId, json: bool) -> Result<()> {
    let job = inspect::find(db, id).await?;
    let job = job.with_context(|| format!("there is no job {id}; it may have ended and not be kept"))?;
    if json {
        println!("{}", serde_json::to_string_pretty(&job)?);
        return Ok(());
    }
    println!("job       {}", job.id);
    println!("kind      {} (queue {})", job.kind, job.queue);
    println!("state     {}", job.state);
    println!("attempt   {} of {}", job.attempt, job.max_attempts);
    println!("enqueued  {}", job.created_at.format("%Y-%m-%d %H:%M:%S UTC"));
    println!("at        {}", job.at.format("%Y-%m-%d %H:%M:%S UTC"));
    println!("payload   {}", job.payload);
    if let Some(error) = job.last_error {
        println!("error     {error}");
    }
    Ok(())
}

/// Ends the command with an error that names the jobs that nothing was done about; about the others it was.
fn complain(refused: &[JobId], why: &str) -> Result<()> {
    if refused.is_empty() {
        return Ok(());
    }
    let complaints: Vec<_> = refused.iter().map(|id| format!("job {id} {why}")).collect();
    bail!(complaints.join("\npawdium: "))
}
