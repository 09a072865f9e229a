//! `pawdium jobs`

mod act;
mod list;
mod selection;
mod show;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use pawdium_queue::JobId;
use pawdium_shared::operate::Act;

use self::act::Targets;
use self::list::{Errors, List};
use super::operator;

/// Shows what the workers do, and helps when a job has failed.
#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// Lists jobs, the newest first.
    ///
    /// Jobs that failed for good are `dead`; look at one with `pawdium jobs show`, mend the cause, and bring it back with
    /// `pawdium jobs retry`.
    List(List),
    /// Lists the dead by error, the most frequent first.
    Errors(Errors),
    /// Shows one job: its payload, each of its attempts, and why it is not done yet.
    Show {
        /// The job's id, from the list.
        id: JobId,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Brings dead and cancelled jobs back with all their attempts, and lets scheduled ones run now.
    Retry(Targets),
    /// Cancels jobs: they no longer start, and running ones are stopped.
    Cancel(Targets),
    /// Deletes jobs that aren't running, without a trace: the work of live ones is not done then.
    Delete(Targets),
}

impl Jobs {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let db = operator::connect("pawdium jobs").await?;
        match self {
            Self::List(list) => list.print(&db).await?,
            Self::Errors(errors) => errors.print(&db).await?,
            Self::Show { id, json } => show::print(&db, id, json).await?,
            Self::Retry(targets) => targets.act(&db, Act::Retry).await?,
            Self::Cancel(targets) => targets.act(&db, Act::Cancel).await?,
            Self::Delete(targets) => targets.act(&db, Act::Delete).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
