//! Faults in a storm, and their remedies.

use std::fmt;
use std::os::unix::process::ExitStatusExt as _;
use std::time::{Duration, Instant};

use anyhow::Result;
use pawdium_kit::relay::Relay;
use pawdium_kit::stack::Stack;
use rand::RngExt as _;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand_chacha::ChaCha8Rng;

use super::site::{Program, Site};
use super::town::Town;

const SIGTERM: i32 = 15;

/// How long an ended process stays down.
const DOWN: Duration = Duration::from_millis(700);

/// A fault. Some last for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SiteFault {
    KillWeb,
    RestartWeb,
    KillWorker,
    RestartWorker,
    KillScheduler,
    RestartRedis {
        time: Duration,
    },
    /// Redis accepts connections and commands, but doesn't answer.
    StallRedis {
        time: Duration,
    },
    RestartPostgres {
        time: Duration,
    },
}

impl fmt::Display for SiteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KillWeb => write!(f, "kill -9 of web"),
            Self::RestartWeb => write!(f, "SIGTERM for web"),
            Self::KillWorker => write!(f, "kill -9 of a worker"),
            Self::RestartWorker => write!(f, "SIGTERM for a worker"),
            Self::KillScheduler => write!(f, "kill -9 of the scheduler"),
            Self::RestartRedis { time } => write!(f, "Redis killed and away for {time:.1?}"),
            Self::StallRedis { time } => write!(f, "Redis stalled for {time:.1?}"),
            Self::RestartPostgres { time } => write!(f, "Postgres crashed and away for {time:.1?}"),
        }
    }
}

/// A round of all faults, in random order.
pub(super) fn a_round(dice: &mut ChaCha8Rng) -> Vec<SiteFault> {
    let mut time = |range: std::ops::Range<f64>| Duration::from_secs_f64(dice.random_range(range));
    let mut round = vec![
        SiteFault::KillWeb,
        SiteFault::KillWeb,
        SiteFault::RestartWeb,
        SiteFault::KillWorker,
        SiteFault::KillWorker,
        SiteFault::RestartWorker,
        SiteFault::KillScheduler,
        SiteFault::RestartRedis { time: time(0.0..2.0) },
        SiteFault::StallRedis { time: time(1.0..4.0) },
        SiteFault::RestartPostgres { time: time(0.0..2.0) },
    ];
    round.shuffle(dice);
    round
}

#[derive(Clone, Copy, Debug)]
enum SiteRemedy {
    Start(usize),
    Redis,
    Line,
    Postgres,
}

