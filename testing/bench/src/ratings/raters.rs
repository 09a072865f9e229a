//! Concurrent raters, each on its own connection and as fast as the site answers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use pawdium_bench::figures::quantile;
use pawdium_bench::http::Connection;
use pawdium_bench::processor;
use pawdium_bench::rater;
use pawdium_bench::seed::Account;
use pawdium_bench::site::Site;
use tokio::task::LocalSet;

use crate::seed::Seeded;
use crate::table::Measured;

/// Acknowledged ratings: the last accepted value by user and photo.
pub(crate) type Given = HashMap<(i64, i64), i16>;

/// What to rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Photos as served, each with its ballot and new to the rater. A rater who has rated all of them is replaced
    /// by a new one.
    First,
    /// Random photos, by raters who have rated all of them.
    Again,
}

/// All raters.
#[derive(Debug)]
pub(crate) struct Raters {
    photos: Rc<Vec<i64>>,
    /// For [`Mode::First`], each with the photo on its page.
    at_first: Vec<Rater>,
    /// For [`Mode::Again`].
    done: Vec<Rater>,
    newcomers: Rc<RefCell<Vec<Account>>>,
}

/// One concurrent rater.
#[derive(Debug)]
struct Rater {
    person: rater::Rater,
    given: Given,
    /// Latency of each rating of one measurement, in milliseconds.
    latencies: Vec<f64>,
}

impl Raters {
    /// Connects the raters. Those for [`Mode::Again`] rate all photos once, which also warms up the site.
    pub(crate) async fn enter(site: &Site, count: usize, seeded: Seeded) -> Result<Self> {
        let Seeded { photos, mut accounts } = seeded;
        let mut enter = async || {
            let mut raters = Vec::with_capacity(count);
            for account in accounts.split_off(accounts.len().saturating_sub(count)) {
                raters.push(Rater::enter(site.address, account).await?);
            }
            anyhow::Ok(raters)
        };
        let (done, at_first) = (enter().await?, enter().await?);
        let newcomers = Rc::new(RefCell::new(accounts));
        let photos = Rc::new(photos);
        let done = all_at_once(done, |mut rater| async move {
            rater.person.see().await?;
            while rater.person.on_page.is_some() {
                rater.rate_on_page().await?;
            }
            Ok(rater)
        });
        Ok(Self { done: done.await?, photos, at_first, newcomers })
    }

    /// Lets all raters rate for this long.
    pub(crate) async fn rate(&mut self, site: &Site, mode: Mode, seconds: Duration) -> Result<Measured> {
        let raters = if mode == Mode::First { &mut self.at_first } else { &mut self.done };
        let (photos, newcomers) = (&self.photos, &self.newcomers);
        // The site may have closed connections that were idle during another measurement.
        for rater in &mut *raters {
            rater.person.connection = Connection::open(site.address).await?;
        }
        let processes = [std::process::id(), site.web.pid()?, site.worker.pid()?];
        let before = processor_seconds(&processes)?;
        let begin = Instant::now();
        let rated = all_at_once(std::mem::take(raters), |mut rater| {
            let (photos, newcomers) = (Rc::clone(photos), Rc::clone(newcomers));
            async move {
                rater.latencies.clear();
                while begin.elapsed() < seconds {
                    match mode {
                        Mode::First => rater.rate_first(&newcomers).await?,
                        Mode::Again => rater.rate_again(&photos).await?,
                    }
                }
                Ok(rater)
            }
        });
        *raters = rated.await?;
        let took = begin.elapsed().as_secs_f64();
        let after = processor_seconds(&processes)?;
        let mut latencies: Vec<f64> = raters.iter().flat_map(|rater| &rater.latencies).copied().collect();
        latencies.sort_by(f64::total_cmp);
        let quantile = |q| quantile(&latencies, q).context("there were no ratings");
        Ok(Measured {
            per_second: per_second(latencies.len(), took),
            p50: quantile(0.5)?,
            p99: quantile(0.99)?,
            cores: std::array::from_fn(|process| (after[process] - before[process]) / took),
        })
    }

    /// All acknowledged ratings.
    pub(crate) fn leave(self) -> Given {
        self.done.into_iter().chain(self.at_first).flat_map(|rater| rater.given).collect()
    }
}

impl Rater {
    async fn enter(address: SocketAddr, account: Account) -> Result<Self> {
        let person = rater::Rater::enter(address, account).await?;
        Ok(Self { person, given: Given::new(), latencies: Vec::new() })
    }

    async fn rate_first(&mut self, newcomers: &RefCell<Vec<Account>>) -> Result<()> {
        if self.person.on_page.is_none() {
            if !self.given.is_empty() {
                self.person.account = newcomers.borrow_mut().pop().context("there are no accounts left")?;
            }
            self.person.see().await?;
        }
        self.rate_on_page().await
    }

    async fn rate_on_page(&mut self) -> Result<()> {
        let begin = Instant::now();
        let (photo, value) = self.person.rate_on_page().await?;
        self.note(begin, photo, value);
        Ok(())
    }

    async fn rate_again(&mut self, photos: &[i64]) -> Result<()> {
        let photo = photos[rand::random_range(0..photos.len())];
        let value = rand::random_range(1..=10);
        let begin = Instant::now();
        self.person.rate_again(photo, value).await?;
        self.note(begin, photo, value);
        Ok(())
    }

    fn note(&mut self, begin: Instant, photo: i64, value: i16) {
        self.latencies.push(begin.elapsed().as_secs_f64() * 1e3);
        self.given.insert((self.person.account.id, photo), value);
    }
}

/// Runs `act` for all raters concurrently on this thread.
async fn all_at_once<F>(raters: Vec<Rater>, act: impl Fn(Rater) -> F) -> Result<Vec<Rater>>
where
    F: Future<Output = Result<Rater>> + 'static,
{
    let local = LocalSet::new();
    let acting: Vec<_> = raters.into_iter().map(|rater| local.spawn_local(act(rater))).collect();
    local
        .run_until(async {
            let mut raters = Vec::with_capacity(acting.len());
            for acted in acting {
                raters.push(acted.await??);
            }
            Ok(raters)
        })
        .await
}

/// Processor time of each process so far.
fn processor_seconds(processes: &[u32; 3]) -> Result<[f64; 3]> {
    let mut seconds = [0.0; 3];
    for (seconds, process) in seconds.iter_mut().zip(processes) {
        *seconds = processor::seconds(&[*process])?;
    }
    Ok(seconds)
}

#[expect(clippy::cast_precision_loss, reason = "at most millions")]
fn per_second(ratings: usize, seconds: f64) -> f64 {
    ratings as f64 / seconds
}
