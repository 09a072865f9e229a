//! A TCP relay to a server that can be slowed down, silenced or cut, to test how a service copes.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use url::Url;

/// Bytes per read.
const CHUNK: usize = 64 * 1024;

/// The target of a relay.
#[derive(Clone, Debug)]
pub enum Target {
    /// A host and a port.
    Tcp(String, u16),
    /// The path of a socket.
    Unix(PathBuf),
}

impl Target {
    /// The Postgres server for these options.
    #[must_use]
    pub fn postgres(options: &PgConnectOptions) -> Self {
        match options.get_socket() {
            Some(folder) => Self::Unix(folder.join(format!(".s.PGSQL.{}", options.get_port()))),
            None => Self::Tcp(options.get_host().to_owned(), options.get_port()),
        }
    }
}

/// A loopback port that forwards to a server. Dropping it closes all connections and stops listening.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    line: Arc<Line>,
    accepting: tokio::task::JoinHandle<()>,
}

/// The state of the line.
#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    is_cut: bool,
    is_silent: bool,
    /// One way.
    delay: Duration,
}

#[derive(Debug)]
struct Line {
    weather: watch::Sender<Weather>,
    links: Mutex<Vec<Weak<Link>>>,
}

/// One connection.
#[derive(Debug)]
struct Link {
    is_silent: watch::Sender<bool>,
    last_said: Mutex<Vec<u8>>,
}

impl Relay {
    /// Opens a port that forwards to `target`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn to(target: Target) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        let line = Arc::new(Line { weather: watch::Sender::default(), links: Mutex::default() });
        let accepting = tokio::spawn(accept(listener, target, Arc::clone(&line)));
        Ok(Self { port, line, accepting })
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The URL of the same database through this relay, which must lead to its server.
    ///
    /// # Panics
    /// Never: a Postgres URL can have any host and port.
    #[must_use]
    pub fn url(&self, options: &PgConnectOptions) -> Url {
        let mut url = options.to_url_lossy();
        url.set_host(Some("127.0.0.1")).expect("it can have a host");
        url.set_port(Some(self.port)).expect("it can have a port");
        url
    }

    /// Closes all connections and refuses new ones.
    pub fn cut(&self) {
        self.line.weather.send_modify(|weather| weather.is_cut = true);
    }

    /// Lets no byte through in either direction and closes nothing, like a broken network.
    pub fn silence(&self) {
        self.line.weather.send_modify(|weather| weather.is_silent = true);
    }

    /// Silences the open connections whose client's last message contains `words`. Returns their number.
    pub fn silence_those_who_said(&self, words: &[u8]) -> usize {
        let mut silenced = 0;
        for link in self.line.links.lock().iter() {
            let Some(link) = link.upgrade() else { continue };
            let said = link.last_said.lock();
            if said.windows(words.len()).any(|window| window == words) {
                link.is_silent.send_replace(true);
                silenced += 1;
            }
        }
        silenced
    }

    /// Adds `round_trip` to each request and its response, half in each direction.
    pub fn delay(&self, round_trip: Duration) {
        self.line.weather.send_modify(|weather| weather.delay = round_trip / 2);
    }

    /// Restores the line. Held back bytes arrive.
    pub fn mend(&self) {
        self.line.weather.send_replace(Weather::default());
        for link in self.line.links.lock().iter() {
            if let Some(link) = link.upgrade() {
                link.is_silent.send_replace(false);
            }
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

async fn accept(listener: TcpListener, target: Target, line: Arc<Line>) {
    while let Ok((client, _)) = listener.accept().await {
        // A connection that closes at once looks like one to a server that just went away.
        if !line.weather.borrow().is_cut {
            tokio::spawn(carry(client, target.clone(), Arc::clone(&line)));
        }
    }
}

async fn carry(client: TcpStream, target: Target, line: Arc<Line>) {
    let mut weather = line.weather.subscribe();
    let carried = async {
        client.set_nodelay(true)?;
        match target {
            Target::Tcp(host, port) => {
                let server = TcpStream::connect((host, port)).await?;
                server.set_nodelay(true)?;
                exchange(client, server, &line).await
            }
            Target::Unix(path) => exchange(client, UnixStream::connect(path).await?, &line).await,
        }
    };
    // Either way the connection is over, and both ends notice.
    tokio::select! {
        _ = weather.wait_for(|weather| weather.is_cut) => {}
        _ = carried => {}
    }
}

async fn exchange<S: AsyncRead + AsyncWrite>(client: TcpStream, server: S, line: &Line) -> io::Result<()> {
    let link = Arc::new(Link { is_silent: watch::Sender::default(), last_said: Mutex::default() });
    {
        let mut links = line.links.lock();
        links.retain(|link| link.strong_count() > 0);
        links.push(Arc::downgrade(&link));
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = tokio::io::split(server);
    let said = |bytes: &[u8]| {
        bytes.clone_into(&mut link.last_said.lock());
    };
    tokio::try_join!(
        pump(from_client, to_server, line, &link, said),
        pump(from_server, to_client, line, &link, |_| {}),
    )?;
    Ok(())
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    line: &Line,
    link: &Link,
    heard: impl Fn(&[u8]),
) -> io::Result<()> {
    let (mut weather, mut is_silent) = (line.weather.subscribe(), link.is_silent.subscribe());
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = from.read(&mut buffer).await?;
        heard(&buffer[..length]);
        let delay = weather.borrow().delay;
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        // Both senders outlive this: the line and the link are borrowed.
        let _ = weather.wait_for(|weather| !weather.is_silent).await;
        let _ = is_silent.wait_for(|is_silent| !is_silent).await;
        if length == 0 {
            return to.shutdown().await;
        }
        to.write_all(&buffer[..length]).await?;
    }
}
