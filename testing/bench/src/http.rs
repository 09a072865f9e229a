//! A keep-alive HTTP connection with sequential requests (RFC 9112). It parses only what it needs of a response,
//! because it shares the processors with the measured site.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One connection.
#[derive(Debug)]
pub struct Connection {
    stream: TcpStream,
    /// The last response.
    buffer: Vec<u8>,
    /// The length of its header.
    head: usize,
    /// Its body, if it came in chunks.
    body: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(4096), head: 0, body: Vec::new() })
    }

    /// Sends a request. Returns status and body.
    ///
    /// # Errors
    /// When the connection breaks, or the response is not one that this can read.
    pub async fn ask(&mut self, request: &[u8]) -> Result<(u16, &[u8])> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let end = loop {
            self.read().await?;
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                break end + 4;
            }
        };
        self.head = end;
        let (status, length) = parse(&self.buffer[..end])?;
        let length = match length {
            Length::Bytes(length) => length,
            Length::Chunked => return self.read_chunks(status, end).await,
        };
        while self.buffer.len() < end + length {
            self.read().await?;
        }
        Ok((status, &self.buffer[end..end + length]))
    }

    /// A header of the last response.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let head = std::str::from_utf8(self.buffer.get(..self.head)?).ok()?;
        let mut fields = head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    async fn read_chunks(&mut self, status: u16, end: usize) -> Result<(u16, &[u8])> {
        let (mut chunks, mut read) = (Chunks::default(), end);
        self.body.clear();
        loop {
            chunks.decode(&self.buffer[read..], &mut self.body)?;
            read = self.buffer.len();
            if chunks.is_over {
                return Ok((status, &self.body));
            }
            self.read().await?;
        }
    }

    async fn read(&mut self) -> Result<()> {
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => bail!("the site closed a connection"),
            _ => Ok(()),
        }
    }
}

/// Decodes a chunked body without trailers (RFC 9112, 7.1).
#[derive(Debug, Default)]
pub struct Chunks {
    /// What the current chunk still has.
    left: usize,
    /// The line with the next one's size.
    line: Vec<u8>,
    /// Whether the last chunk has begun.
    ends: bool,
    /// Whether the body has ended.
    pub is_over: bool,
}

impl Chunks {
    /// Appends what these bytes have of the body.
    ///
    /// # Errors
    /// When a size is none.
    pub fn decode(&mut self, mut bytes: &[u8], body: &mut Vec<u8>) -> Result<()> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.left > 0 {
                let (chunk, rest) = bytes.split_at(self.left.min(bytes.len()));
                body.extend_from_slice(chunk);
                self.left -= chunk.len();
                bytes = rest;
                continue;
            }
            bytes = rest;
            match first {
                b'\r' => {}
                b'\n' if self.ends => self.is_over = true,
                // The end of the last chunk.
                b'\n' if self.line.is_empty() => {}
                b'\n' => {
                    let size = std::str::from_utf8(&self.line).context("the size of a chunk isn't text")?;
                    self.left = usize::from_str_radix(size, 16).context("a chunk has no size")?;
                    self.ends = self.left == 0;
                    self.line.clear();
                }
                digit => self.line.push(*digit),
            }
        }
        Ok(())
    }
}

/// How a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Bytes(usize),
    Chunked,
}

/// The status and the length of the body.
fn parse(head: &[u8]) -> Result<(u16, Length)> {
    let head = std::str::from_utf8(head).context("the response header isn't text")?;
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|status| status.parse().ok());
    let length = lines.filter_map(|line| line.split_once(':')).find_map(|(name, value)| {
        if name.eq_ignore_ascii_case("content-length") {
            return value.trim().parse().ok().map(Length::Bytes);
        }
        let is_chunked = name.eq_ignore_ascii_case("transfer-encoding") && value.trim() == "chunked";
        is_chunked.then_some(Length::Chunked)
    });
    match (status.context("the response has no status")?, length) {
        (status, Some(length)) => Ok((status, length)),
        (204, None) => Ok((204, Length::Bytes(0))),
        (status, None) => bail!("a response with status {status} has no length"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_has_a_length_unless_it_is_empty() {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\ncontent-length: 12\r\n\r\n";
        assert_eq!(parse(head).expect("it is whole"), (200, Length::Bytes(12)));
        let head = b"HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(parse(head).expect("it is whole"), (204, Length::Bytes(0)));
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        assert_eq!(parse(head).expect("it is whole"), (200, Length::Chunked));
        assert!(parse(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }

    #[test]
    fn chunks_are_joined_wherever_they_are_cut() {
        let sent = b"5\r\nhello\r\n8\r\n, \r\nworl\r\n1\r\nd\r\n0\r\n\r\n";
        for at in 0..sent.len() {
            let (mut chunks, mut body) = (Chunks::default(), Vec::new());
            chunks.decode(&sent[..at], &mut body).expect("it is well-formed");
            assert!(!chunks.is_over);
            chunks.decode(&sent[at..], &mut body).expect("it is well-formed");
            assert_eq!((body.as_slice(), chunks.is_over), (&b"hello, \r\nworld"[..], true), "cut at {at}");
        }
        assert!(Chunks::default().decode(b"five\r\n", &mut Vec::new()).is_err());
    }
}
