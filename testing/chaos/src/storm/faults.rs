//! What breaks in a storm, and its healing.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

use anyhow::Result;
use pawdium_kit::relay::Relay;
use pawdium_kit::stack::Stack;
use rand::RngExt as _;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand_chacha::ChaCha8Rng;

use super::site::{Part, Site};
use super::town::Town;

const SIGTERM: i32 = 15;

/// How long a process that ended stays down.
const DOWN: Duration = Duration::from_millis(700);

/// Something that breaks. What breaks for a while says for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    KillWeb,
    RestartWeb,
    KillWorker,
    RestartWorker,
    KillScheduler,
    RestartRedis {
        time: Duration,
    },
    /// Redis takes connections and questions, and answers nothing.
    StallRedis {
        time: Duration,
    },
    RestartPostgres {
        time: Duration,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KillWeb => write!(f, "kill -9 of web"),
            Self::RestartWeb => write!(f, "web told to end"),
            Self::KillWorker => write!(f, "kill -9 of a worker"),
            Self::RestartWorker => write!(f, "a worker told to end"),
            Self::KillScheduler => write!(f, "kill -9 of the scheduler"),
            Self::RestartRedis { time } => write!(f, "Redis killed and away for {time:.1?}"),
            Self::StallRedis { time } => write!(f, "Redis stalled for {time:.1?}"),
            Self::RestartPostgres { time } => write!(f, "Postgres crashed and away for {time:.1?}"),
        }
    }
}

/// Draws a shuffled round of all faults.
pub(super) fn a_round(dice: &mut ChaCha8Rng) -> Vec<Fault> {
    let mut time = |range: std::ops::Range<f64>| Duration::from_secs_f64(dice.random_range(range));
    let mut round = vec![
        Fault::KillWeb,
        Fault::KillWeb,
        Fault::RestartWeb,
        Fault::KillWorker,
        Fault::KillWorker,
        Fault::RestartWorker,
        Fault::KillScheduler,
        Fault::RestartRedis { time: time(0.0..2.0) },
        Fault::StallRedis { time: time(1.0..4.0) },
        Fault::RestartPostgres { time: time(0.0..2.0) },
    ];
    round.shuffle(dice);
    round
}

#[derive(Clone, Copy, Debug)]
enum Remedy {
    Start(usize),
    Redis,
    Line,
    Postgres,
}

/// Breaks things, and heals them.
pub(super) struct Breaker<'a> {
    stack: &'a mut Stack,
    relay: Relay,
    pub(super) site: Site,
    town: &'a Town,
    remedies: Vec<(Instant, Remedy)>,
    /// Told to end and still at it.
    ending: Vec<usize>,
    /// Web processes that have started and don't answer yet.
    starting: Vec<usize>,
    pub(super) faults: u32,
    wrongs: Vec<String>,
}

