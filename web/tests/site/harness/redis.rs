//! A separate Redis for tests that would disturb the others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use redis::aio::MultiplexedConnection;

use super::process::{Process, installed};
use super::waiting::{SOON, eventually};

/// A Redis for this test only. It ends when this is dropped.
pub(crate) struct OwnRedis {
    pub(crate) process: Process,
    folder: tempfile::TempDir,
}

impl OwnRedis {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let process = start(folder.path());
        let redis = Self { process, folder };
        redis.connection().await;
        redis
    }

    /// Restarts it after it was killed, with the data of its last save.
    pub(crate) async fn restart(&mut self) {
        self.process = start(self.folder.path());
        self.connection().await;
    }

    pub(crate) fn socket(&self) -> PathBuf {
        socket(self.folder.path())
    }

    pub(crate) fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    /// A connection to it, as soon as it answers.
    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        let url = self.url();
        eventually("Redis answers", SOON, async || connect(&url).await).await
    }

    /// Deletes all its data.
    pub(crate) async fn flush(&self) {
        redis::cmd("FLUSHALL").exec_async(&mut self.connection().await).await.expect("it forgets");
    }

    /// A value from `INFO`.
    pub(crate) async fn figure(&self, name: &str) -> u64 {
        let told: String =
            redis::cmd("INFO").query_async(&mut self.connection().await).await.expect("it tells");
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.expect("it tells that").parse().expect("a number")
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("redis")
}

fn start(folder: &Path) -> Process {
    let socket = socket(folder).display().to_string();
    let arguments = ["--port", "0", "--unixsocket", &socket, "--save", ""].map(str::to_owned);
    let program = installed(&["redis-server", "valkey-server"]);
    Process::start("redis", &program, &arguments, &BTreeMap::new(), folder)
}

async fn connect(url: &str) -> Option<MultiplexedConnection> {
    // A busy machine may be slow.
    let patient = redis::AsyncConnectionConfig::new().set_response_timeout(Some(SOON));
    let client = redis::Client::open(url).ok()?;
    let mut connection = client.get_multiplexed_async_connection_with_config(&patient).await.ok()?;
    // While it loads its snapshot it answers, but without the data.
    redis::cmd("PING").exec_async(&mut connection).await.ok()?;
    Some(connection)
}
