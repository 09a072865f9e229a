//! Measures ratings over HTTP next to `pgbench -N` on the same Postgres: see `testing/bench/README.md`.

mod check;
mod pgbench;
mod raters;
mod seed;
mod table;

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use pawdium_bench::machine::Machine;
use pawdium_bench::site::Site;
use pawdium_bench::stores::Stores;
use pawdium_shared::config::DatabaseConfig;

use pgbench::Pgbench;
use raters::{Given, Mode, Raters};
use seed::Seeded;
use table::Round;

/// Concurrent raters.
const RATERS: usize = 64;

/// Photos to rate.
const PHOTOS: usize = 100;

/// An upper bound on the measured rates, so that enough accounts are created.
const MOST_A_SECOND: usize = 10_000;

/// Measure how many ratings per second the site records, next to what pgbench commits on the same Postgres
#[derive(Debug, Parser)]
#[command(name = "ratings")]
struct Arguments {
    /// Rounds per measurement; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Duration of each measurement
    #[arg(long, default_value_t = 8)]
    seconds: u32,
    /// Maximum database connections of the web process; the default if not given
    #[arg(long)]
    connections: Option<u32>,
    /// Skip pgbench
    #[arg(long)]
    without_pgbench: bool,
}

fn main() -> ExitCode {
    pawdium_bench::end(pawdium_bench::run(Arguments::parse().run()))
}

impl Arguments {
    async fn run(self) -> Result<()> {
        let mut stores = Stores::start("bench-ratings").await?;
        let machine = Machine::of(&mut stores).await?;
        stores.empty().await?;
        let accounts = RATERS + self.rounds * self.seconds as usize * MOST_A_SECOND / PHOTOS;
        let seeded = seed::seed(&stores, PHOTOS, accounts).await?;
        let pgbench = if self.without_pgbench { None } else { Some(Pgbench::fill(&stores, RATERS).await?) };
        let connections = self.connections.unwrap_or(DatabaseConfig::default().max_connections);
        let settings = [("DATABASE__MAX_CONNECTIONS", connections.to_string())];
        let site = Site::start(&stores, "bench-ratings", &settings).await?;
        let (rounds, given) = self.measure(&mut stores, &site, pgbench.as_ref(), seeded).await?;
        site.stop().await?;
        let found = check::check(&stores, &given).await?;
        stores.stop().await?;
        println!(
            "{machine}\npawdium-web with {connections} connections to the database, one pawdium-worker, no limits on \
             ratings.\n"
        );
        print!("{}", table::table(&rounds));
        println!("\n{found}");
        Ok(())
    }

    /// Takes all measurements in every round. The order rotates, so that a slow phase of the machine affects all of
    /// them.
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
