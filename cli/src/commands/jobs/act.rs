//! `pawdium jobs retry`, `cancel` and `delete`, for the given ids or for a selection.

use anyhow::{Result, bail};
use clap::Args;
use pawdium_queue::JobId;
use pawdium_queue::inspect::{self, BULK};
use pawdium_shared::audit::Actor;
use pawdium_shared::db::Db;
use pawdium_shared::operate::{self, Act, Preview};
use serde_json::json;

use super::list;
use super::selection::Selection;
use crate::commands::operator;

/// Number of jobs that a dry run shows.
const SHOWN: usize = 10;

/// The jobs to act on: ids or a selection.
#[derive(Debug, Args)]
pub(crate) struct Targets {
    /// Job ids; without them, all jobs that the options select
    #[arg(value_name = "ID")]
    ids: Vec<JobId>,
    #[command(flatten)]
    selection: Selection,
    /// Show the affected jobs and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Don't ask for confirmation
    #[arg(long, short, conflicts_with = "dry_run")]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Targets {
    pub(super) async fn act(self, db: &Db, act: Act) -> Result<()> {
        let filter = self.selection.filter(&mut *db.acquire().await?).await?;
        match (self.ids.is_empty(), filter.is_empty()) {
            (true, true) => bail!(
                "name jobs by their ids, or select some, as in `pawdium jobs {} --kind mail.send.v1`; without either \
                 it would be every job there is",
                act.name()
            ),
            (false, false) => bail!("name jobs by their ids or select some, not both"),
            (false, true) if self.dry_run => {
                let preview = among(db, act, &self.ids).await?;
                self.show(db, act, &preview).await
            }
            (false, true) => self.act_on_named(db, act).await,
            (true, false) => {
                let preview = operate::preview(&mut db.begin().await?, act, &filter).await?;
                if self.dry_run {
                    return self.show(db, act, &preview).await;
                }
                if !self.yes && !preview.jobs.is_empty() && !operator::confirm(&question(act, &preview))? {
                    bail!("nothing was changed");
                }
                let name = operator::name();
                let found = preview.found();
                let done = operate::act_on_preview(db, Actor::Operator(&name), act, &filter, &found).await?;
                if self.json {
                    let left = found.count() - done.len();
                    let said =
                        json!({ "act": act.name(), "jobs": done, "left": left, "more": preview.capped });
                    println!("{}", serde_json::to_string_pretty(&said)?);
                } else {
                    println!("{}", told(act, done.len(), found.count() - done.len(), preview.capped));
                }
                Ok(())
            }
        }
    }

    async fn act_on_named(&self, db: &Db, act: Act) -> Result<()> {
        let name = operator::name();
        let done = operate::act(db, Actor::Operator(&name), act, &self.ids).await?;
        if self.json {
            let said = json!({ "act": act.name(), "jobs": done, "left": self.ids.len() - done.len() });
            println!("{}", serde_json::to_string_pretty(&said)?);
        } else {
            for id in &done {
                println!("{id} {}", became(act));
            }
        }
        complain(act, self.ids.iter().filter(|id| !done.contains(id)))
    }

    async fn show(&self, db: &Db, act: Act, preview: &Preview) -> Result<()> {
        if self.json {
            let states: serde_json::Map<_, _> = preview
                .counts()
                .into_iter()
                .map(|(state, count)| (state.to_string(), json!(count)))
                .collect();
            let ids: Vec<_> = preview.jobs.iter().map(|(id, _)| id).collect();
            let said = json!({ "act": act.name(), "states": states, "jobs": ids, "more": preview.capped });
            println!("{}", serde_json::to_string_pretty(&said)?);
            return Ok(());
        }
        println!("{}", would(act, preview));
        let mut jobs = Vec::new();
        let mut tx = db.begin().await?;
        for (id, _) in preview.jobs.iter().take(SHOWN) {
            jobs.extend(inspect::find(&mut tx, *id).await?);
        }
        drop(tx);
        if !jobs.is_empty() {
            print!("{}", list::lines(&jobs));
        }
        if preview.jobs.len() > jobs.len() {
            println!("… and {} more", preview.jobs.len() - jobs.len());
        }
        Ok(())
    }
}

