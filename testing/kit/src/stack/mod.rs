//! A private Postgres and Redis in their own folder. They use the system's programs, but touch no system service
//! and open no port. Both listen on Unix sockets that only this user can reach, and both end with the process that
//! started them, even if it is killed.

mod account;
mod lock;
mod postgres;
mod process;
mod programs;
mod redis;

use std::env;
use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

pub use lock::AlreadyRunning;
pub use process::{die_with_parent, send_signal};
pub use programs::beside_postgres as postgres_program;

use account::Account;
use lock::Lock;
use postgres::Postgres;
use redis::Redis;

const THROWAWAY: &str = "pawdium-stack-";
const SOCKETS: &str = "pawdium-sockets-";
/// A socket path has at most 107 bytes (unix(7)). This leaves room for the names of the folder and the socket.
const MAX_PARENT: usize = 60;

/// Durability of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Kept for the next start: every commit reaches the disk.
    Durable,
    /// For one command: fast, and deleted with its folder. Commits survive a crash of Postgres, but not of the
    /// machine.
    Throwaway,
}

/// A running Postgres and Redis. Stop it with [`Stack::stop`]; dropping it signals both servers without waiting.
#[derive(Debug)]
pub struct Stack {
    postgres: Postgres,
    redis: Redis,
    sockets: TempDir,
    folder: PathBuf,
    kind: Kind,
    account: Account,
    _lock: Lock,
}

impl Stack {
    /// Starts both in `folder`, which is created if needed. Reuses the data of an earlier run, and waits for its
    /// servers to end. If this process is root, Postgres, which refuses root, runs as the user `postgres` or
    /// `nobody`.
    ///
    /// Call it from a thread that lives as long as the stack: the kernel kills a child with the thread that started
    /// it (`PR_SET_PDEATHSIG`).
    ///
    /// # Errors
    /// [`AlreadyRunning`] if the folder is in use; if a program is missing, with what to install; and if a server
    /// doesn't start, with the end of its log.
    pub async fn start(folder: &Path, kind: Kind) -> Result<Self> {
        // Check before anything is created or started.
        let redis_program = programs::redis()?;
        make_private(folder)?;
        let folder = folder.canonicalize()?;
        let lock = Lock::take(&folder.join("lock"))?;
        let account = Account::for_servers()?;
        let sockets = sockets(&folder, &account)?;
        let postgres = Postgres::start(&folder, sockets.path(), kind, &account).await?;
        let redis = match Redis::start(&redis_program, &folder, sockets.path(), kind).await {
            Ok(redis) => redis,
            Err(error) => {
                postgres.stop().await;
                return Err(error);
            }
        };
        Ok(Self { postgres, redis, sockets, folder, kind, account, _lock: lock })
    }

    /// The URL of the database `pawdium`, whose owner is a superuser, for sqlx.
    pub fn database_url(&self) -> String {
        postgres::url(self.sockets.path(), postgres::DATABASE)
    }

    /// The URL of the Redis server for the redis crate.
    pub fn redis_url(&self) -> String {
        redis::url(self.sockets.path())
    }

    /// The path of Redis's socket.
    pub fn redis_socket(&self) -> PathBuf {
        redis::socket(self.sockets.path())
    }

    /// Returns when one of the two ends unexpectedly, with the end of its log.
    pub async fn failed(&mut self) -> anyhow::Error {
        tokio::select! {
            error = self.postgres.failed() => error,
            error = self.redis.failed() => error,
        }
    }

    /// Crashes Postgres like `pg_ctl stop -m immediate`: sessions are cut off and nothing more is written.
    pub async fn crash_postgres(&mut self) {
        self.postgres.crash().await;
    }

    /// Restarts Postgres after [`Stack::crash_postgres`] and returns when it has recovered, at the same address.
    /// The calling thread must live as long as for [`Stack::start`].
    ///
    /// # Errors
    /// When it doesn't start, with the end of its log.
    pub async fn restart_postgres(&mut self) -> Result<()> {
        self.postgres = Postgres::start(&self.folder, self.sockets.path(), self.kind, &self.account).await?;
        Ok(())
    }

    /// Kills Redis; without [`Kind::Durable`] it loses everything.
    pub async fn crash_redis(&mut self) {
        self.redis.crash().await;
    }

    /// Restarts Redis after [`Stack::crash_redis`] and returns when it answers, at the same address. The calling
    /// thread must live as long as for [`Stack::start`].
    ///
    /// # Errors
    /// When it doesn't start, with the end of its log.
    pub async fn restart_redis(&mut self) -> Result<()> {
        self.redis = Redis::start(&programs::redis()?, &self.folder, self.sockets.path(), self.kind).await?;
        Ok(())
    }

    /// The log of Postgres, of all runs in this folder.
    ///
    /// # Errors
    /// When the log can't be read.
    pub fn postgres_log(&self) -> io::Result<String> {
        fs::read(self.folder.join("postgres.log")).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Stops both cleanly, with all commits on disk.
    pub async fn stop(self) {
        self.redis.stop().await;
        self.postgres.stop().await;
        let _ = fs::remove_file(self.folder.join("sockets"));
    }
}

/// A folder for a throwaway stack, deleted when dropped. Also deletes leftovers of killed runs.
///
/// # Errors
/// When it can't be created.
pub fn throwaway_folder() -> Result<TempDir> {
    sweep();
    tempfile::Builder::new().prefix(THROWAWAY).tempdir().context("creating a folder for the throwaway stack")
}

fn sweep() {
    let a_minute_ago = SystemTime::now() - Duration::from_mins(1);
    for entry in fs::read_dir(env::temp_dir()).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(THROWAWAY);
        let is_old = entry.metadata().and_then(|meta| meta.modified()).is_ok_and(|time| time < a_minute_ago);
        if is_ours && is_old && Lock::take(&entry.path().join("lock")).is_ok() {
            remove_sockets(&entry.path());
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn make_private(folder: &Path) -> Result<()> {
    let make = || {
        fs::create_dir_all(folder)?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))
    };
    make().with_context(|| format!("creating the folder {}", folder.display()))
}

/// A new folder with a short path for the sockets. The link `sockets` in the stack's folder points to it, for users
/// (`psql -h .pawdium/sockets -U pawdium`) and so that the next start can delete it if this one is killed.
fn sockets(folder: &Path, account: &Account) -> Result<TempDir> {
    remove_sockets(folder);
    let temp = env::temp_dir();
    let parent = if temp.as_os_str().len() <= MAX_PARENT { temp } else { PathBuf::from("/tmp") };
    let make = || -> io::Result<TempDir> {
        let sockets = tempfile::Builder::new().prefix(SOCKETS).tempdir_in(parent)?;
        account.own(sockets.path())?;
        symlink(sockets.path(), folder.join("sockets"))?;
        Ok(sockets)
    };
    make().context("creating a folder for the sockets")
}

fn remove_sockets(folder: &Path) {
    let link = folder.join("sockets");
    if let Ok(target) = fs::read_link(&link) {
        let is_ours = target.file_name().is_some_and(|name| name.to_string_lossy().starts_with(SOCKETS));
        if is_ours {
            let _ = fs::remove_dir_all(target);
        }
        let _ = fs::remove_file(link);
    }
}
