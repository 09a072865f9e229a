//! A small SMTP server (RFC 5321) that stores every message as a file: the demo's mailbox, and the peer for tests
//! of mail. It listens on loopback only and delivers nothing.
//!
//! It is written here because the available server crates are years old and have neither SIZE nor limits on lines
//! and messages, which are most of the work.

mod session;
mod stall;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};
use tracing::{info, warn};
use ulid::Ulid;

use session::{Ended, Envelope, Next, Reply, Session};
use stall::Stalls;

/// Maximum message size in bytes, announced through SIZE (RFC 1870).
pub const MAX_MESSAGE: usize = 10_000_000;
/// Maximum line length in bytes, including CRLF (RFC 5321, 4.5.3.1.6).
const MAX_LINE: usize = 1000;
/// Idle timeout for clients (RFC 5321, 4.5.3.2.7).
const SILENCE: Duration = Duration::from_mins(5);
const MAX_SESSIONS: usize = 64;
const ACCEPT: u16 = 0;

/// A running server. Dropping it stops it.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    refusal: Arc<AtomicU16>,
    stalls: Arc<Stalls>,
    _running: DropGuard,
}

impl Sink {
    /// Listens on `address` (port 0 picks a free one) and writes each message as `<ulid>.eml` into `folder`, which
    /// is created if needed. Files appear atomically.
    ///
    /// # Errors
    /// When the address is not loopback or in use, or the folder can't be created.
    pub async fn bind(address: SocketAddr, folder: impl Into<PathBuf>) -> io::Result<Self> {
        if !address.ip().is_loopback() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{address} is not a loopback address"),
            ));
        }
        let folder = folder.into();
        tokio::fs::create_dir_all(&folder).await?;
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let refusal = Arc::new(AtomicU16::new(ACCEPT));
        let running = CancellationToken::new();
        let stalls = Arc::<Stalls>::default();
        let store = Arc::new(Store { folder, refusal: Arc::clone(&refusal), stalls: Arc::clone(&stalls) });
        tokio::spawn(accept(listener, store, running.clone()));
        Ok(Self { address, refusal, stalls, _running: running.drop_guard() })
    }

    /// Like [`Sink::bind`], on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// When the folder can't be created, or no port is free.
    pub async fn bind_anywhere(folder: impl Into<PathBuf>) -> io::Result<Self> {
        Self::bind((Ipv4Addr::LOCALHOST, 0).into(), folder).await
    }

    /// The bound port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The server's URL for `mail.smtp_url`.
    pub fn url(&self) -> String {
        format!("smtp://{}", self.address)
    }

    /// Refuses every message after its data with this reply code: 451 for a temporary failure, 550 for a permanent
    /// one.
    pub fn fail_with(&self, code: u16) {
        self.refusal.store(code, Ordering::Relaxed);
    }

    /// From now on, stops answering a client once it has sent this: a command such as `MAIL`, the dot that ends a
    /// message, or nothing at all. See [`STAGES`](Sink::STAGES).
    pub fn stall_at(&self, stage: &'static str) {
        self.stalls.stall_at(stage);
    }

    /// Waits until a client has stalled since the last [`Sink::stall_at`].
    pub async fn stalled(&self) {
        self.stalls.stalled().await;
    }

    /// Answers all stalled clients and stops stalling.
    pub fn go_on(&self) {
        self.stalls.go_on();
    }

    /// The stages at which a conversation can stall, in order: before the greeting, after a command, after the dot.
    pub const STAGES: [&str; 7] = ["", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"];

    /// Accepts messages again after [`Sink::fail_with`].
    pub fn accept(&self) {
        self.refusal.store(ACCEPT, Ordering::Relaxed);
    }
}

async fn accept(listener: TcpListener, store: Arc<Store>, running: CancellationToken) {
    let sessions = Arc::new(Semaphore::new(MAX_SESSIONS));
    loop {
        let accepted = tokio::select! {
            () = running.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                warn!(%error, "failed to accept a mail client");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let Ok(permit) = Arc::clone(&sessions).acquire_owned().await else { return };
        let (store, running) = (Arc::clone(&store), running.clone());
        tokio::spawn(async move {
            let served = tokio::select! {
                () = running.cancelled() => return,
                served = serve(stream, &store) => served,
            };
            drop(permit);
            if let Err(error) = served {
                info!(%error, "a mail client disconnected");
            }
        });
    }
}

/// Serves one client until it quits or disconnects.
async fn serve(stream: TcpStream, store: &Store) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut session = Session::default();
    store.stalls.pass("").await;
    answer(&mut stream, &Reply::greeting()).await?;
    loop {
        let Some(line) = read_line(&mut stream).await? else { return Ok(()) };
        store.stalls.pass(line.verb()).await;
        let (reply, next) = session.command(&line);
        answer(&mut stream, &reply).await?;
        match next {
            Next::Command => {}
            Next::Close => return Ok(()),
            Next::Data(envelope) => {
                let Some(ended) = read_data(&mut stream).await? else { return Ok(()) };
                store.stalls.pass(".").await;
                answer(&mut stream, &store.take(&envelope, ended).await).await?;
            }
        }
    }
}