/// Injects faults, and heals them.
pub(super) struct Breaker<'a> {
    stack: &'a mut Stack,
    relay: Relay,
    pub(super) site: Site,
    town: &'a Town,
    remedies: Vec<(Instant, SiteRemedy)>,
    /// Processes that have got SIGTERM and still run.
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

    /// Injects a fault. Returns `false` if there is nothing that it could break.
    pub(super) async fn inject(&mut self, fault: SiteFault, dice: &mut ChaCha8Rng) -> Result<bool> {
        let broke = match fault {
            SiteFault::KillWeb => self.end(Program::Web, true, dice).await?,
            SiteFault::RestartWeb => self.end(Program::Web, false, dice).await?,
            SiteFault::KillWorker => self.end(Program::Worker, true, dice).await?,
            SiteFault::RestartWorker => self.end(Program::Worker, false, dice).await?,
            SiteFault::KillScheduler => self.end(Program::Scheduler, true, dice).await?,
            SiteFault::StallRedis { time } if self.is_whole(SiteRemedy::Line) => {
                self.town.weather.servers.begin();
                self.relay.silence();
                self.later(time, SiteRemedy::Line);
                true
            }
            SiteFault::RestartRedis { time } if self.is_whole(SiteRemedy::Redis) => {
                self.town.weather.servers.begin();
                self.stack.crash_redis().await;
                self.later(time, SiteRemedy::Redis);
                true
            }
            SiteFault::RestartPostgres { time } if self.is_whole(SiteRemedy::Postgres) => {
                self.town.weather.servers.begin();
                self.stack.crash_postgres().await;
                self.later(time, SiteRemedy::Postgres);
                true
            }
            SiteFault::StallRedis { .. }
            | SiteFault::RestartRedis { .. }
            | SiteFault::RestartPostgres { .. } => false,
        };
        self.faults += u32::from(broke);
        Ok(broke)
    }

    /// Applies the due remedies, and checks the processes that end or start.
    pub(super) async fn tend(&mut self) -> Result<()> {
        let now = Instant::now();
        let (due, rest): (Vec<_>, Vec<_>) = self.remedies.drain(..).partition(|(at, _)| *at <= now);
        self.remedies = rest;
        for (_, remedy) in due {
            self.apply(remedy).await?;
        }
        for member in std::mem::take(&mut self.ending) {
            match self.site.ended(member) {
                // A process that has just started doesn't handle the signal yet.
                Some(status) if !status.success() && status.signal() != Some(SIGTERM) => {
                    self.wrongs.push(format!("after SIGTERM, a process ended with {status}"));
                    self.later(DOWN, SiteRemedy::Start(member));
                }
                Some(_) => self.later(DOWN, SiteRemedy::Start(member)),
                None => self.ending.push(member),
            }
        }
        for member in std::mem::take(&mut self.starting) {
            if self.site.is_web_up(&self.town.http, member).await {
                self.town.weather.webs.end();
            } else {
                self.starting.push(member);
            }
        }
        let fallen = self.site.fallen(&self.ending);
        self.wrongs.extend(fallen);
        Ok(())
    }

    /// Applies all remedies at once, and waits until all processes are ready.
    pub(super) async fn heal(&mut self) -> Result<()> {
        let mut remedies = std::mem::take(&mut self.remedies);
        remedies.sort_by_key(|(_, remedy)| !matches!(remedy, SiteRemedy::Postgres | SiteRemedy::Redis));
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

    /// What went wrong with the processes.
    pub(super) fn wrongs(self) -> Vec<String> {
        self.wrongs
    }

    async fn apply(&mut self, remedy: SiteRemedy) -> Result<()> {
        match remedy {
            SiteRemedy::Start(member) => {
                self.site.start(member)?;
                if self.site.up(Program::Web).contains(&member) {
                    self.starting.push(member);
                }
            }
            SiteRemedy::Redis | SiteRemedy::Line | SiteRemedy::Postgres => {
                match remedy {
                    SiteRemedy::Redis => self.stack.restart_redis().await?,
                    SiteRemedy::Postgres => self.stack.restart_postgres().await?,
                    _ => self.relay.mend(),
                }
                self.town.weather.servers.end();
            }
        }
        Ok(())
    }

    /// Ends a process of a program, with SIGKILL or SIGTERM. It comes back.
    async fn end(&mut self, program: Program, by_force: bool, dice: &mut ChaCha8Rng) -> Result<bool> {
        let up = self.site.up(program);
        let up: Vec<_> = up.into_iter().filter(|member| !self.ending.contains(member)).collect();
        let Some(&member) = up.choose(dice) else { return Ok(false) };
        if program == Program::Web {
            if self.starting.contains(&member) {
                return Ok(false);
            }
            self.town.weather.webs.begin();
        }
        if by_force {
            self.site.kill(member).await?;
            self.later(DOWN, SiteRemedy::Start(member));
        } else {
            self.site.terminate(member);
            self.ending.push(member);
        }
        Ok(true)
    }

    fn is_whole(&self, remedy: SiteRemedy) -> bool {
        let same = |other: &SiteRemedy| std::mem::discriminant(other) == std::mem::discriminant(&remedy);
        !self.remedies.iter().any(|(_, other)| same(other))
    }

    fn later(&mut self, time: Duration, remedy: SiteRemedy) {
        self.remedies.push((Instant::now() + time, remedy));
    }
}
