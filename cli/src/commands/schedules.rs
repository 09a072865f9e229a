//! `pawdium schedules`

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Subcommand;
use pawdium_queue::schedules::{self, ScheduleRow};
use pawdium_shared::audit::Actor;
use pawdium_shared::mask::printable;
use pawdium_shared::operate::{self, Request};
use serde::Serialize;

use super::operator;
use super::say::say;
use super::table::{instant, table};

/// List schedules, and run them now
#[derive(Debug, Subcommand)]
pub(crate) enum Schedules {
    /// List the schedules with their last and next run
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Run a schedule's job now; a scheduler enqueues it within seconds
    Run {
        /// The schedule's name, from the list
        name: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// The result of requesting a run.
#[derive(Debug, Serialize)]
struct Asked<'a> {
    name: &'a str,
    /// Whether this request is new.
    changed: bool,
}

impl Schedules {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let db = operator::connect("pawdium schedules").await?;
        match self {
            Self::List { json } => {
                let schedules = schedules::list(&mut *db.acquire().await?).await?;
                if json {
                    println!("{}", serde_json::to_string_pretty(&schedules)?);
                } else if schedules.is_empty() {
                    println!("No schedules are known yet; is pawdium-scheduler running?");
                } else {
                    let rows: Vec<_> = schedules.iter().map(row).collect();
                    print!("{}", table(["SCHEDULE", "KIND", "WHEN", "MISSED", "LAST", "NEXT"], &rows));
                }
            }
            Self::Run { name, json } => {
                let operator = operator::name();
                let (changed, told) =
                    match operate::run_schedule(&db, Actor::Operator(&operator), &name).await? {
                        Request::Made => (
                            true,
                            format!("{name} is requested; a scheduler will enqueue its job within seconds."),
                        ),
                        Request::Pending => {
                            (false, format!("{name} was already requested; is pawdium-scheduler running?"))
                        }
                        Request::Unknown => {
                            bail!("there is no schedule {}; see `pawdium schedules list`", printable(&name))
                        }
                    };
                say(json, &Asked { name: &name, changed }, &told)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn row(schedule: &ScheduleRow) -> [String; 6] {
    let time = |at: Option<_>| at.map_or_else(|| "-".to_owned(), instant);
    let next = if schedule.requested_at.is_some() { "now".to_owned() } else { time(schedule.next_at) };
    [
        schedule.name.clone(),
        schedule.kind.clone(),
        schedule.expression.clone(),
        schedule.missed.clone(),
        time(schedule.last_fired_at),
        next,
    ]
}