/// A received line, or what is wrong with it.
enum Line {
    /// The content without CRLF.
    Text(Vec<u8>),
    /// Longer than [`MAX_LINE`]; the excess is discarded.
    TooLong,
    /// Ended by a bare LF. Servers disagree on whether that ends a line, which enables SMTP smuggling.
    BareLf,
}

impl Line {
    /// The first bytes.
    fn verb(&self) -> &str {
        let Self::Text(line) = self else { return "" };
        let end = line.iter().position(|byte| *byte == b' ').unwrap_or(line.len());
        std::str::from_utf8(&line[..end]).unwrap_or_default()
    }
}

/// Reads a line; `None` if the client has disconnected.
async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Line>> {
    let mut line = Vec::new();
    let mut too_long = false;
    loop {
        let room = (MAX_LINE - line.len()) as u64;
        let mut bounded = (&mut *stream).take(room);
        let read = tokio::time::timeout(SILENCE, bounded.read_until(b'\n', &mut line)).await;
        if read.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?? == 0 {
            return Ok(None);
        }
        if line.last() == Some(&b'\n') {
            break;
        }
        if line.len() == MAX_LINE {
            too_long = true;
            line.clear();
        }
    }
    line.pop();
    Ok(Some(match line.pop() {
        _ if too_long => Line::TooLong,
        Some(b'\r') => Line::Text(line),
        _ => Line::BareLf,
    }))
}

/// Reads up to the line with a single dot (RFC 5321, 4.1.1.4) and removes dot-stuffing (4.5.2); `None` if the
/// client disconnects before it.
async fn read_data(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Ended>> {
    let mut message = Vec::new();
    let mut refused = None;
    loop {
        let line = match read_line(stream).await? {
            None => return Ok(None),
            Some(Line::TooLong) => {
                refused.get_or_insert(Ended::LineTooLong);
                continue;
            }
            Some(Line::BareLf) => {
                refused.get_or_insert(Ended::BareLf);
                continue;
            }
            Some(Line::Text(line)) => line,
        };
        if line == b"." {
            return Ok(Some(refused.unwrap_or(Ended::Whole(message))));
        }
        if refused.is_some() {
            continue;
        }
        message.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        message.extend_from_slice(b"\r\n");
        if message.len() > MAX_MESSAGE {
            message = Vec::new();
            refused = Some(Ended::TooLarge);
        }
    }
}

async fn answer(stream: &mut BufReader<TcpStream>, reply: &Reply) -> io::Result<()> {
    stream.write_all(reply.to_string().as_bytes()).await?;
    stream.flush().await
}

/// Where messages are stored.
struct Store {
    folder: PathBuf,
    refusal: Arc<AtomicU16>,
    stalls: Arc<Stalls>,
}

impl Store {
    async fn take(&self, envelope: &Envelope, ended: Ended) -> Reply {
        let refusal = self.refusal.load(Ordering::Relaxed);
        let message = match ended {
            Ended::Whole(_) if refusal != ACCEPT => {
                return Reply::new(refusal, "refused, as it was asked to");
            }
            Ended::Whole(message) => message,
            Ended::TooLarge => {
                return Reply::new(552, format!("message exceeds {MAX_MESSAGE} bytes"));
            }
            Ended::LineTooLong => return Reply::new(554, format!("line exceeds {MAX_LINE} bytes")),
            Ended::BareLf => return Reply::new(554, "line ends with LF instead of CRLF"),
        };
        let id = Ulid::generate();
        match write_whole(&self.folder, id, &envelope.headers(), &message).await {
            Ok(()) => {
                info!(message = %id, bytes = message.len(), "stored a mail");
                Reply::new(250, format!("stored as {id}"))
            }
            Err(error) => {
                warn!(%error, "failed to store a mail");
                Reply::new(452, "failed to store the message")
            }
        }
    }
}

async fn write_whole(folder: &Path, id: Ulid, headers: &str, message: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".{id}.unfinished"));
    let mut file = tokio::fs::File::create(&unfinished).await?;
    let written = async {
        file.write_all(headers.as_bytes()).await?;
        file.write_all(message).await?;
        file.sync_all().await
    };
    match written.await {
        Ok(()) => tokio::fs::rename(&unfinished, folder.join(format!("{id}.eml"))).await,
        Err(error) => {
            tokio::fs::remove_file(&unfinished).await?;
            Err(error)
        }
    }
}
