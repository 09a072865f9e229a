//! `pawdium queues`

use std::process::ExitCode;

use anyhow::{Result, bail};
use chrono::{DateTime, Utc};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use pawdium_queue::control::{self, QueueSettings};
use pawdium_queue::inspect::{self, KindCounts, KindFigures, Moved};
use pawdium_queue::{Limits, Queue};
use pawdium_shared::audit::Actor;
use pawdium_shared::db::Db;
use pawdium_shared::operate;
use pawdium_shared::queues;
use serde::Serialize;
use sqlx::PgConnection;

use super::operator;
use super::say::say;
use super::table::{age, instant, table};

/// The period for rates, in minutes.
const HOUR: u16 = 60;

/// List, pause, resume and limit queues
#[derive(Debug, Subcommand)]
pub(crate) enum Queues {
    /// List the queues with waiting, running and dead jobs of each kind, and the last hour's rates
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Pause a queue: nothing new starts, running jobs finish
    Pause {
        /// The queue
        #[arg(value_parser = queues())]
        queue: Queue,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Resume a queue
    Resume {
        /// The queue
        #[arg(value_parser = queues())]
        queue: Queue,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Set a queue's limits across all worker processes; options left out keep their value
    Limit(Limit),
}

/// The limits to set.
#[derive(Debug, Args)]
pub(crate) struct Limit {
    /// The queue
    #[arg(value_parser = queues())]
    queue: Queue,
    /// Maximum number of running jobs; a number or none
    #[arg(long, value_parser = limit, value_name = "N|none")]
    max_running: Option<Bound>,
    /// Maximum number of jobs started per minute
    #[arg(long, value_parser = limit, value_name = "N|none")]
    starts_per_minute: Option<Bound>,
    /// Maximum number of running jobs per partition: one member's photos, one domain's mail
    #[arg(long, value_parser = limit, value_name = "N|none")]
    partition_max_running: Option<Bound>,
    /// Maximum number of jobs started per minute and partition
    #[arg(long, value_parser = limit, value_name = "N|none")]
    partition_starts_per_minute: Option<Bound>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The result of pausing or resuming.
#[derive(Debug, Serialize)]
struct Flow {
    name: &'static str,
    paused: bool,
    /// Whether the state changed.
    changed: bool,
}

/// The resulting limits.
#[derive(Debug, Serialize)]
struct Limited {
    name: &'static str,
    #[serde(flatten)]
    limits: Limits,
}

/// A limit on the command line: a number, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound(Option<i32>);

fn queues() -> impl TypedValueParser<Value = Queue> {
    PossibleValuesParser::new(queues::ALL.map(Queue::name)).try_map(|name| queues::parse(&name))
}

fn limit(text: &str) -> Result<Bound, String> {
    match text {
        "none" => Ok(Bound(None)),
        text => match text.parse() {
            Ok(limit) if (1..=Limits::MOST).contains(&limit) => Ok(Bound(Some(limit))),
            _ => Err(format!("expected a whole number from 1 to {}, or none", Limits::MOST)),
        },
    }
}

impl Queues {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let db = operator::connect("pawdium queues").await?;
        let name = operator::name();
        let actor = Actor::Operator(&name);
        match self {
            Self::List { json } => list(&mut *db.acquire().await?, json).await?,
            Self::Pause { queue, json } => {
                let changed = operate::pause(&db, actor, queue).await?;
                let told = format!("{queue} is paused{}", if changed { "" } else { " already" });
                say(json, &Flow { name: queue.name(), paused: true, changed }, &told)?;
            }
            Self::Resume { queue, json } => {
                let changed = operate::resume(&db, actor, queue).await?;
                let told = format!("{queue} is {}", if changed { "resumed" } else { "not paused" });
                say(json, &Flow { name: queue.name(), paused: false, changed }, &told)?;
            }
            Self::Limit(limit) => {
                let limits = limit.set(&db, actor).await?;
                let told = format!("{}: {}", limit.queue, said(limits));
                say(limit.json, &Limited { name: limit.queue.name(), limits }, &told)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Limit {
    async fn set(&self, db: &Db, actor: Actor<'_>) -> Result<Limits> {
        let named = [
            self.max_running,
            self.starts_per_minute,
            self.partition_max_running,
            self.partition_starts_per_minute,
        ];
        if named == [None; 4] {
            bail!("name a limit to set, as in `pawdium queues limit {} --max-running 4`", self.queue);
        }
        let settings = control::list_queues(&mut *db.acquire().await?).await?;
        let Some(set) = settings.into_iter().find(|set| set.name == self.queue.name()) else {
            bail!("the database has no queue {}; run `pawdium migrate`", self.queue);
        };
        let limits = self.over(set.limits);
        operate::limit(db, actor, self.queue, limits).await?;
        Ok(limits)
    }

    /// The given limits over the stored ones.
    fn over(&self, set: Limits) -> Limits {
        let one = |named: Option<Bound>, set| named.map_or(set, |bound| bound.0);
        Limits {
            max_running: one(self.max_running, set.max_running),
            starts_per_minute: one(self.starts_per_minute, set.starts_per_minute),
            partition_max_running: one(self.partition_max_running, set.partition_max_running),
            partition_starts_per_minute: one(
                self.partition_starts_per_minute,
                set.partition_starts_per_minute,
            ),
        }
    }
}

fn said(limits: Limits) -> String {
    let words = limits.in_words();
    if words.is_empty() { "no limit".to_owned() } else { words.join(", ") }
}

/// A queue as printed in JSON.
#[derive(Debug, Serialize)]
struct Shown {
    #[serde(flatten)]
    settings: QueueSettings,
    kinds: Vec<Kind>,
}

#[derive(Debug, Serialize)]
struct Kind {
    #[serde(flatten)]
    counts: KindCounts,
    last_hour: Moved,
}

async fn list(db: &mut PgConnection, json: bool) -> Result<()> {
    let now = Utc::now();
    let settings = control::list_queues(db).await?;
    let counts = inspect::count_kinds(db).await?;
    let rates = inspect::list_rates(db, now, HOUR / 60, HOUR).await?;
    let shown = shown(settings, &inspect::by_kind(&[], counts, rates));
    if json {
        println!("{}", serde_json::to_string_pretty(&shown)?);
        return Ok(());
    }
    let rows: Vec<_> = shown.iter().flat_map(|queue| queue.kinds.iter().map(|kind| row(kind, now))).collect();
    if rows.is_empty() {
        println!("There are no jobs, and none ran in the last hour.");
    } else {
        let headings =
            ["QUEUE", "KIND", "READY", "RUNNING", "SCHEDULED", "DEAD", "OLDEST", "DONE/H", "FAILED/H"];
        print!("{}", table(headings, &rows));
    }
    for queue in shown {
        let name = &queue.settings.name;
        if let Some(since) = queue.settings.paused_at {
            println!(
                "{name} is paused since {}; resume it with `pawdium queues resume {name}`",
                instant(since)
            );
        }
        let limits = queue.settings.limits.in_words();
        if !limits.is_empty() {
            println!("{name} is limited: {}", limits.join(", "));
        }
    }
    Ok(())
}

fn row(kind: &Kind, now: DateTime<Utc>) -> [String; 9] {
    let Kind { counts, last_hour } = kind;
    [
        counts.queue.clone(),
        counts.kind.clone(),
        counts.ready.to_string(),
        counts.running.to_string(),
        counts.scheduled.to_string(),
        counts.dead.to_string(),
        counts.oldest.map_or_else(|| "-".to_owned(), |oldest| age(now - oldest)),
        last_hour.done.to_string(),
        last_hour.failed().to_string(),
    ]
}

/// Each queue with the kinds that have jobs now or had some in the last hour.
fn shown(settings: Vec<QueueSettings>, kinds: &[KindFigures]) -> Vec<Shown> {
    let kind = |kind: &KindFigures| Kind { counts: kind.counts.clone(), last_hour: kind.total() };
    let queue = |settings: QueueSettings| {
        let own = kinds.iter().filter(|kind| kind.counts.queue == settings.name);
        Shown { kinds: own.map(kind).collect(), settings }
    };
    settings.into_iter().map(queue).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_a_positive_number_or_none() {
        assert_eq!(limit("12"), Ok(Bound(Some(12))));
        assert_eq!(limit("none"), Ok(Bound(None)));
        for bad in ["0", "-1", "", "x", "1000001", "99999999999"] {
            assert!(limit(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn limits_left_out_keep_their_value() {
        let named = Limit {
            queue: queues::MAIL,
            max_running: Some(Bound(Some(3))),
            starts_per_minute: None,
            partition_max_running: Some(Bound(None)),
            partition_starts_per_minute: None,
            json: false,
        };
        let set = Limits { starts_per_minute: Some(60), partition_max_running: Some(2), ..Limits::default() };
        let limits = Limits { max_running: Some(3), starts_per_minute: Some(60), ..Limits::default() };
        assert_eq!(named.over(set), limits);
    }
}
