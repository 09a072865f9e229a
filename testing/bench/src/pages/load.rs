//! Requests as fast as they are answered.

use std::cell::RefCell;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use pawdium_bench::figures::quantile;
use pawdium_bench::http::Connection;
use pawdium_bench::processor;
use tokio::task::JoinSet;

/// Before the measured time.
const WARMING: Duration = Duration::from_millis(500);

/// One request, again and again.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) request: Vec<u8>,
}

/// The figures of one run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Answers a second.
    pub(crate) rate: f64,
    /// In milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// How much of a processor the server took, and how much this program.
    pub(crate) server: f64,
    pub(crate) load: f64,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rate, p50, p99, server, load } = self;
        write!(f, "{rate:.0}/s, p50 {p50:.2} ms, p99 {p99:.2} ms, processors {server:.2} and {load:.2}")
    }
}

impl Load {
    pub(crate) fn of(address: SocketAddr, path: &str, headers: &str) -> Self {
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: {address}\r\naccept-encoding: gzip\r\n{headers}\r\n");
        Self { address, request: request.into_bytes() }
    }

    /// Asks over that many connections, one request at a time each. `pids` are the server's processes.
    pub(crate) async fn run(&self, connections: usize, span: Duration, pids: &[u32]) -> Result<Measured> {
        let times = Rc::new(RefCell::new(Vec::with_capacity(1 << 20)));
        let begin = Instant::now() + WARMING;
        let end = begin + span;
        let mut asking = JoinSet::new();
        for _ in 0..connections {
            let (load, times) = (self.clone(), Rc::clone(&times));
            asking.spawn_local(async move {
                let mut connection = Connection::open(load.address).await?;
                loop {
                    let asked = Instant::now();
                    let (status, _) = connection.ask(&load.request).await?;
                    ensure!(status == 200, "{} answered {status}", load.address);
                    let answered = Instant::now();
                    if answered >= end {
                        return anyhow::Ok(());
                    }
                    if asked >= begin {
                        times.borrow_mut().push((answered - asked).as_secs_f64() * 1e3);
                    }
                }
            });
        }
        tokio::time::sleep_until(begin.into()).await;
        let own = [std::process::id()];
        let before = (processor::seconds(pids)?, processor::seconds(&own)?, Instant::now());
        while let Some(ended) = asking.join_next().await {
            ended??;
        }
        let took = before.2.elapsed().as_secs_f64();
        let server = (processor::seconds(pids)? - before.0) / took;
        let load = (processor::seconds(&own)? - before.1) / took;
        let mut times = times.take();
        times.sort_by(f64::total_cmp);
        let at = |q| quantile(&times, q).context("there are some");
        let rate = f64::from(u32::try_from(times.len())?) / span.as_secs_f64();
        Ok(Measured { rate, p50: at(0.5)?, p99: at(0.99)?, server, load })
    }
}
