//! One shared connection with a circuit breaker.
//!
//! A command that times out or finds the connection broken opens the breaker. From then on commands fail immediately,
//! and a background task reconnects until Redis answers. An outage costs the first caller a few hundredths of a second
//! and later callers nothing.
//!
//! Drops that failed during an outage take effect before the connection is used again. Every cached fragment belongs to
//! an epoch; a new epoch voids all fragments. It starts when Redis was away, when a drop failed, and when the server is
//! not the one that wrote the fragments: a restarted server, or a replica that took over, may have older data.

use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, RedisResult, Script};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::outage::Outages;

/// Timeout for connecting, handshake included.
const CONNECTING: Duration = Duration::from_millis(500);

/// Delay between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(200);

/// How long the caller of a command can wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// A page is waiting and prefers no answer to a late one. Redis usually answers in less than a millisecond.
    Page,
    /// A job or an operator needs the answer.
    Job,
}

impl Patience {
    /// The timeout.
    #[must_use]
    pub const fn limit(self) -> Duration {
        match self {
            Self::Page => Duration::from_millis(50),
            Self::Job => Duration::from_millis(500),
        }
    }
}

/// The keys that void cached fragments.
#[derive(Debug)]
pub(super) struct Renewal {
    epoch: String,
    server: String,
}

impl Renewal {
    pub(super) fn new(epoch: String, server: String) -> Self {
        Self { epoch, server }
    }

    /// Ends the epoch if `forced`, or if this server is not the one that was used last.
    async fn apply(&self, connection: &mut MultiplexedConnection, forced: bool) -> RedisResult<()> {
        // A server that doesn't identify itself may be a different one each time.
        let about: String =
            redis::cmd("INFO").arg("server").query_async(connection).await.unwrap_or_default();
        let id = about.lines().find_map(|line| line.strip_prefix("run_id:")).unwrap_or_default();
        Script::new(
            "if ARGV[1] == '1' or ARGV[2] == '' or redis.call('get', KEYS[2]) ~= ARGV[2] then
                 redis.call('del', KEYS[1])
                 redis.call('set', KEYS[2], ARGV[2])
             end",
        )
        .key(&self.epoch)
        .key(&self.server)
        .arg(u8::from(forced))
        .arg(id)
        .invoke_async(connection)
        .await
    }
}

/// A connection that the whole process shares. Clones share it.
#[derive(Clone)]
pub struct Link(Arc<Inner>);

struct Inner {
    client: Client,
    outages: Arc<Outages>,
    renewal: Option<Renewal>,
    state: Mutex<State>,
    /// Incremented when a connection opens or an attempt to connect fails.
    news: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    connection: Option<MultiplexedConnection>,
    /// Counts connections, so that a late failure of an old connection doesn't break its successor.
    number: u64,
    /// Whether a task is connecting.
    connecting: bool,
    /// Whether an attempt has failed since the last connection opened.
    away: bool,
    /// Whether a drop is missing.
    owes: bool,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    pub(super) fn new(client: Client, outages: Arc<Outages>, renewal: Option<Renewal>) -> Self {
        let (news, _) = watch::channel(0);
        Self(Arc::new(Inner { client, outages, renewal, state: Mutex::default(), news }))
    }

    /// Connects ahead of the first command. Call it inside a runtime.
    pub(super) fn prepare(&self) {
        let mut state = self.0.state();
        if state.connection.is_none() {
            self.connect(&mut state);
        }
    }

