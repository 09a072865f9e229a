//! `pawdium jobs show`

use std::fmt::{self, Display, Formatter};

use anyhow::{Context as _, Result};
use chrono::{DateTime, Utc};
use pawdium_queue::JobId;
use pawdium_queue::inspect::{self, FailedAttempt, JobDetail, TimelineEntry, TimelineEvent};
use pawdium_shared::db::Db;
use pawdium_shared::mask::printable;
use serde::Serialize;

/// A job with its explanation, as printed in JSON.
#[derive(Debug, Serialize)]
struct Told {
    #[serde(flatten)]
    job: JobDetail,
    /// Why it is not done yet, or how it ended.
    why: String,
    timeline: Vec<TimelineEntry>,
}

pub(super) async fn print(db: &Db, id: JobId, json: bool) -> Result<()> {
    let mut db = db.begin().await?;
    let job = inspect::find_detail(&mut db, id).await?;
    let job = job.with_context(|| format!("there is no job {id}; it may have ended without being kept"))?;
    let why = inspect::explain(&mut db, &job).await?.to_string();
    let told = Told { why, timeline: inspect::timeline(&job), job };
    if json {
        println!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        print!("{told}");
    }
    Ok(())
}

impl Display for Told {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (job, row) = (&self.job, &self.job.row);
        let mut facts = vec![
            ("job", row.id.to_string()),
            ("kind", format!("{} (queue {})", row.kind, row.queue)),
            ("state", row.state.to_string()),
            ("attempt", format!("{} of {}", row.attempt, row.max_attempts)),
            ("priority", job.priority.to_string()),
        ];
        facts.extend(row.subject.clone().map(|subject| ("about", subject)));
        facts.extend(row.partition_key.clone().map(|key| ("partition", key)));
        facts.extend(job.unique_key.clone().map(|key| ("key", key)));
        facts.extend(job.group.map(|group| ("group", group.0.to_string())));
        facts.push(("payload", row.payload.to_string()));
        facts.push(("why", self.why.clone()));
        for (name, fact) in facts {
            writeln!(f, "{name:9} {}", printable(&fact))?;
        }
        writeln!(f)?;
        for moment in &self.timeline {
            writeln!(f, "{}  {}", moment.at.format("%Y-%m-%d %H:%M:%S%.3f"), said(moment))?;
        }
        Ok(())
    }
}

/// Describes an event of the timeline.
fn said(entry: &TimelineEntry) -> String {
    match &entry.event {
        TimelineEvent::Enqueued => "enqueued".to_owned(),
        TimelineEvent::Failed(failure) => failed(failure),
        TimelineEvent::Due { attempt } => format!("attempt {attempt} is due"),
        TimelineEvent::Claimed { attempt, worker } => match worker {
            Some(worker) => format!("attempt {attempt} started on {worker}"),
            None => format!("attempt {attempt} started"),
        },
        TimelineEvent::Done => "done".to_owned(),
        TimelineEvent::Dead => "dead: no automatic retries are left".to_owned(),
        TimelineEvent::Cancelled { reason: Some(reason) } => format!("cancelled: {}", printable(reason)),
        TimelineEvent::Cancelled { reason: None } => "cancelled".to_owned(),
    }
}

fn failed(failure: &FailedAttempt) -> String {
    let FailedAttempt { attempt, worker, worker_name, started_at, ended_at, error } = failure;
    let on = match (worker_name, worker) {
        (Some(name), _) => format!(" on {name}"),
        (None, Some(id)) => format!(" on worker {id}"),
        (None, None) => String::new(),
    };
    let after = started_at.map(|started| format!(" after {} ms", millis(started, *ended_at)));
    // Further lines of an error are printed below the first.
    let error: Vec<_> = error.trim_end().lines().map(printable).collect();
    let error = error.join("\n                         ");
    format!("attempt {attempt} failed{on}{}: {error}", after.unwrap_or_default())
}

/// Milliseconds between two times, at least 0. The end can be stamped by a transaction that began before the start.
fn millis(from: DateTime<Utc>, to: DateTime<Utc>) -> i64 {
    (to - from).num_milliseconds().max(0)
}
