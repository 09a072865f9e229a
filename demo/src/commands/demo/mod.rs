//! `pawdium-demo`

mod service;
mod settings;
mod terminal;

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use clap::Args;
use pawdium_demo::logins::{LOGINS, PASSWORD};
use pawdium_demo::seed::{self, Amounts, Bustle};
use pawdium_kit::sink::Sink;
use pawdium_kit::stack::{Kind, Stack};
use pawdium_shared::{db, shutdown};
use tokio_util::sync::CancellationToken;
use url::Url;

use service::{Program, Service};
use settings::Settings;
use terminal::{during, say};

/// How long to wait for the site to become ready.
const PATIENCE: Duration = Duration::from_mins(2);

/// Run a whole site here: its own Postgres, Redis and mailbox, web, worker and scheduler
///
/// Everything is kept in one folder and reused by the next start; Ctrl-C stops it. PAWDIUM_* variables apply to the
/// demo too, except for the database, Redis, the media folder, mail and the secret, which are its own.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Folder for the demo's data
    #[arg(long, env = "PAWDIUM_HOME", default_value = ".pawdium", value_name = "FOLDER")]
    home: PathBuf,
    /// Keep the demo's people still. Without this, one of them rates, joins or posts every few seconds
    #[arg(long)]
    still: bool,
}

impl Demo {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let stop = shutdown::on_signal()?;
        let programs = ["pawdium-web", "pawdium-worker", "pawdium-scheduler"].map(sibling_program);
        let [web, worker, scheduler] = programs;
        let programs = [web?, worker?, scheduler?];
        let starting = format!("starting Postgres and Redis in {}", self.home.display());
        let mut stack = tokio::select! {
            stack = during(&starting, Stack::start(&self.home, Kind::Durable)) => stack?,
            () = stop.cancelled() => return Ok(ExitCode::SUCCESS),
        };
        let outcome = run_site(&self, &mut stack, programs, &stop).await;
        during("stopping Redis and Postgres", stack.stop()).await;
        outcome?;
        say("stopped; the data is kept");
        Ok(ExitCode::SUCCESS)
    }
}

fn sibling_program(name: &str) -> Result<PathBuf> {
    let program = std::env::current_exe()?.with_file_name(name);
    ensure!(program.is_file(), "there is no {}; build it with `cargo build --release`", program.display());
    Ok(program)
}

async fn run_site(
    demo: &Demo,
    stack: &mut Stack,
    programs: [PathBuf; 3],
    stop: &CancellationToken,
) -> Result<()> {
    let home = demo.home.canonicalize()?;
    let sink = Sink::bind_anywhere(settings::mailbox(&home)).await.context("starting the mailbox")?;
    let settings = Settings::of_demo(&home, &stack.database_url(), &stack.redis_url(), &sink.url())?;
    ensure_free(settings.config.web.listen).await?;
    during("bringing the database's schema up to date", migrate(&settings)).await.with_context(|| {
        format!(
            "the data in {} is not compatible with this version; delete it to start fresh",
            home.display()
        )
    })?;

    let services = Services::start(&settings, programs);
    let outcome = tokio::select! {
        () = stop.cancelled() => Ok(()),
        error = stack.failed() => Err(error),
        outcome = serve(&settings, demo.still) => outcome,
    };
    services.stop().await;
    outcome
}

/// Returns only on an error.
async fn serve(settings: &Settings, still: bool) -> Result<()> {
    let address = reachable(settings.config.web.listen);
    wait_until_ready(&format!("http://{address}/readyz")).await?;
    let pool = db::connect(&settings.config.database, "pawdium-demo")?;
    let site = Url::parse(&format!("http://{address}"))?;
    if !seed::is_finished(&pool).await? {
        say(&format!("filling the site; watch it at {}", settings.config.web.base_url));
        seed::seed(&site, &pool, Amounts::default(), say).await.context("filling the site")?;
    }
    greet(settings);
    if still {
        pool.close().await;
        return std::future::pending().await;
    }
    match Bustle::new(&site, &pool)?.run(say).await {}
}

async fn migrate(settings: &Settings) -> Result<()> {
    let pool = db::connect(&settings.config.database, "pawdium-demo")?;
    db::migrate(&pool).await?;
    pool.close().await;
    Ok(())
}