impl<'a> Breaker<'a> {
    pub(super) fn new(stack: &'a mut Stack, relay: Relay, site: Site, town: &'a Town) -> Self {
        let (remedies, ending, starting, wrongs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Self { stack, relay, site, town, remedies, ending, starting, faults: 0, wrongs }
    }

    /// Breaks something. False: there was nothing left of the sort to break.
    pub(super) async fn inject(&mut self, fault: Fault, dice: &mut ChaCha8Rng) -> Result<bool> {
        let broke = match fault {
            Fault::KillWeb => self.end(Part::Web, true, dice).await?,
            Fault::RestartWeb => self.end(Part::Web, false, dice).await?,
            Fault::KillWorker => self.end(Part::Worker, true, dice).await?,
            Fault::RestartWorker => self.end(Part::Worker, false, dice).await?,
            Fault::KillScheduler => self.end(Part::Scheduler, true, dice).await?,
            Fault::StallRedis { time } if self.is_whole(Remedy::Line) => {
                self.town.weather.ground.begin();
                self.relay.silence();
                self.later(time, Remedy::Line);
                true
            }
            Fault::RestartRedis { time } if self.is_whole(Remedy::Redis) => {
                self.town.weather.ground.begin();
                self.stack.crash_redis().await;
                self.later(time, Remedy::Redis);
                true
            }
            Fault::RestartPostgres { time } if self.is_whole(Remedy::Postgres) => {
                self.town.weather.ground.begin();
                self.stack.crash_postgres().await;
                self.later(time, Remedy::Postgres);
                true
            }
            Fault::StallRedis { .. } | Fault::RestartRedis { .. } | Fault::RestartPostgres { .. } => false,
        };
        self.faults += u32::from(broke);
        Ok(broke)
    }

    /// Heals what is due, and looks after who ends and who starts.
    pub(super) async fn tend(&mut self) -> Result<()> {
        let now = Instant::now();
        let (due, rest): (Vec<_>, Vec<_>) = self.remedies.drain(..).partition(|(at, _)| *at <= now);
        self.remedies = rest;
        for (_, remedy) in due {
            self.apply(remedy).await?;
        }
        for post in std::mem::take(&mut self.ending) {
            match self.site.ended(post) {
                // A process that has just started doesn't handle the signal yet.
                Some(status) if !status.success() && status.signal() != Some(SIGTERM) => {
                    self.wrongs.push(format!("told to end, a process ended with {status}"));
                    self.later(DOWN, Remedy::Start(post));
                }
                Some(_) => self.later(DOWN, Remedy::Start(post)),
                None => self.ending.push(post),
            }
        }
        for post in std::mem::take(&mut self.starting) {
            if self.site.is_web_up(&self.town.http, post).await {
                self.town.weather.webs.end();
            } else {
                self.starting.push(post);
            }
        }
        let fallen = self.site.fallen(&self.ending);
        self.wrongs.extend(fallen);
        Ok(())
    }

    /// Heals everything at once, and waits until all are up.
    pub(super) async fn heal(&mut self) -> Result<()> {
        let mut remedies = std::mem::take(&mut self.remedies);
        remedies.sort_by_key(|(_, remedy)| !matches!(remedy, Remedy::Postgres | Remedy::Redis));
        for (_, remedy) in remedies {
            self.apply(remedy).await?;
        }
        while !(self.ending.is_empty() && self.starting.is_empty() && self.remedies.is_empty()) {
            self.tend().await?;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.site.start_all()?;
        self.site.until_ready(&self.town.http).await
    }

    /// What was wrong with the processes.
    pub(super) fn wrongs(self) -> Vec<String> {
        self.wrongs
    }

    async fn apply(&mut self, remedy: Remedy) -> Result<()> {
        match remedy {
            Remedy::Start(post) => {
                self.site.start(post)?;
                if self.site.up(Part::Web).contains(&post) {
                    self.starting.push(post);
                }
            }
            Remedy::Redis | Remedy::Line | Remedy::Postgres => {
                match remedy {
                    Remedy::Redis => self.stack.restart_redis().await?,
                    Remedy::Postgres => self.stack.restart_postgres().await?,
                    _ => self.relay.mend(),
                }
                self.town.weather.ground.end();
            }
        }
        Ok(())
    }

    /// Ends a process of a part, by force or by its own will; it comes back.
    async fn end(&mut self, part: Part, by_force: bool, dice: &mut ChaCha8Rng) -> Result<bool> {
        let up = self.site.up(part);
        let up: Vec<_> = up.into_iter().filter(|post| !self.ending.contains(post)).collect();
        let Some(&post) = up.choose(dice) else { return Ok(false) };
        if part == Part::Web {
            if self.starting.contains(&post) {
                return Ok(false);
            }
            self.town.weather.webs.begin();
        }
        if by_force {
            self.site.kill(post).await?;
            self.later(DOWN, Remedy::Start(post));
        } else {
            self.site.terminate(post);
            self.ending.push(post);
        }
        Ok(true)
    }

    fn is_whole(&self, remedy: Remedy) -> bool {
        let same = |other: &Remedy| std::mem::discriminant(other) == std::mem::discriminant(&remedy);
        !self.remedies.iter().any(|(_, other)| same(other))
    }

    fn later(&mut self, time: Duration, remedy: Remedy) {
        self.remedies.push((Instant::now() + time, remedy));
    }
}
