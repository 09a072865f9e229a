//! `pawdium audit`

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use pawdium_shared::audit;

use super::operator;
use super::table::{instant, table};

/// List what admins and operators did to queues, jobs and schedules, newest first
#[derive(Debug, Args)]
pub(crate) struct Audit {
    /// Maximum number of entries
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    /// Only entries older than this one: continues a list that ended with it
    #[arg(long, value_name = "ID")]
    before: Option<i64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Audit {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let mut db = operator::connect("pawdium audit").await?.acquire().await?;
        let entries = audit::list(&mut db, self.before, self.limit).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&entries)?);
        } else if entries.is_empty() {
            println!("The audit log is empty.");
        } else {
            let rows: Vec<_> = entries
                .into_iter()
                .map(|entry| {
                    let id = entry.id.to_string();
                    [id, instant(entry.at), entry.actor, entry.action, entry.detail.to_string()]
                })
                .collect();
            print!("{}", table(["ID", "WHEN", "WHO", "DID", "TO WHAT"], &rows));
        }
        Ok(ExitCode::SUCCESS)
    }
}