/// Checks twice, because the web process of a killed demo may still be releasing the port.
async fn ensure_free(listen: SocketAddr) -> Result<()> {
    let mut attempt = TcpListener::bind(listen);
    if attempt.is_err() {
        tokio::time::sleep(Duration::from_secs(2)).await;
        attempt = TcpListener::bind(listen);
    }
    match attempt {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            let other = SocketAddr::new(listen.ip(), listen.port().checked_add(1).unwrap_or(8080));
            bail!(
                "{listen} is in use by another program; choose another port: PAWDIUM_WEB__LISTEN={other} make demo"
            )
        }
        Err(error) => Err(error).with_context(|| format!("{listen} (PAWDIUM_WEB__LISTEN) can't be bound")),
    }
}

/// The URL of a server that listens on `listen`, which may be a wildcard address.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = if listen.ip().is_unspecified() { IpAddr::from(Ipv4Addr::LOCALHOST) } else { listen.ip() };
    SocketAddr::new(ip, listen.port())
}

async fn wait_until_ready(url: &str) -> Result<()> {
    let client = reqwest::Client::builder().timeout(Duration::from_secs(2)).build()?;
    let begin = Instant::now();
    let mut next_line = Duration::ZERO;
    loop {
        let lacks = match client.get(url).send().await {
            Ok(answer) if answer.status().is_success() => break,
            Ok(answer) => {
                let status = answer.status();
                let body = answer.text().await.unwrap_or_default();
                format!("it answers {status} {}", body.chars().take(300).collect::<String>())
            }
            Err(error) if error.is_connect() => "nothing answers there yet".into(),
            Err(error) => error.to_string(),
        };
        let waited = begin.elapsed();
        if waited > PATIENCE {
            return Err(anyhow!("{url} is not ready after {} s: {lacks}", PATIENCE.as_secs()));
        }
        if waited >= next_line {
            say(&format!("waiting until {url} is ready, {} s: {lacks}", waited.as_secs()));
            next_line += Duration::from_secs(if next_line < Duration::from_secs(5) { 1 } else { 5 });
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    say(&format!("ready after {:.1} s", begin.elapsed().as_secs_f32()));
    Ok(())
}

fn greet(settings: &Settings) {
    let site = settings.config.web.base_url.as_str().trim_end_matches('/');
    say("");
    say(&format!("  Pawdium   {site}"));
    say(&format!("  Mailbox   {site}/demo/mail"));
    for login in LOGINS {
        let role = if login.is_admin { "admin" } else { "member" };
        say(&format!("  Log in    {} with {PASSWORD} ({role})", login.email));
    }
    say("");
    say("  Press Ctrl-C to stop. The logs follow.");
    say("");
}

/// The three services. They stop in dependency order: first the one that accepts requests, last the one that
/// finishes work.
struct Services {
    web: Service,
    scheduler: Service,
    worker: Service,
}

impl Services {
    fn start(settings: &Settings, [web, worker, scheduler]: [PathBuf; 3]) -> Self {
        let config = &settings.config;
        let start = |name, path, drain_seconds| {
            Service::start(Program { name, path, settings: settings.variables.clone(), drain_seconds })
        };
        Self {
            web: start("web", web, config.web.drain_seconds),
            worker: start("worker", worker, config.worker.drain_seconds),
            scheduler: start("scheduler", scheduler, 0),
        }
    }

    async fn stop(self) {
        during("stopping web", self.web.stop()).await;
        during("stopping scheduler", self.scheduler.stop()).await;
        during("stopping worker", self.worker.stop()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_used_port_is_named_with_the_variable_that_changes_it() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let listen = taken.local_addr().expect("it is bound");
        let error = ensure_free(listen).await.expect_err("it is taken").to_string();
        assert!(error.starts_with(&format!("{listen} is in use")), "{error}");
        assert!(error.contains("PAWDIUM_WEB__LISTEN="), "{error}");
        drop(taken);
        ensure_free(listen).await.expect("it is free again");
    }

    #[test]
    fn a_wildcard_address_is_reached_over_loopback() {
        assert_eq!(reachable(([0, 0, 0, 0], 8080).into()).to_string(), "127.0.0.1:8080");
        assert_eq!(reachable(([127, 0, 0, 5], 8080).into()).to_string(), "127.0.0.5:8080");
    }
}
