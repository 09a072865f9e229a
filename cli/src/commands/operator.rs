//! The operator's identity and their access to the database.

use std::ffi::CString;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, bail};
use nix::unistd::{self, Uid, User};
use pawdium_shared::config::{Config, Sources};
use pawdium_shared::db::{self, Db};
use sqlx::Postgres;
use sqlx::pool::PoolConnection;

const UNREACHABLE: &str = "connecting to the database; is it running, and is database.url correct?";

/// A pool for the configured database. `command` is the application name that Postgres shows.
pub(crate) fn pool(config: &Config, command: &str) -> Result<Db> {
    db::connect(&config.database, command).context("database.url")
}

/// Like [`pool`] with the site's settings; fails unless the database answers.
pub(crate) async fn connect(command: &str) -> Result<Db> {
    let db = pool(&settings()?, command)?;
    acquire(&db).await?;
    Ok(db)
}

/// A connection of the pool.
pub(crate) async fn acquire(pool: &Db) -> Result<PoolConnection<Postgres>> {
    pool.acquire().await.context(UNREACHABLE)
}

/// The user that the services run as.
const SERVICE_USER: &str = "pawdium";

/// Reads the settings. The secrets of an installed site are readable only by root, so root reads them and then
/// becomes the services' user, which the database accepts.
pub(crate) fn settings() -> Result<Config> {
    let Some(credentials) = Sources::installed_credentials() else { return Ok(Config::load()?) };
    if !Uid::effective().is_root() {
        bail!("only root can read the site's secrets in {}; run this with sudo", credentials.display());
    }
    let sources = Sources { credentials: Some(credentials), ..Sources::of_this_process() };
    let config = Config::from_sources(&sources)?;
    become_service_user()?;
    Ok(config)
}

fn become_service_user() -> Result<()> {
    let user = User::from_name(SERVICE_USER)?
        .with_context(|| format!("there is no user {SERVICE_USER}; create it with `systemd-sysusers`"))?;
    let name = CString::new(SERVICE_USER)?;
    let become_it = || -> nix::Result<()> {
        unistd::initgroups(&name, user.gid)?;
        unistd::setgid(user.gid)?;
        unistd::setuid(user.uid)
    };
    become_it().with_context(|| format!("becoming the user {SERVICE_USER}"))
}

/// The user that logged in, even after `su` or `sudo`, as recorded by the kernel (`pam_loginuid(8)`).
const LOGIN: &str = "/proc/self/loginuid";

/// The operator's name in the audit log, such as `ada@host`. It stays the same after becoming root or the services'
/// user.
pub(crate) fn name() -> String {
    let login = std::fs::read_to_string(LOGIN).ok().and_then(|uid| person(uid.trim()));
    let named = ["SUDO_USER", "DOAS_USER", "LOGNAME", "USER"].into_iter().find_map(|variable| {
        std::env::var(variable).ok().filter(|name| !name.is_empty() && !name.contains('\0'))
    });
    let name = login.or(named).unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()));
    let system = rustix::system::uname();
    format!("{name}@{}", system.nodename().to_string_lossy())
}

/// The name of the login user; `None` without a login, or if root logged in, which may be anyone.
fn person(uid: &str) -> Option<String> {
    const UNSET: u32 = u32::MAX;
    let uid = uid.parse().ok().filter(|uid| ![0, UNSET].contains(uid))?;
    Some(User::from_uid(Uid::from_raw(uid)).ok()??.name)
}

/// Asks for confirmation at the terminal. Without a terminal, `--yes` is required.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("{question} Pass --yes to do it, or --dry-run for a preview.");
    }
    eprint!("{question} [y/N] ");
    io::stderr().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::person;

    #[test]
    fn a_login_names_a_person_unless_nobody_or_root_logged_in() {
        for nobody in ["4294967295", "0", "", "nonsense", "4000000000"] {
            assert_eq!(person(nobody), None, "{nobody}");
        }
        let daemon = nix::unistd::User::from_name("daemon").expect("it can be asked").expect("it is there");
        assert_eq!(person(&daemon.uid.to_string()).as_deref(), Some("daemon"));
    }
}
