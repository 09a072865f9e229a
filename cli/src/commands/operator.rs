//! Who sits at the command line, and their way to the database.

use std::ffi::CString;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, bail};
use nix::unistd::{self, Uid, User};
use pawdium_shared::config::{Config, Sources};
use pawdium_shared::db::{self, Db};
use sqlx::Postgres;
use sqlx::pool::PoolConnection;

const UNREACHABLE: &str = "connecting to the database; is it running, and database.url right?";

/// The database that the settings name; `command` is how it sees who is connected.
pub(crate) fn pool(config: &Config, command: &str) -> Result<Db> {
    db::connect(&config.database, command).context("database.url")
}

/// The database that the settings name, which answers.
pub(crate) async fn connect(command: &str) -> Result<Db> {
    let db = pool(&settings()?, command)?;
    acquire(&db).await?;
    Ok(db)
}

/// One of the pool's connections.
pub(crate) async fn acquire(pool: &Db) -> Result<PoolConnection<Postgres>> {
    pool.acquire().await.context(UNREACHABLE)
}

/// The user that the services run as.
const SERVICE_USER: &str = "pawdium";

/// The settings. Those of the installed site have secrets that only root can read: root reads them and is from then on
/// the user that the services run as, whom the database knows.
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
        .with_context(|| format!("there is no user {SERVICE_USER}; `systemd-sysusers` makes it"))?;
    let name = CString::new(SERVICE_USER)?;
    let become_it = || -> nix::Result<()> {
        unistd::initgroups(&name, user.gid)?;
        unistd::setgid(user.gid)?;
        unistd::setuid(user.uid)
    };
    become_it().with_context(|| format!("becoming the user {SERVICE_USER}"))
}

/// The user that logged in, even after `su` or `sudo`, as the kernel records it (`pam_loginuid(8)`).
const LOGIN: &str = "/proc/self/loginuid";

/// Their name in the audit log: `ada@host`. It stays the same when they become root or the services'
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

/// The name of a login's user; none where nobody logged in, or root did, which need not be who types.
fn person(uid: &str) -> Option<String> {
    const UNSET: u32 = u32::MAX;
    let uid = uid.parse().ok().filter(|uid| ![0, UNSET].contains(uid))?;
    Some(User::from_uid(Uid::from_raw(uid)).ok()??.name)
}

/// Asks at the terminal whether to go on; without one, `--yes` has to have said so.
pub(crate) fn confirm(question: &str) -> Result<bool> {
    if !io::stdin().is_terminal() {
        bail!("{question} Say --yes to do it, or --dry-run to see it only.");
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
    fn a_login_is_a_person_unless_nobody_or_root_logged_in() {
        for nobody in ["4294967295", "0", "", "nonsense", "4000000000"] {
            assert_eq!(person(nobody), None, "{nobody}");
        }
        let daemon = nix::unistd::User::from_name("daemon").expect("it can be asked").expect("it is there");
        assert_eq!(person(&daemon.uid.to_string()).as_deref(), Some("daemon"));
    }
}
