//! Measures the pages of a large call: see `testing/bench/README.md`.

mod seed;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::Parser;
use pawdium_bench::figures::quantile;
use pawdium_bench::http::Connection;
use pawdium_bench::machine::Machine;
use pawdium_bench::site::Site;
use pawdium_bench::stores::Stores;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use seed::Seeded;

/// What must be reached by each page of the owners.
const WANTED: f64 = 300.0;

/// Measure the pages of a call with many talks and votes
#[derive(Debug, Parser)]
#[command(name = "talks")]
pub(crate) struct Arguments {
    /// Talks of the call
    #[arg(long, default_value_t = 500)]
    talks: i32,
    /// Votes in the call, ten of each voter
    #[arg(long, default_value_t = 100_000)]
    votes: i32,
    /// Requests for each page, one after the other
    #[arg(long, default_value_t = 100)]
    requests: usize,
}

/// A page, and whether it must be as fast as is wanted.
struct Asked {
    name: &'static str,
    path: String,
    is_judged: bool,
    /// Whether only the time to the first bytes is measured: of a file that is sent while it is read.
    is_begun: bool,
}

fn main() -> ExitCode {
    pawdium_bench::end(pawdium_bench::run(Arguments::parse().run()))
}

impl Arguments {
    async fn run(self) -> Result<()> {
        let mut stores = Stores::start("bench-talks").await?;
        let machine = Machine::of(&mut stores).await?;
        stores.empty().await?;
        let seeded = seed::fill(&stores, self.talks, self.votes).await?;
        let site = Site::start(&stores, "bench-talks", &[]).await?;
        println!(
            "{machine}\n{} talks, {} votes; {} requests each, one after the other.\n",
            self.talks, self.votes, self.requests
        );
        println!("| | p50, ms | p95, ms | bytes |\n|---|---:|---:|---:|");
        let mut is_met = true;
        for asked in asked(&seeded) {
            let (p50, p95, bytes) = self.measure(&site, &asked, &seeded).await?;
            println!("| {} | {p50:.1} | {p95:.1} | {bytes} |", asked.name);
            is_met &= !asked.is_judged || p95 < WANTED;
        }
        let took = close(&site, &seeded).await?;
        println!("\nresult shown {:.2} s after the close", took.as_secs_f64());
        println!("p95 below {WANTED:.0} ms: {}", if is_met { "met" } else { "missed" });
        site.stop().await?;
        stores.stop().await
    }

    async fn measure(&self, site: &Site, asked: &Asked, seeded: &Seeded) -> Result<(f64, f64, usize)> {
        let mut connection = Connection::open(site.address).await?;
        let request = request(site, "GET", &asked.path, &seeded.token, "");
        let (mut times, mut bytes) = (Vec::with_capacity(self.requests), 0);
        if asked.is_begun {
            for _ in 0..self.requests {
                let mut stream = TcpStream::connect(site.address).await?;
                let begin = Instant::now();
                stream.write_all(&request).await?;
                bytes = stream.read(&mut [0; 16 * 1024]).await?;
                times.push(begin.elapsed().as_secs_f64() * 1e3);
            }
        }
        // The first few fill Postgres's caches and the plans of statements.
        for number in 0..if asked.is_begun { 0 } else { self.requests + 5 } {
            let begin = Instant::now();
            let (status, body) = connection.ask(&request).await?;
            ensure!(status == 200, "{} was answered with {status}", asked.path);
            bytes = body.len();
            if number >= 5 {
                times.push(begin.elapsed().as_secs_f64() * 1e3);
            }
        }
        times.sort_by(f64::total_cmp);
        let at = |q| quantile(&times, q).context("there are some");
        Ok((at(0.5)?, at(0.95)?, bytes))
    }
}

fn asked(seeded: &Seeded) -> Vec<Asked> {
    let Seeded { call, talk, .. } = seeded;
    let page = |name, path: String| Asked { name, path, is_judged: false, is_begun: false };
    let owners = |name, path: String| Asked { name, path, is_judged: true, is_begun: false };
    vec![
        owners("dashboard with the report on devices", format!("/calls/{call}/dashboard")),
        owners("its part that is live", format!("/calls/{call}/dashboard/part")),
        owners("voters of a talk", format!("/calls/{call}/dashboard?talk={talk}")),
        owners("dashboard through the API", format!("/api/v1/calls/{call}/dashboard")),
        Asked {
            is_begun: true,
            ..owners("votes as CSV, until it begins", format!("/calls/{call}/votes.csv"))
        },
        page("votes as CSV, all of them", format!("/calls/{call}/votes.csv")),
        page("the call", format!("/calls/{call}")),
        page("receipts of a voter", format!("/calls/{call}/receipt")),
    ]
}

fn request(site: &Site, method: &str, path: &str, token: &str, body: &str) -> Vec<u8> {
    let address = site.address;
    let who = if path.starts_with("/api/") {
        format!("authorization: Bearer {token}")
    } else {
        format!("cookie: session={token}")
    };
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\n{who}\r\naccept-encoding: gzip\r\nsec-fetch-site: same-origin\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// Closes the call, and asks for its result until it is shown. Nothing else than that is ever answered.
async fn close(site: &Site, seeded: &Seeded) -> Result<Duration> {
    let mut connection = Connection::open(site.address).await?;
    let body = r#"{"phase":"closed"}"#;
    let path = format!("/api/v1/calls/{}", seeded.call);
    let begin = Instant::now();
    let (status, _) = connection.ask(&request(site, "PATCH", &path, &seeded.token, body)).await?;
    ensure!(status == 200, "closing was answered with {status}");
    let path = format!("/calls/{}/results", seeded.call);
    loop {
        let (status, _) = connection.ask(&request(site, "GET", &path, &seeded.token, "")).await?;
        match status {
            200 => return Ok(begin.elapsed()),
            202 => eprintln!("being counted, {:.1} s after the close", begin.elapsed().as_secs_f64()),
            status => anyhow::bail!("the result was answered with {status}"),
        }
    }
}
