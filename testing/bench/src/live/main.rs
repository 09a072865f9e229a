//! Measures the live path: from a change to the pages of others. See `testing/bench/README.md`.

mod herd;
mod idle;
mod page;
mod pages;
mod peer;
mod rebuilds;
mod reconnect;
mod redis_use;
mod seed;
mod site;
mod stream;
mod table;
mod triage;
mod update;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, ValueEnum};
use pawdium_bench::machine::Machine;
use pawdium_bench::stores::Stores;

use peer::Peer;
use site::LiveSite;
use table::Table;

/// A part of the benchmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// From a rating to the pages of others
    Update,
    /// Idle streams beside busy ones
    S3,
    /// Clients that were cut off
    S4,
    /// One change for many viewers
    S5,
    /// Rebuilds under ratings
    E3,
    /// A hub's page
    W6,
    /// Triage among many widgets
    E2,
}

/// Measure how fast and at which cost a change reaches open pages, next to an axum and a Node server of the usual make
#[derive(Debug, Parser)]
#[command(name = "live")]
struct Arguments {
    /// The parts to run; all if none is named
    parts: Vec<Part>,
    /// Open streams of s3
    #[arg(long, default_value_t = 10_000)]
    streams: usize,
    /// Viewers of update
    #[arg(long, default_value_t = 1000)]
    viewers: usize,
    /// Viewers of s5
    #[arg(long, default_value_t = 5000)]
    herd: usize,
    /// Widgets of e2
    #[arg(long, default_value_t = 100_000)]
    widgets: usize,
    /// Skip the peers
    #[arg(long)]
    without_peers: bool,
}

fn main() -> ExitCode {
    pawdium_bench::end(pawdium_bench::run(Arguments::parse().run()))
}

impl Arguments {
    async fn run(mut self) -> Result<()> {
        self.fit()?;
        let mut stores = Stores::start("bench-live").await?;
        let machine = Machine::of(&mut stores).await?;
        stores.empty().await?;
        let mut site = LiveSite::start(&mut stores).await?;
        let mut table = Table::default();
        for part in Part::value_variants() {
            if self.asks(*part) {
                eprintln!("{part:?} …");
                Box::pin(self.measure(*part, &mut site, &mut stores, &mut table)).await?;
            }
        }
        site.stop().await?;
        if !self.without_peers && (self.asks(Part::Update) || self.asks(Part::S3)) {
            for peer in Peer::ALL {
                eprintln!("{} …", peer.name());
                Box::pin(self.measure_peer(peer, &mut table)).await?;
            }
        }
        stores.stop().await?;
        println!(
            "{machine}\npawdium-web and one pawdium-worker, no limits on ratings; all clients are one process.\n"
        );
        print!("{table}");
        Ok(())
    }

    fn asks(&self, part: Part) -> bool {
        self.parts.is_empty() || self.parts.contains(&part)
    }

    /// Takes as many streams as this process and the servers may have files.
    fn fit(&mut self) -> Result<()> {
        use nix::sys::resource::{Resource, getrlimit, setrlimit};
        let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
        setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let room = most.saturating_sub(500);
        for (what, streams, each) in
            [("s3", &mut self.streams, 1), ("update", &mut self.viewers, 2), ("s5", &mut self.herd, 2)]
        {
            if *streams * each > room {
                *streams = room / each;
                println!(
                    "Scaled down: a process may have {most} open files, so {what} has {streams} streams."
                );
            }
        }
        Ok(())
    }

    async fn measure(
        &self,
        part: Part,
        site: &mut LiveSite,
        stores: &mut Stores,
        table: &mut Table,
    ) -> Result<()> {
        site.reconnect().await?;
        match part {
            Part::Update => table.update = Some(update::measure(site, self.viewers).await?),
            Part::S3 => table.idle = Some(idle::measure(site, self.streams).await?),
            Part::S4 => table.reconnect = Some(reconnect::measure(site, stores).await?),
            Part::S5 => table.herd = Some(herd::measure(site, self.herd).await?),
            Part::E3 => table.rebuilds = Some(rebuilds::measure(site).await?),
            Part::W6 => table.pages = Some(pages::measure(site).await?),
            Part::E2 => table.triage = Some(triage::measure(site, stores, self.widgets).await?),
        }
        Ok(())
    }

    async fn measure_peer(&self, peer: Peer, table: &mut Table) -> Result<()> {
        let mut figures = table::PeerFigures::default();
        if self.asks(Part::Update) {
            figures.update = Some(update::measure_peer(peer, self.viewers).await?);
        }
        if self.asks(Part::S3) {
            figures.idle = Some(idle::measure_peer(peer, self.streams).await?);
        }
        table.peers.push((peer, figures));
        Ok(())
    }
}
