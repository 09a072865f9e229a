//! Measures ratings through HTTP beside `pgbench -N` on the same Postgres: see `testing/bench/README.md`.

mod check;
mod http;
mod pgbench;
mod raters;
mod seed;
mod site;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use pawdium_bench::machine::Machine;
use pawdium_bench::stores::Stores;

use pgbench::Pgbench;
use raters::{Given, Mode, Raters};
use seed::Seeded;
use site::Site;
use table::Round;

/// So many rate at once.
const RATERS: usize = 64;

/// What they rate.
const PHOTOS: usize = 100;

/// No rate that is measured here is higher: as many accounts are made as could be needed.
const MOST_A_SECOND: usize = 10_000;

/// Measures how many ratings a second the site records, beside what pgbench commits on the same Postgres.
#[derive(Debug, Parser)]
#[command(name = "ratings")]
struct Arguments {
    /// How often each is measured; the medians count.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long each is measured in each round.
    #[arg(long, default_value_t = 8)]
    seconds: u32,
    /// How many connections to the database the web process may have; as it comes, if nothing is said.
    #[arg(long)]
    connections: Option<u32>,
    /// Leave out pgbench.
    #[arg(long)]
    without_pgbench: bool,
}

fn main() -> ExitCode {
    // One thread, with which the servers and services that are started end.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(Arguments::parse().run()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

impl Arguments {
    async fn run(self) -> Result<()> {
        let mut stores = Stores::start("bench-ratings").await?;
        let machine = Machine::of(&mut stores).await?;
        stores.empty().await?;
        let accounts = RATERS + self.rounds * self.seconds as usize * MOST_A_SECOND / PHOTOS;
        let seeded = seed::seed(&stores, PHOTOS, accounts).await?;
        let pgbench = if self.without_pgbench { None } else { Some(Pgbench::fill(&stores, RATERS).await?) };
        let site = Site::start(&stores, self.connections).await?;
        let (rounds, given) = self.measure(&mut stores, &site, pgbench.as_ref(), seeded).await?;
        let settings = site.settings();
        site.stop().await?;
        let found = check::check(&stores, &given).await?;
        stores.stop().await?;
        println!("{machine}\n{settings}.\n");
        print!("{}", table::table(&rounds));
        println!("\n{found}");
        Ok(())
    }

    /// All measures in every round, in an order that rotates, so that a slow minute of the machine hits none of them alone.
    async fn measure(
        &self,
        stores: &mut Stores,
        site: &Site,
        pgbench: Option<&Pgbench>,
        seeded: Seeded,
    ) -> Result<(Vec<Round>, Given)> {
        let seconds = Duration::from_secs(self.seconds.into());
        let mut raters = Raters::enter(site, RATERS, seeded).await?;
        let mut rounds = Vec::with_capacity(self.rounds);
        for round in 0..self.rounds {
            let mut measured = Round::default();
            for place in 0..3 {
                stores.settle().await?;
                match (place + round) % 3 {
                    0 => measured.first = Some(raters.rate(site, Mode::First, seconds).await?),
                    1 => measured.again = Some(raters.rate(site, Mode::Again, seconds).await?),
                    _ => {
                        measured.pgbench = match pgbench {
                            Some(pgbench) => Some(pgbench.run(self.seconds).await?),
                            None => None,
                        }
                    }
                }
            }
            eprintln!("round {} of {}: {}", round + 1, self.rounds, table::line(&measured));
            rounds.push(measured);
        }
        Ok((rounds, raters.leave()))
    }
}
