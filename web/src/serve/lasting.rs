//! Responses that last as long as a page is open.
//!
//! Most of the time they send nothing, and there are thousands. HTTP's machinery has buffers for each connection that
//! are several times what such a response needs, so the connection is taken from it when the response begins. What earlier
//! responses have left unsent by then is lost, but only clients that pipeline requests could leave any, and neither
//! browsers nor proxies do.

use std::fmt::Write as _;
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use axum::http::{Response, Version};
use chrono::Utc;
use futures::StreamExt as _;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::limit::Slot;

/// How long a client may take nothing of what it is sent.
const UNREAD: Duration = Duration::from_secs(30);

/// The same when the process stops.
const UNREAD_AT_STOP: Duration = Duration::from_millis(1500);

/// Marks a response as lasting, in its extensions. It is the last one of its connection.
#[derive(Clone, Copy, Debug)]
pub struct Lasting;

/// Passes a lasting response from its request to its connection.
#[derive(Debug, Default)]
pub(super) struct Handover {
    response: Mutex<Option<(Version, Response<Body>)>>,
    bell: Notify,
}

impl Handover {
    pub(super) fn hand(&self, version: Version, response: Response<Body>) {
        *self.response.lock() = Some((version, response));
        self.bell.notify_one();
    }

    pub(super) async fn wait(&self) -> (Version, Response<Body>) {
        loop {
            self.bell.notified().await;
            if let Some(response) = self.response.lock().take() {
                return response;
            }
        }
    }
}

/// Sends the response until it ends, the client goes or takes nothing for too long. The connection no longer counts for
/// its address, because many people may share one, each with such a response.
pub(super) async fn send(
    stream: TcpStream,
    (version, response): (Version, Response<Body>),
    slot: Slot,
    stop: CancellationToken,
) {
    slot.release_count();
    let is_chunked = version >= Version::HTTP_11;
    let (head, body) = split(response, is_chunked);
    let mut sending = Sending { stream, is_chunked, stop };
    if sending.write(&head).await {
        sending.send(body).await;
    }
    drop(slot);
}

/// The text of the head, and the body.
fn split(response: Response<Body>, is_chunked: bool) -> (Vec<u8>, BodyDataStream) {
    let (parts, body) = response.into_parts();
    let mut head = Vec::with_capacity(1024);
    let reason = parts.status.canonical_reason().unwrap_or_default();
    head.extend_from_slice(format!("HTTP/1.1 {} {reason}\r\n", parts.status.as_u16()).as_bytes());
    for (name, value) in &parts.headers {
        head.extend_from_slice(name.as_str().as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    let mut rest =
        format!("date: {}\r\nconnection: close\r\n", Utc::now().format("%a, %d %b %Y %H:%M:%S GMT"));
    if is_chunked {
        rest.push_str("transfer-encoding: chunked\r\n");
    }
    rest.push_str("\r\n");
    head.extend_from_slice(rest.as_bytes());
    (head, body.into_data_stream())
}

struct Sending {
    stream: TcpStream,
    /// Otherwise the body ends with the connection, as in HTTP/1.0.
    is_chunked: bool,
    stop: CancellationToken,
}

impl Sending {
    async fn send(&mut self, mut body: BodyDataStream) {
        let mut ignored = [0; 64];
        loop {
            tokio::select! {
                piece = body.next() => match piece {
                    // An empty chunk would be the end.
                    Some(Ok(piece)) if piece.is_empty() => {}
                    Some(Ok(piece)) => if !self.write(&self.chunk(&piece)).await { return },
                    Some(Err(_)) => return,
                    None => break,
                },
                // A client has nothing more to say on this connection.
                read = self.stream.read(&mut ignored) => if matches!(read, Ok(0) | Err(_)) { return },
            }
        }
        if !self.is_chunked || self.write(b"0\r\n\r\n").await {
            // The client may have gone.
            let _ = self.stream.shutdown().await;
        }
    }

    fn chunk(&self, piece: &Bytes) -> Vec<u8> {
        if !self.is_chunked {
            return piece.to_vec();
        }
        let mut size = String::new();
        let _ = write!(size, "{:x}\r\n", piece.len());
        [size.as_bytes(), piece, b"\r\n"].concat()
    }

    /// False if the client is gone or takes nothing.
    async fn write(&mut self, bytes: &[u8]) -> bool {
        let stop = &self.stop;
        let stopped = async {
            stop.cancelled().await;
            tokio::time::sleep(UNREAD_AT_STOP).await;
        };
        tokio::select! {
            written = self.stream.write_all(bytes) => written.is_ok(),
            () = tokio::time::sleep(UNREAD) => false,
            () = stopped => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_response_is_handed_over_once() {
        let handover = Handover::default();
        handover.hand(Version::HTTP_11, Response::new(Body::empty()));
        assert_eq!(handover.wait().await.0, Version::HTTP_11);
        let again = tokio::time::timeout(Duration::from_millis(20), handover.wait()).await;
        assert!(again.is_err());
    }

    #[test]
    fn a_head_says_how_the_body_ends() {
        let response = || Response::builder().header("x-one", "1").body(Body::empty()).expect("a response");
        for (is_chunked, expected) in [
            (true, "connection: close\r\ntransfer-encoding: chunked\r\n\r\n"),
            (false, "connection: close\r\n\r\n"),
        ] {
            let head = String::from_utf8(split(response(), is_chunked).0).expect("text");
            assert!(head.starts_with("HTTP/1.1 200 OK\r\nx-one: 1\r\ndate: "), "{head}");
            assert!(head.ends_with(expected), "{head}");
        }
    }
}
