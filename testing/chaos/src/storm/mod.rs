//! A storm on the site: many people act at the same time on the same few rows and drop their requests midway, while
//! processes are killed and Postgres and Redis go away.
//!
//! The site's programs run with a private Postgres and Redis. Each answer is checked when it arrives (`visit`): the site
//! may be busy, but it must never break. After the healing, [`checks`] compare the site's data with itself and with its
//! answers ([`told`]). The seed decides the acts of each person and the order of the faults. Their timing depends on the
//! machine.

mod acts;
pub mod checks;
mod faults;
pub mod order;
mod pictures;
mod request;
mod site;
mod tally;
pub mod told;
mod town;
mod visit;
mod weather;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use pawdium_kit::relay::{Relay, Target};
use pawdium_kit::sink::Sink;
use pawdium_kit::stack::Stack;
use pawdium_queue::{Enqueue as _, control};
use pawdium_shared::accounts::{Role, queries};
use pawdium_shared::db::{self, Tx};
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use pawdium_shared::jobs::upkeep::{BalanceJobs, Purge};
use pawdium_shared::queues;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;
use tokio_util::sync::CancellationToken;

use crate::servers::{keep, with_servers};
use acts::{Walker, settle_in};
use checks::{
    Finding, check_files, check_logs, check_postgres_log, check_rows, check_shown, count_deadlocks,
};
use faults::{Breaker, a_round};
use site::{Program, Servers, Site};
use told::Told;
use town::{PASSWORDS, Person, Town};

/// The number of people.
const PEOPLE: u64 = 16;

/// The longest rest between two acts, in milliseconds.
const REST_MS: u64 = 60;

/// How long the last jobs may take after the healing: until a lease ends, and some attempts after that.
const PATIENCE: Duration = Duration::from_secs(150);

/// How long everything else may take.
const SETTING_UP: Duration = Duration::from_mins(5);

/// The settings of a storm.
#[derive(Clone, Debug)]
pub struct StormSettings {
    /// The folder of the site's programs.
    pub programs: PathBuf,
    /// How long the storm lasts.
    pub duration: Duration,
    /// The seed of the acts and the faults.
    pub seed: u64,
}

/// The result of a storm.
struct StormResult {
    findings: Vec<Finding>,
    faults: u32,
    deadlocks: usize,
    /// A summary of what the people did.
    done: String,
    town: Arc<Town>,
}

/// Runs a storm, and prints what happens; the last line is the result. Returns `false` if something is wrong. The calling
/// thread must live as long as the storm.
///
/// # Errors
/// If the storm can't be set up, or doesn't end in time.
pub async fn run(settings: &StormSettings) -> Result<bool> {
    let limit = settings.duration + 2 * PATIENCE + SETTING_UP;
    println!("chaos: a storm on the site, seed {}, {:?}", settings.seed, settings.duration);
    let weather = async |folder: &Path, stack: &mut Stack| weather(settings, folder, stack).await;
    let (outcome, folder) = with_servers(limit, weather).await?;
    let StormResult { findings, faults, deadlocks, done, town } = outcome;
    let tally = town.tally();
    for line in tally.lines() {
        println!("chaos: {line}");
    }
    println!("chaos: {done}");
    println!("chaos: {deadlocks} deadlocks, whose transactions were repeated");
    for finding in &findings {
        println!("chaos: {finding}");
    }
    let wrong = findings.iter().filter(|finding| !finding.is_clean()).count();
    if wrong > 0 {
        keep(folder);
    }
    let (acts, checks) = (tally.count_acts(), findings.len());
    println!("chaos: the site: {acts} acts, {faults} faults, {checks} checks, {wrong} wrong");
    Ok(wrong == 0)
}

async fn weather(settings: &StormSettings, folder: &Path, stack: &mut Stack) -> Result<StormResult> {
    let home = folder.join("site");
    std::fs::create_dir(&home)?;
    let options = PgPoolOptions::new().max_connections(3).acquire_timeout(Duration::from_secs(10));
    let db = options.connect_lazy(&stack.database_url())?;
    db::migrate(&db).await?;
    order::note(&db).await?;
    let sink = Sink::bind_anywhere(home.join("mailbox")).await?;
    let relay = Relay::to(Target::Unix(stack.redis_socket())).await?;
    let servers = Servers {
        database: &stack.database_url(),
        redis: &format!("redis://127.0.0.1:{}", relay.port()),
        mail: &sink.url(),
    };
    let mut site = Site::new(&settings.programs, &home, &servers)?;
    site.start_all()?;
    let pictures = pictures::draw();
    let http = client()?;
    site.until_ready(&http).await?;
    let staff = hire(&db, &http, &site).await?;
    let town = Arc::new(Town::new(http, site.webs()?, pictures, staff, &home.join("mailbox")));
    settle_in(&town).await;

    let mut breaker = Breaker::new(stack, relay, site, &town);
    blow(settings, &mut breaker, &town).await?;
    breaker.heal().await?;
    let findings = come_to_rest(&db, &home, &mut breaker, &town).await?;
    let (faults, wrongs) = (breaker.faults, breaker.wrongs());
    let log = stack.postgres_log()?;
    let mut all = vec![
        Finding::new("every answer was allowed", town.tally().wrongs()),
        Finding::new("no process ended without a fault, and each succeeded after SIGTERM", wrongs),
        check_postgres_log(&log),
    ];
    all.extend(findings);
    let (findings, deadlocks, done) =
        (checks::merge(all), count_deadlocks(&log), count_done(&db, &town).await?);
    Ok(StormResult { findings, faults, deadlocks, done, town })
}

