//! `pawdium audit`

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{Args, Subcommand, ValueEnum};
use pawdium_shared::audit::{self, Entry, Filter};
use pawdium_shared::csv;
use serde_json::{Map, Value};

use super::operator;
use super::table::{instant, table};

/// How many entries are read at once.
const CHUNK: i64 = 1000;

/// List what admins, moderators and operators did, newest first
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Audit {
    #[command(subcommand)]
    command: Option<AuditCommand>,
    #[command(flatten)]
    filter: FilterArgs,
    /// Maximum number of entries
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Write all entries to the standard output, newest first
    Export {
        #[command(flatten)]
        filter: FilterArgs,
        /// The format: comma-separated values, or a JSON object a line
        #[arg(long, value_enum, default_value_t = Format::Csv)]
        format: Format,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
}

/// Which entries
#[derive(Debug, Args)]
struct FilterArgs {
    /// Only entries older than this one: continues a list that ended with it
    #[arg(long, value_name = "ID")]
    before: Option<i64>,
    /// Only what this person did
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// Only acts of this kind, such as photo.hide
    #[arg(long, value_name = "KIND")]
    action: Option<String>,
    /// Only acts on this, such as photo=7 or queue=mail
    #[arg(long, value_name = "KIND=ID", value_parser = thing)]
    thing: Option<Value>,
    /// Only acts from this day on (UTC)
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<NaiveDate>,
    /// Only acts before this day (UTC)
    #[arg(long, value_name = "YYYY-MM-DD")]
    until: Option<NaiveDate>,
}

impl FilterArgs {
    fn filter(self) -> Filter {
        let midnight = |day: NaiveDate| -> DateTime<Utc> { day.and_time(NaiveTime::MIN).and_utc() };
        Filter {
            actor: self.actor,
            action: self.action,
            things: self.thing,
            from: self.from.map(midnight),
            until: self.until.map(midnight),
            moderation: false,
            before: self.before,
        }
    }
}

/// Reads `photo=7` as `{"photo": 7}`.
fn thing(text: &str) -> Result<Value, String> {
    let (kind, id) = text
        .split_once('=')
        .filter(|(kind, id)| !kind.is_empty() && !id.is_empty())
        .ok_or("name a kind and an id, as in photo=7")?;
    let id = id.parse::<i64>().map_or_else(|_| Value::from(id), Value::from);
    Ok(Value::Object(Map::from_iter([(kind.to_owned(), id)])))
}

impl Audit {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        if let Some(AuditCommand::Export { filter, format }) = self.command {
            return export(filter.filter(), format).await;
        }
        let mut db = operator::connect("pawdium audit").await?.acquire().await?;
        let entries = audit::list(&mut db, &self.filter.filter(), self.limit).await?;
        if self.json {
            println!("{}", serde_json::to_string_pretty(&entries)?);
        } else if entries.is_empty() {
            println!("The audit log has no such entry.");
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

async fn export(mut filter: Filter, format: Format) -> Result<ExitCode> {
    let mut db = operator::connect("pawdium audit").await?.acquire().await?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let failed = "writing to the standard output";
    if matches!(format, Format::Csv) {
        out.write_all(csv::rows([Entry::COLUMNS]).as_bytes()).context(failed)?;
    }
    loop {
        let entries = audit::list(&mut db, &filter, CHUNK).await?;
        for entry in &entries {
            out.write_all(line(entry, format)?.as_bytes()).context(failed)?;
        }
        match entries.last() {
            Some(last) => filter.before = Some(last.id),
            None => break,
        }
    }
    out.flush().context(failed)?;
    Ok(ExitCode::SUCCESS)
}

fn line(entry: &Entry, format: Format) -> Result<String> {
    Ok(match format {
        Format::Csv => csv::rows([entry.row()]),
        Format::Jsonl => serde_json::to_string(entry)? + "\n",
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_thing_is_a_kind_and_an_id() {
        assert_eq!(thing("photo=7"), Ok(json!({ "photo": 7 })));
        assert_eq!(thing("queue=mail"), Ok(json!({ "queue": "mail" })));
        for bad in ["photo", "=7", "photo=", ""] {
            assert!(thing(bad).is_err(), "{bad}");
        }
    }
}
