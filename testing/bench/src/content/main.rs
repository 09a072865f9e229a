//! Measures what visitors ask of a large site's content: photos with several topics, search, comments, and the
//! review of reports. See
//! `testing/bench/README.md`.
//!
//! A measurement is a [`Case`](cases::Case) in `cases.rs`. Each prints its latency and its plans, and fails if it is too
//! slow or reads a whole table.

mod cases;
mod comments;
mod measure;
mod reports;
mod seed;

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;
use pawdium_bench::machine::Machine;
use pawdium_bench::stores::Stores;

/// Measure filters by topics, search, comments and the review of reports on a large site
#[derive(Debug, Parser)]
#[command(name = "content")]
struct Arguments {
    /// Photos of the site
    #[arg(long, default_value_t = 1_000_000)]
    photos: u32,
    /// Different tags
    #[arg(long, default_value_t = 5_000)]
    tags: u32,
    /// Comments on its photos
    #[arg(long, default_value_t = 5_000_000)]
    comments: i32,
    /// Reports of its photos and comments
    #[arg(long, default_value_t = 1_000_000)]
    reports: i32,
    /// Requests per case
    #[arg(long, default_value_t = 300)]
    rounds: usize,
    /// Also print the plans
    #[arg(long)]
    plans: bool,
}

fn main() -> ExitCode {
    pawdium_bench::end(pawdium_bench::run(Arguments::parse().run()))
}

impl Arguments {
    async fn run(self) -> Result<()> {
        let mut stores = Stores::start("bench-content").await?;
        let machine = Machine::of(&mut stores).await?;
        stores.empty().await?;
        let mut db = stores.connect().await?;
        pawdium_shared::db::MIGRATIONS.run(&mut db).await?;
        seed::fill(&mut db, self.photos, self.tags).await?;
        let commented = comments::fill(&mut db, self.comments).await?;
        reports::fill(&mut db, self.reports).await?;
        stores.settle().await?;
        let mut db = stores.connect_as_site().await?;
        println!("{machine}");
        println!(
            "{} photos, {} tags, {} comments, {} reports\n",
            self.photos, self.tags, self.comments, self.reports
        );
        let mut failed = Vec::new();
        for case in cases::all(&mut db, commented).await? {
            let found = measure::measure(&mut db, &case, self.rounds).await?;
            println!("{found}");
            if self.plans {
                println!("{}\n", measure::plan(&mut db, &case, &stores).await?);
            }
            failed.extend(found.problems());
        }
        stores.stop().await?;
        ensure!(failed.is_empty(), "{}", failed.join("\n"));
        Ok(())
    }
}
