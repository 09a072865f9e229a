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

/// List, show, retry, cancel and delete jobs
#[derive(Debug, Subcommand)]
pub(crate) enum Jobs {
    /// List jobs, newest first
    ///
    /// Jobs that have used up their attempts are `dead`: inspect one with `pawdium jobs show`, fix the cause, and
    /// retry it with `pawdium jobs retry`.
    List(List),
    /// List dead jobs by error, most frequent first
    Errors(Errors),
    /// Show one job: its payload, its attempts, and why it is not done yet
    Show {
        /// The job's id, from the list
        id: JobId,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Retry dead and cancelled jobs with all their attempts, and run scheduled ones now
    Retry(Targets),
    /// Cancel jobs: waiting ones don't start, running ones are stopped
    Cancel(Targets),
    /// Delete jobs that aren't running, without a trace; the work of live ones is not done
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