    /// Runs a command. After a timeout, Redis may still carry it out.
    ///
    /// # Errors
    /// The command's error, or that Redis is away or didn't answer in time.
    pub async fn run<T, F>(
        &self,
        patience: Patience,
        command: impl FnOnce(MultiplexedConnection) -> F,
    ) -> RedisResult<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let (number, connection) = self.connected(patience).await?;
        match timeout(patience.limit(), command(connection)).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => {
                if breaks(&error) {
                    self.open_breaker(number);
                }
                Err(error)
            }
            Err(_) => {
                self.open_breaker(number);
                Err(late())
            }
        }
    }

    /// Like [`run`](Self::run), for commands that must take effect. If it fails, nothing that is cached now is used
    /// again.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub(crate) async fn run_or_owe<T, F>(
        &self,
        patience: Patience,
        command: impl FnOnce(MultiplexedConnection) -> F,
    ) -> RedisResult<T>
    where
        F: Future<Output = RedisResult<T>>,
    {
        let mut debt = Debt { link: self, paid: false };
        let answer = self.run(patience, command).await;
        debt.paid = answer.is_ok();
        answer
    }

    async fn connected(&self, patience: Patience) -> RedisResult<(u64, MultiplexedConnection)> {
        let mut news = self.0.news.subscribe();
        let waiting = async {
            loop {
                {
                    let mut state = self.0.state();
                    if let Some(connection) = &state.connection {
                        return Ok((state.number, connection.clone()));
                    }
                    self.connect(&mut state);
                    // A page waits only for the first connection. Later callers don't wait for a stalled Redis.
                    if state.away || (patience == Patience::Page && state.number > 0) {
                        return Err(away());
                    }
                }
                if news.changed().await.is_err() {
                    return Err(away());
                }
            }
        };
        timeout(patience.limit(), waiting).await.unwrap_or_else(|_| Err(late()))
    }

    /// Waits until Redis has been reached, at most for that long.
    ///
    /// # Errors
    /// If it is still away.
    pub async fn wait_until_back(&self, longest: Duration) -> RedisResult<()> {
        let mut news = self.0.news.subscribe();
        let waiting = async {
            loop {
                {
                    let mut state = self.0.state();
                    if state.connection.is_some() {
                        return Ok(());
                    }
                    self.connect(&mut state);
                }
                if news.changed().await.is_err() {
                    return Err(away());
                }
            }
        };
        timeout(longest, waiting).await.unwrap_or_else(|_| Err(away()))
    }

    fn open_breaker(&self, number: u64) {
        let mut state = self.0.state();
        if state.number == number {
            state.connection = None;
            self.connect(&mut state);
        }
    }

    /// Starts to connect, unless a task already does.
    fn connect(&self, state: &mut State) {
        if !state.connecting {
            state.connecting = true;
            tokio::spawn(connect(Arc::downgrade(&self.0)));
        }
    }
}

/// A command that must take effect. If the caller fails or is cancelled before it knows the result, the link ends the
/// epoch.
struct Debt<'a> {
    link: &'a Link,
    paid: bool,
}

impl Drop for Debt<'_> {
    fn drop(&mut self) {
        if !self.paid {
            let mut state = self.link.0.state();
            state.owes = true;
            state.connection = None;
            if tokio::runtime::Handle::try_current().is_ok() {
                self.link.connect(&mut state);
            }
        }
    }
}

impl Inner {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    async fn open(&self, renew: bool) -> RedisResult<MultiplexedConnection> {
        let settings =
            AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECTING)).set_response_timeout(None);
        let mut connection = self.client.get_multiplexed_async_connection_with_config(&settings).await?;
        match &self.renewal {
            Some(renewal) => renewal.apply(&mut connection, renew).await?,
            None => redis::cmd("PING").exec_async(&mut connection).await?,
        }
        Ok(connection)
    }

    /// Makes one attempt to connect. Returns false if it should be repeated.
    async fn attempt(&self) -> bool {
        let (owes, away) = {
            let mut state = self.state();
            (std::mem::take(&mut state.owes), state.away)
        };
        let opened = timeout(CONNECTING, self.open(owes || away)).await.unwrap_or_else(|_| Err(late()));
        let mut state = self.state();
        match opened {
            Ok(connection) => {
                if state.owes {
                    // The next attempt makes up for commands that failed during this one.
                    return false;
                }
                state.connection = Some(connection);
                state.number += 1;
                state.connecting = false;
                if std::mem::take(&mut state.away) {
                    self.outages.end();
                }
            }
            Err(error) => {
                state.owes |= owes;
                if !std::mem::replace(&mut state.away, true) {
                    self.outages.begin(&error);
                }
            }
        }
        let stands = !state.connecting;
        drop(state);
        self.news.send_modify(|news| *news += 1);
        stands
    }
}

/// Connects until it succeeds or all clones of the link are dropped.
async fn connect(link: Weak<Inner>) {
    loop {
        let Some(inner) = link.upgrade() else { return };
        if inner.attempt().await {
            return;
        }
        drop(inner);
        sleep(PAUSE).await;
    }
}

/// Whether an error means that this connection is unusable.
fn breaks(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_unrecoverable_error()
        || matches!(error.code(), Some("LOADING" | "READONLY" | "MASTERDOWN"))
}

fn away() -> RedisError {
    std::io::Error::new(std::io::ErrorKind::NotConnected, "Redis is away").into()
}

fn late() -> RedisError {
    std::io::Error::new(std::io::ErrorKind::TimedOut, "Redis didn't answer in time").into()
}
