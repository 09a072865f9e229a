//! Measures a baked page beside the same page rendered each time, nginx and Django: see `testing/bench/README.md`.

mod load;
mod peers;
mod pinned;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use pawdium_bench::figures::quantile;
use pawdium_bench::http::Connection;
use pawdium_bench::machine::Machine;
use pawdium_bench::seed;
use pawdium_bench::site::Site;
use pawdium_bench::stores::Stores;
use pawdium_shared::db::Tx;
use pawdium_shared::ids::UserId;
use sqlx::Executor as _;

use load::{Load, Measured};
use peers::Peer;

/// Photos on the site, on five pages.
const PHOTOS: usize = 120;

/// How long the site may take until nothing changes any more.
const PATIENCE: Duration = Duration::from_secs(30);

/// What must be reached.
const WANTED_RATE: f64 = 20_000.0;
const WANTED_P99: f64 = 5.0;

/// Measure how many baked pages a second one processor sends, next to other ways to send such a page
#[derive(Debug, Parser)]
#[command(name = "pages")]
struct Arguments {
    /// Rounds per measurement; the median counts
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Duration of each measurement
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// Connections, each with one request at a time
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Skip nginx and Django
    #[arg(long)]
    without_peers: bool,
}

/// What is measured, by its place in the table.
#[derive(Clone, Debug)]
struct Contender {
    name: &'static str,
    load: Load,
    pids: Vec<u32>,
    measured: Vec<Measured>,
}

fn main() -> ExitCode {
    pawdium_bench::end(pawdium_bench::run(Arguments::parse().run()))
}

impl Arguments {
    async fn run(self) -> Result<()> {
        let mut stores = Stores::start("bench-pages").await?;
        let machine = Machine::of(&mut stores).await?;
        stores.empty().await?;
        fill(&stores).await?;
        let site = Site::start(&stores, "bench-pages", &[]).await?;
        let web = site.web.pid()?;
        pinned::to_server(web)?;
        // The site doesn't know who sends no cookie, and renders its page for who sends one.
        let known = "cookie: visitor=none\r\n";
        let contender = |name, load, pids| Contender { name, load, pids, measured: Vec::new() };
        let mut contenders = Vec::new();
        for (path, names) in [
            ("/", ["Pawdium, baked home", "Pawdium, home rendered each time"]),
            ("/top", ["Pawdium, baked list", "Pawdium, the same list rendered each time"]),
        ] {
            let loads = [Load::of(site.address, path, ""), Load::of(site.address, path, known)];
            for ((name, load), source) in names.into_iter().zip(loads).zip([Some("HIT"), None]) {
                check(&load, source).await?;
                contenders.push(contender(name, load, vec![web]));
            }
        }
        let page = check(&contenders[0].load, Some("HIT")).await?;
        let mut running = Vec::new();
        if !self.without_peers {
            for peer in Peer::ALL {
                let started = peer.start(&page).await?;
                let load = Load::of(started.address, started.path(), "");
                check(&load, None).await?;
                contenders.push(contender(peer.name(), load, started.pids()?));
                running.push(started);
            }
        }
        // Only now: what it starts would inherit it.
        pinned::self_to_load()?;
        self.measure(&mut contenders).await?;
        drop(running);
        site.stop().await?;
        stores.stop().await?;
        println!(
            "{machine}\nEach server on one processor, the requests from another; {} connections with one request at a \
             time each, keep-alive, gzip; medians of {} interleaved rounds of {} s.\n",
            self.connections, self.rounds, self.seconds
        );
        print!("{}", table(&contenders)?);
        Ok(())
    }

    /// The order rotates, so that a slow phase of the machine affects all of them.
    async fn measure(&self, contenders: &mut [Contender]) -> Result<()> {
        let seconds = Duration::from_secs(self.seconds);
        for round in 0..self.rounds {
            let count = contenders.len();
            for place in 0..count {
                let contender = &mut contenders[(place + round) % count];
                let measured = contender.load.run(self.connections, seconds, &contender.pids).await?;
                eprintln!("round {} of {}: {} {measured}", round + 1, self.rounds, contender.name);
                contender.measured.push(measured);
            }
        }
        Ok(())
    }
}

/// Photos in places of the top list.
async fn fill(stores: &Stores) -> Result<()> {
    let pool = stores.pool()?;
    pawdium_shared::db::migrate(&pool).await?;
    let mut tx = Tx::begin(&pool).await?;
    let owner = seed::open_accounts(&mut tx, 1).await?.pop().context("there is one")?;
    seed::publish(&mut tx, UserId(owner.id), PHOTOS).await?;
    tx.commit().await?;
    let ranks = "insert into photo_ranks (photo_id, score, rank)
                 select id, 5, row_number() over (order by id) from photos";
    stores.connect().await?.execute(ranks).await?;
    Ok(())
}

/// Asks until the answer comes from where it should: until the worker has done the jobs of the new photos, the page
/// goes stale. Returns its body.
async fn check(load: &Load, source: Option<&str>) -> Result<Vec<u8>> {
    let mut connection = Connection::open(load.address).await?;
    let begin = Instant::now();
    loop {
        let (status, body) = connection.ask(&load.request).await?;
        let body = body.to_vec();
        ensure!(status == 200, "{} answered {status}", load.address);
        ensure!(connection.header("content-encoding") == Some("gzip"), "{} doesn't compress", load.address);
        if connection.header("x-cache") == source {
            return Ok(body);
        }
        ensure!(begin.elapsed() < PATIENCE, "{} answers from elsewhere", load.address);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn table(contenders: &[Contender]) -> Result<String> {
    let median = |contender: &Contender, of: fn(&Measured) -> f64| {
        let mut values: Vec<_> = contender.measured.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        quantile(&values, 0.5).context("there are rounds")
    };
    let mut lines = vec![
        "| | requests/s | p50, ms | p99, ms | server's processor | load's processor |".to_owned(),
        "|---|---:|---:|---:|---:|---:|".to_owned(),
    ];
    for contender in contenders {
        lines.push(format!(
            "| {} | {:.0} | {:.2} | {:.2} | {:.0} % | {:.0} % |",
            contender.name,
            median(contender, |measured| measured.rate)?,
            median(contender, |measured| measured.p50)?,
            median(contender, |measured| measured.p99)?,
            median(contender, |measured| measured.server)? * 100.0,
            median(contender, |measured| measured.load)? * 100.0,
        ));
    }
    let baked = contenders.first().context("there is one")?;
    let (rate, p99) = (median(baked, |measured| measured.rate)?, median(baked, |measured| measured.p99)?);
    let verdict = |is_met| if is_met { "met" } else { "missed" };
    lines.push(String::new());
    lines.push(format!("at least {WANTED_RATE:.0} requests/s: {}", verdict(rate >= WANTED_RATE)));
    lines.push(format!("p99 below {WANTED_P99} ms: {}", verdict(p99 < WANTED_P99)));
    Ok(lines.join("\n") + "\n")
}
