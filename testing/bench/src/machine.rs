//! The conditions of a run.

use std::fmt;
use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::figures::quantile;
use crate::stores::Stores;

/// `TMPFS_MAGIC` of `statfs(2)`.
const TMPFS: u64 = 0x0102_1994;
/// Number of timed syncs, each after writing a page of 8 KiB.
const SYNCS: usize = 200;

/// The machine and the servers' settings.
#[derive(Debug)]
pub struct Machine {
    processor: String,
    processors: usize,
    memory: u64,
    kernel: String,
    sync: f64,
    postgres: String,
    buffers: String,
    redis: String,
}

impl Machine {
    /// Collects the conditions. Refuses a folder in memory, where syncs are free.
    ///
    /// # Errors
    /// When a server or the disk fails, or the folder is in memory.
    pub async fn of(stores: &mut Stores) -> Result<Self> {
        let folder = stores.folder();
        if u64::try_from(rustix::fs::statfs(folder)?.f_type).is_ok_and(|kind| kind == TMPFS) {
            bail!("{} is in memory, where syncs are free", folder.display());
        }
        let sync = milliseconds_to_sync(&folder.join("sync-probe"))?;
        Ok(Self {
            processor: field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".into()),
            processors: std::thread::available_parallelism()?.get(),
            memory: field("/proc/meminfo", "MemTotal")
                .and_then(|text| text.split(' ').next()?.parse().ok())
                .unwrap_or(0),
            kernel: fs::read_to_string("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            sync,
            postgres: stores.postgres_setting("server_version").await?,
            buffers: stores.postgres_setting("shared_buffers").await?,
            redis: stores.redis_version().await?,
        })
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} × {}, {} GiB, Linux {}; a page written and synced takes {:.2} ms (median).",
            self.processors,
            self.processor,
            self.memory >> 20,
            self.kernel,
            self.sync,
        )?;
        write!(
            f,
            "Postgres {} with fsync, synchronous_commit and full_page_writes on, shared_buffers {}; Redis {} with \
             appendonly, appendfsync everysec; both over Unix sockets, else as they come.",
            self.postgres, self.buffers, self.redis,
        )
    }
}

/// The value of `key` in a `/proc` file with lines `key : value`.
fn field(path: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(key))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

fn milliseconds_to_sync(path: &Path) -> Result<f64> {
    let file = File::create(path).context("making a file to time syncs with")?;
    let mut times = Vec::with_capacity(SYNCS);
    for offset in (0_u64..).step_by(8192).take(SYNCS) {
        let begin = Instant::now();
        file.write_all_at(&[1; 8192], offset)?;
        file.sync_data()?;
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    fs::remove_file(path)?;
    times.sort_by(f64::total_cmp);
    quantile(&times, 0.5).context("some were timed")
}
