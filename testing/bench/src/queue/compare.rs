//! The comparison: every contender in every round, in an order that rotates, so that a slow minute of the machine hits
//! no contender alone.

use anyhow::Result;
use clap::Args;
use pawdium_bench::machine::Machine;
use pawdium_bench::stores::Stores;

use crate::contenders::{self, Contender};
use crate::figures::Figures;
use crate::measures::{Measure, measure};
use crate::table;

/// What to measure; all of it, if nothing is said.
#[derive(Debug, Args)]
pub(crate) struct Compare {
    /// Contenders, such as `ours`.
    contenders: Vec<String>,
    /// How often each is measured; the medians count.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Measure this alone; may be repeated.
    #[arg(long)]
    only: Vec<Measure>,
    /// How many jobs are enqueued in bulk and worked off.
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
