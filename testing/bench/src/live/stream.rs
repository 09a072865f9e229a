//! A client of a stream of server-sent events. Ten thousand of them share the processors with the server, so each does
//! little more than it must.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result, bail};
use pawdium_bench::http::Chunks;
use serde::Deserialize;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};

/// Clients have so many addresses, so that no limit on one, nor the number of its ports, gets in the way.
const ADDRESSES: usize = 64;

/// What a stream says of a widget.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Told {
    pub(crate) widget: i64,
    pub(crate) version: u64,
    /// Within how many milliseconds to load it. The peers have none.
    #[serde(default)]
    pub(crate) spread: u64,
}

/// What a stream says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum News {
    Widget(Told),
    /// Anything may have changed.
    Reset,
    /// The stream has ended.
    End,
}

/// An open stream.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: TcpStream,
    /// `None` if the body isn't chunked.
    chunks: Option<Chunks>,
    text: Vec<u8>,
    /// From where to resume.
    pub(crate) last_id: String,
}

impl Stream {
    /// Opens the stream at `path` as the client of this number, after the last id that it has seen, if there is one.
    pub(crate) async fn open(server: SocketAddr, path: &str, client: usize, last_id: &str) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        let address = Ipv4Addr::new(127, 0, 1, u8::try_from(client % ADDRESSES + 1)?);
        socket.bind((address, 0).into())?;
        let mut socket = socket.connect(server).await?;
        let resume = if last_id.is_empty() { String::new() } else { format!("last-event-id: {last_id}\r\n") };
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\naccept-encoding: gzip, deflate, br\r\n\
             sec-fetch-site: same-origin\r\n{resume}\r\n"
        );
        socket.write_all(request.as_bytes()).await?;
        let mut stream = Self { socket, chunks: None, text: Vec::new(), last_id: last_id.to_owned() };
        stream.read_head().await?;
        Ok(stream)
    }

    async fn read_head(&mut self) -> Result<()> {
        let end = loop {
            if !self.read().await? {
                bail!("a stream ended before it began");
            }
            if let Some(end) = self.text.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
        };
        let head = std::str::from_utf8(&self.text[..end]).context("the response header isn't text")?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        if status != "200" {
            bail!("a stream was answered with {status}");
        }
        let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let begin = self.text.split_off(end);
        self.text.clear();
        self.chunks = is_chunked.then(Chunks::default);
        self.take(&begin)
    }

    /// The next news. May be dropped and called again.
    pub(crate) async fn next(&mut self) -> Result<News> {
        loop {
            if let Some(news) = self.take_frame()? {
                return Ok(news);
            }
            if !self.read().await? {
                return Ok(News::End);
            }
        }
    }

    /// False at the end.
    async fn read(&mut self) -> Result<bool> {
        loop {
            self.socket.readable().await?;
            // On the stack, and not held while waiting, so that an idle client needs no room for it.
            let mut bytes = [0; 4096];
            match self.socket.try_read(&mut bytes) {
                Ok(0) => return Ok(false),
                Ok(read) => {
                    self.take(&bytes[..read])?;
                    return Ok(true);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        if let Some(chunks) = &mut self.chunks {
            chunks.decode(bytes, &mut self.text)
        } else {
            self.text.extend_from_slice(bytes);
            Ok(())
        }
    }

    /// Takes the first frame that says something.
    fn take_frame(&mut self) -> Result<Option<News>> {
        while let Some(end) = self.text.windows(2).position(|bytes| bytes == b"\n\n") {
            let frame = std::str::from_utf8(&self.text[..end]).context("a frame isn't text")?;
            let (mut event, mut data) = ("message", "");
            for line in frame.lines() {
                match line.split_once(": ") {
                    Some(("event", value)) => event = value,
                    Some(("data", value)) => data = value,
                    Some(("id", value)) => value.clone_into(&mut self.last_id),
                    _ => {}
                }
            }
            let news = match event {
                "widget" => Some(News::Widget(serde_json::from_str(data).context("a frame has other data")?)),
                "reset" => Some(News::Reset),
                "gone" => bail!("a stream was told that {data} is gone"),
                _ => None,
            };
            self.text.drain(..end + 2);
            if news.is_some() {
                return Ok(news);
            }
        }
        Ok(None)
    }
}
