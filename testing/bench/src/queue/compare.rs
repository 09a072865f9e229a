//! Runs every contender in every round. The order rotates, so that a slow phase of the machine affects all
//! contenders.

use anyhow::Result;
use clap::Args;
use pawdium_bench::machine::Machine;
use pawdium_bench::stores::Stores;

use crate::contenders::{self, Contender};
use crate::figures::Figures;
use crate::measures::{Measure, measure};
use crate::table;

/// What to measure; everything by default.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Contenders, such as `ours`
    contenders: Vec<String>,
    /// Rounds per contender; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Measure only this; can be repeated
    #[arg(long)]
    only: Vec<Measure>,
    /// Number of jobs that are enqueued in bulk and worked off
    #[arg(long, default_value_t = 50_000)]
    backlog: u64,
}

impl Compare {
    pub(crate) async fn run(self) -> Result<()> {
        let contenders = contenders::named(&self.contenders)?;
        let mut stores = Stores::start("bench-queue").await?;
        let machine = Machine::of(&mut stores).await?;
        let mut measured = vec![Vec::with_capacity(self.rounds); contenders.len()];
        for round in 0..self.rounds {
            for place in 0..contenders.len() {
                let turn = (place + round) % contenders.len();
                let figures = self.one(&mut stores, &contenders[turn], round).await?;
                measured[turn].push(figures);
            }
        }
        stores.stop().await?;
        println!("{machine}\n");
        println!("{}", table::table(&contenders, &measured, self.backlog));
        print!("{}", table::ratios(&contenders, &measured));
        Ok(())
    }

    async fn one(&self, stores: &mut Stores, contender: &Contender, round: usize) -> Result<Figures> {
        let figures = measure(stores, contender, &self.only, self.backlog).await?;
        eprintln!("round {} of {}: {:<24} {}", round + 1, self.rounds, contender.name, table::line(&figures));
        Ok(figures)
    }
}
