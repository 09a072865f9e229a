//! `pawdium talks`

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use pawdium_shared::ids::CallId;
use pawdium_shared::talks::verify::{Verification, verify};

use super::operator;
use super::say::say;

/// Check the results of calls for talks
#[derive(Debug, Subcommand)]
pub(crate) enum Talks {
    /// Compute a call's frozen result again from its votes, and say what differs; the status is 1 if anything does
    Verify {
        /// The number in the call's address, as in /calls/NUMBER
        call: i64,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

impl Talks {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let Self::Verify { call, json } = self;
        let config = operator::settings()?;
        let db = operator::pool(&config, "pawdium talks")?;
        // All is read in one transaction, as of one moment.
        let mut tx = db.begin_with("begin isolation level repeatable read read only").await?;
        let verification = verify(&mut tx, CallId(call)).await?;
        say(json, &verification, &in_words(&verification))?;
        Ok(if verification.differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn in_words(verification: &Verification) -> String {
    let Verification { call, title, hash, votes, voters, differences } = verification;
    let what = format!("Call {call} ({title}): {votes} votes of {voters} voters, hash {hash}.");
    if differences.is_empty() {
        return format!("{what}\nAll counts, shares, places, receipts and the hash are right.");
    }
    let lines: Vec<_> = differences.iter().map(|difference| format!("  {difference}")).collect();
    let differ =
        if lines.len() == 1 { "1 difference".to_owned() } else { format!("{} differences", lines.len()) };
    format!("{what}\n{differ}:\n{}", lines.join("\n"))
}