/// The given jobs that `act` is possible for.
async fn among(db: &Db, act: Act, ids: &[JobId]) -> Result<Preview> {
    let mut preview = Preview::default();
    let mut tx = db.begin().await?;
    for id in ids {
        let job = inspect::find(&mut tx, *id).await?.filter(|job| act.is_possible(job.state));
        preview.jobs.extend(job.map(|job| (job.id, job.state)));
    }
    Ok(preview)
}

fn question(act: Act, preview: &Preview) -> String {
    let verb = match act {
        Act::Retry => "Retry",
        Act::Cancel => "Cancel",
        Act::Delete => "Delete",
    };
    format!("{verb} {}?", counted(preview))
}

fn would(act: Act, preview: &Preview) -> String {
    let verb = match act {
        Act::Retry => "retried",
        Act::Cancel => "cancelled",
        Act::Delete => "deleted",
    };
    format!("{} would be {verb}; only jobs that are {} can be.", counted(preview), act.possible_states())
}

/// `312 jobs (12 scheduled, 300 dead)`
fn counted(preview: &Preview) -> String {
    let states: Vec<_> = preview.counts().iter().map(|(state, count)| format!("{count} {state}")).collect();
    let states = if states.is_empty() { String::new() } else { format!(" ({})", states.join(", ")) };
    let more = if preview.capped { format!(", the newest {BULK} of more") } else { String::new() };
    format!("{}{states}{more}", jobs(preview.jobs.len()))
}

fn told(act: Act, done: usize, left: usize, capped: bool) -> String {
    let was = match act {
        Act::Retry => "retried",
        Act::Cancel => "cancelled",
        Act::Delete => "deleted",
    };
    let left = if left == 0 {
        String::new()
    } else {
        format!(" {} changed meanwhile and were skipped.", jobs(left))
    };
    let more = if capped { " There are more: run it again." } else { "" };
    format!("{} {was}.{left}{more}", jobs(done))
}

fn jobs(count: usize) -> String {
    if count == 1 { "1 job".to_owned() } else { format!("{count} jobs") }
}

const fn became(act: Act) -> &'static str {
    match act {
        Act::Retry => "is ready to run",
        Act::Cancel => "is cancelled",
        Act::Delete => "is deleted",
    }
}

/// Fails with an error that names the jobs that couldn't be acted on. The other jobs were.
fn complain<'a>(act: Act, refused: impl Iterator<Item = &'a JobId>) -> Result<()> {
    // Retrying a second job with the same key would do the work twice.
    let again = if act == Act::Retry { ", or a job with its key is already queued" } else { "" };
    let complaints: Vec<_> = refused
        .map(|id| format!("job {id} doesn't exist, or is not {}{again}", act.possible_states()))
        .collect();
    if complaints.is_empty() { Ok(()) } else { bail!(complaints.join("\npawdium: ")) }
}

#[cfg(test)]
mod tests {
    use pawdium_queue::inspect::JobState;

    use super::*;

    #[test]
    fn affected_jobs_are_counted_by_state() {
        let jobs =
            vec![(JobId(3), JobState::Dead), (JobId(2), JobState::Scheduled), (JobId(1), JobState::Dead)];
        let preview = Preview { jobs, capped: true };
        assert_eq!(
            question(Act::Retry, &preview),
            "Retry 3 jobs (1 scheduled, 2 dead), the newest 10000 of more?"
        );
        assert_eq!(
            told(Act::Delete, 1, 2, false),
            "1 job deleted. 2 jobs changed meanwhile and were skipped."
        );
    }
}