async fn count_done(db: &PgPool, town: &Town) -> Result<String> {
    let (ratings, photos, live): (i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from ratings), (select last_value from photos_id_seq),
                (select count(*) from photos where state = 'live')",
    )
    .fetch_one(db)
    .await?;
    let told = town.told();
    Ok(format!(
        "{photos} photos were made and {live} are live, {} ratings were acknowledged and {ratings} are left, \
         {} users were merged, {} accounts deleted",
        told.ratings.len(),
        told.merges,
        told.deleted.len(),
    ))
}

/// A client that closes idle connections before the site does. Otherwise the site may close one just when it is used again.
fn client() -> reqwest::Result<Client> {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
    client.pool_idle_timeout(Duration::from_secs(5)).build()
}

/// Registers the admin.
async fn hire(db: &PgPool, http: &Client, site: &Site) -> Result<Person> {
    let url = site.webs()?.first().context("there is a web process")?.join("api/v1/users")?;
    let body = json!({ "name": "janitor", "email": "janitor@example.org", "password": PASSWORDS[0] });
    let answer: Value = http.post(url).json(&body).send().await?.json().await?;
    let id = answer["id"].as_i64().with_context(|| format!("nobody was registered: {answer}"))?;
    let session = answer["access_token"].as_str().context("a token")?.to_owned();
    queries::set_role(&mut *db.acquire().await?, UserId(id), Role::Admin).await?;
    Ok(Person { id, session })
}

/// Runs the acts of all people, and injects faults.
async fn blow(settings: &StormSettings, breaker: &mut Breaker<'_>, town: &Arc<Town>) -> Result<()> {
    let stop = CancellationToken::new();
    let walking = tokio_util::task::TaskTracker::new();
    for number in 1..=PEOPLE {
        let (mut walker, town, stop) = (Walker::new(settings.seed, number)?, Arc::clone(town), stop.clone());
        walking.spawn(async move {
            while !stop.is_cancelled() {
                walker.act(&town).await;
                tokio::time::sleep(walker.rest(REST_MS)).await;
            }
        });
    }
    walking.close();
    let mut dice = ChaCha8Rng::seed_from_u64(settings.seed);
    let begin = Instant::now();
    let (mut round, mut next) = (a_round(&mut dice), begin + gap(&mut dice));
    while begin.elapsed() < settings.duration {
        tokio::time::sleep(Duration::from_millis(50)).await;
        breaker.tend().await?;
        if Instant::now() < next {
            continue;
        }
        next = Instant::now() + gap(&mut dice);
        let Some(fault) = round.pop() else {
            round = a_round(&mut dice);
            continue;
        };
        if breaker.inject(fault, &mut dice).await? {
            println!("chaos: {:>4} s: {fault}", begin.elapsed().as_secs());
        }
    }
    stop.cancel();
    println!("chaos: {:>4} s: healing", begin.elapsed().as_secs());
    // The last requests may still meet faults.
    while !walking.is_empty() {
        breaker.tend().await?;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

fn gap(dice: &mut ChaCha8Rng) -> Duration {
    Duration::from_secs_f64(dice.random_range(0.8..3.5))
}

/// Waits for the last job, checks the rows, runs the upkeep, and checks everything.
async fn come_to_rest(
    db: &PgPool,
    home: &Path,
    breaker: &mut Breaker<'_>,
    town: &Town,
) -> Result<Vec<Finding>> {
    let told = town.told().clone();
    let mut findings = stop(breaker, Program::Scheduler).await;
    for queue in queues::ALL {
        control::resume(&mut *db.acquire().await?, queue).await?;
    }
    findings.push(until_idle(db).await?);
    // The first check comes before the upkeep, which could repair something.
    let before = check_rows(&mut *db.acquire().await?, &told).await?;
    findings.extend(before.into_iter().filter(|finding| !finding.is_clean()));
    checks::age(&home.join("media"))?;
    run_upkeep(db).await?;
    findings.push(until_idle(db).await?);
    findings.extend(check_whole(db, breaker, town, &told).await?);
    for program in [Program::Web, Program::Worker] {
        findings.extend(stop(breaker, program).await);
    }
    findings.extend(check_logs(home)?);
    Ok(findings)
}

async fn check_whole(db: &PgPool, breaker: &Breaker<'_>, town: &Town, told: &Told) -> Result<Vec<Finding>> {
    let mut db = db.acquire().await?;
    let mut findings = check_rows(&mut db, told).await?;
    findings.extend(check_files(&mut db, &breaker.site.store()?).await?);
    findings.extend(check_shown(&mut db, &town.http, &town.webs).await?);
    Ok(findings)
}

async fn stop(breaker: &mut Breaker<'_>, program: Program) -> Vec<Finding> {
    let failed = breaker.site.stop(program).await;
    if failed.is_empty() { Vec::new() } else { vec![Finding::new("processes end well", failed)] }
}

async fn run_upkeep(db: &PgPool) -> Result<()> {
    let mut tx = Tx::begin(db).await?;
    RefreshRanks {}.enqueue(&mut tx).await?;
    RefreshVirality {}.enqueue(&mut tx).await?;
    BalanceJobs {}.enqueue(&mut tx).await?;
    Purge {}.enqueue(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}

/// Waits until no job is live.
async fn until_idle(db: &PgPool) -> Result<Finding> {
    const LEFT: &str =
        "select format('%s %s, %s, attempt %s, %s', kind, id, state, attempt, last_error) from jobs";
    let begin = Instant::now();
    loop {
        let left: Vec<String> = sqlx::query_scalar(LEFT).fetch_all(db).await?;
        if left.is_empty() || begin.elapsed() > PATIENCE {
            println!("chaos: at rest after another {:.1?}", begin.elapsed());
            return Ok(Finding::new("every job ends after the healing", left));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}
