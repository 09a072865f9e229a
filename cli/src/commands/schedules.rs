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

/// Shows what happens by the clock, and makes it happen now.
#[derive(Debug, Subcommand)]
pub(crate) enum Schedules {
    /// Lists the schedules, with their last run and the next one.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Has a schedule's job enqueued now, by the next scheduler that looks.
    Run {
        /// The schedule's name, from the list.
        name: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What asking for a run came to.
#[derive(Debug, Serialize)]
struct Asked<'a> {
    name: &'a str,
    /// Whether it was not asked for before.
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
                    println!("No scheduler has told of any schedule yet; is pawdium-scheduler running?");
                } else {
                    let rows: Vec<_> = schedules.iter().map(row).collect();
                    print!("{}", table(["SCHEDULE", "KIND", "WHEN", "MISSED", "LAST", "NEXT"], &rows));
                }
            }
            Self::Run { name, json } => {
                let operator = operator::name();
                let (changed, told) = match operate::run_schedule(&db, Actor::Operator(&operator), &name)
                    .await?
                {
                    Request::Made => {
                        (true, format!("{name} is asked for; a scheduler enqueues its job within seconds."))
                    }
                    Request::Pending => {
                        (false, format!("{name} was asked for before; is pawdium-scheduler running?"))
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
