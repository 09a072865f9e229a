//! The cost of an idle worker.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use pawdium_bench::processor;

use crate::child::Child;
use crate::contenders::{self, Store};
use crate::measures::{alone, fresh};
use crate::protocol::Said;

/// Until the worker has finished its startup work.
const SETTLING: Duration = Duration::from_secs(10);
/// Characters of a query to show.
const SHOWN: usize = 90;

/// Count an idle worker's queries and its processor time
///
/// All statements are logged meanwhile, which is included in the connections' share.
#[derive(Debug, Args)]
pub(crate) struct Idle {
    /// The contender
    #[arg(default_value = contenders::OURS)]
    contender: String,
    /// Duration in seconds
    #[arg(long, default_value_t = 60)]
    seconds: u16,
}

impl Idle {
    pub(crate) async fn run(self) -> Result<()> {
        let (contender, mut stores) = alone(&self.contender).await?;
        let Store::Postgres { .. } = contender.store else {
            bail!("{} keeps its jobs in Redis; this counts Postgres queries", contender.name)
        };
        fresh(&mut stores, &contender).await?;
        stores.log_statements().await?;
        let mut worker = Child::start(&contender, "announce", &stores)?;
        let Said::Claiming { .. } = worker.said().await? else {
            bail!("{} didn't report that it claims", contender.name)
        };
        tokio::time::sleep(SETTLING).await;

        let pid = worker.pid().context("the worker runs")?;
        let log = stores.folder().join("postgres.log");
        let begin = fs::metadata(&log).context("Postgres writes a log")?.len();
        let backends = stores.backends().await?;
        let (own, servers) = (processor::seconds(&[pid])?, processor::seconds(&backends)?);
        tokio::time::sleep(Duration::from_secs(self.seconds.into())).await;
        let (own, servers) = (processor::seconds(&[pid])? - own, processor::seconds(&backends)? - servers);
        let statements = statements(&log, begin)?;
        worker.stop().await?;
        stores.stop().await?;

        let seconds = f64::from(self.seconds);
        let total: u32 = statements.values().sum();
        println!("{}, one idle worker, {seconds} s:\n", contender.name);
        println!("- {total} queries: {:.2} a second", f64::from(total) / seconds);
        println!("- the worker took {:.2} % of a core", own / seconds * 100.0);
        println!(
            "- its {} connections in Postgres took {:.2} % of a core",
            backends.len(),
            servers / seconds * 100.0
        );
        println!("\n| times | query |\n|---:|---|");
        for (statement, times) in statements {
            println!("| {times} | `{statement}` |");
        }
        Ok(())
    }
}

/// How often each statement was logged since `begin`, by its first words.
fn statements(log: &Path, begin: u64) -> Result<BTreeMap<String, u32>> {
    let mut file = File::open(log)?;
    file.seek(SeekFrom::Start(begin))?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    let mut found = BTreeMap::new();
    for entry in text.split("LOG:  ").skip(1) {
        // `statement: …` for the simple protocol, `execute <name>: …` for the extended one.
        let Some((how, statement)) = entry.split_once(": ") else { continue };
        if how == "statement" || how.starts_with("execute ") {
            let words: Vec<_> = statement.split_whitespace().collect();
            let start: String = words.join(" ").chars().take(SHOWN).collect();
            *found.entry(start).or_default() += 1;
        }
    }
    Ok(found)
}
