//! Conversations with the mailbox: through lettre, and byte by byte.

use std::fs;
use std::path::Path;

use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use mail_parser::MessageParser;
use pawdium_kit::sink::{MAX_MESSAGE, Sink};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

fn stored(folder: &Path) -> Vec<Vec<u8>> {
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect("the folder is there").flatten().map(|e| e.path()).collect();
    paths.sort();
    assert!(paths.iter().all(|path| path.extension().is_some_and(|ext| ext == "eml")), "{paths:?}");
    paths.iter().map(|path| fs::read(path).expect("a message can be read")).collect()
}

fn mail(body: &str) -> Message {
    Message::builder()
        .from("Pawdium <pawdium@example.org>".parse().expect("an address"))
        .to("Ada <ada@example.org>".parse().expect("an address"))
        .subject("Wörter")
        .body(body.to_owned())
        .expect("a message")
}

fn transport(sink: &Sink) -> AsyncSmtpTransport<Tokio1Executor> {
    AsyncSmtpTransport::<Tokio1Executor>::from_url(&sink.url()).expect("the sink's URL is lettre's").build()
}

/// A client that writes what it is told to and reads one whole reply at a time.
struct Client(BufReader<TcpStream>);

impl Client {
    async fn connect(sink: &Sink) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", sink.port())).await.expect("the sink listens");
        let mut client = Self(BufReader::new(stream));
        assert_eq!(client.code().await, "220");
        client
    }

    async fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("the sink reads");
    }

    async fn code(&mut self) -> String {
        loop {
            let mut line = String::new();
            self.0.read_line(&mut line).await.expect("the sink answers");
            if line.get(3..4) != Some("-") {
                return line.get(..3).unwrap_or_default().to_owned();
            }
        }
    }

    async fn codes(&mut self, count: usize) -> Vec<String> {
        let mut codes = Vec::new();
        for _ in 0..count {
            codes.push(self.code().await);
        }
        codes
    }
}

const ENVELOPE: &[u8] = b"EHLO x\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n";

#[tokio::test]
async fn a_mail_sent_by_lettre_is_one_file_that_parses() {
    let folder = tempfile::tempdir().expect("a folder");
    let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
    transport(&sink).send(mail("one\r\n.two\r\n..\r\nßchluss")).await.expect("it is taken");

    let messages = stored(folder.path());
    assert_eq!(messages.len(), 1);
    let parsed = MessageParser::default().parse(&messages[0]).expect("it parses");
    assert_eq!(parsed.subject(), Some("Wörter"));
    assert_eq!(parsed.body_text(0).as_deref().map(str::trim_end), Some("one\r\n.two\r\n..\r\nßchluss"));
    assert_eq!(parsed.header_raw("Delivered-To").map(str::trim), Some("ada@example.org"));
}

#[tokio::test]
async fn a_sink_that_fails_stores_nothing_and_takes_the_retry() {
    let folder = tempfile::tempdir().expect("a folder");
    let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
    let transport = transport(&sink);

    sink.fail_with(451);
    assert!(transport.send(mail("x")).await.expect_err("it is refused").is_transient());
    sink.fail_with(550);
    assert!(transport.send(mail("x")).await.expect_err("it is refused").is_permanent());
    assert!(stored(folder.path()).is_empty());

    sink.accept();
    transport.send(mail("x")).await.expect("it is taken");
    assert_eq!(stored(folder.path()).len(), 1);
}

#[tokio::test]
async fn a_pipelined_conversation_with_two_mails_is_answered_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
    let mut client = Client::connect(&sink).await;
    client.write(ENVELOPE).await;
    assert_eq!(client.codes(4).await, ["250", "250", "250", "354"]);
    client
        .write(b"Subject: 1\r\n\r\n..dot\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<c@example.org>\r\nDATA\r\n")
        .await;
    assert_eq!(client.codes(4).await, ["250", "250", "250", "354"]);
    client.write(b"Subject: 2\r\n\r\n.\r\nQUIT\r\n").await;
    assert_eq!(client.codes(2).await, ["250", "221"]);

    let mut messages: Vec<_> =
        stored(folder.path()).into_iter().map(|m| String::from_utf8(m).expect("text")).collect();
    messages.sort();
    assert_eq!(
        messages,
        [
            "Return-Path: <>\r\nDelivered-To: c@example.org\r\nSubject: 2\r\n\r\n",
            "Return-Path: <a@example.org>\r\nDelivered-To: b@example.org\r\nSubject: 1\r\n\r\n.dot\r\n",
        ]
    );
}

#[tokio::test]
async fn what_breaks_a_bound_is_refused_and_the_session_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
    let mut client = Client::connect(&sink).await;

    client.write(&[b'x'; 5000]).await;
    client.write(b"\r\n").await;
    assert_eq!(client.code().await, "500");

    let mut too_large = b"x".repeat(900);
    too_large.extend_from_slice(b"\r\n");
    let too_large = too_large.repeat(MAX_MESSAGE / 900 + 1);
    let long_line = b"x".repeat(1001);
    for (message, code) in [
        (too_large.as_slice(), "552"),
        (long_line.as_slice(), "554"),
        (b"Subject: 1\r\n\r\nhidden\n.\nMAIL FROM:<evil@example.org>".as_slice(), "554"),
    ] {
        client.write(ENVELOPE).await;
        assert_eq!(client.codes(4).await, ["250", "250", "250", "354"]);
        client.write(message).await;
        client.write(b"\r\n.\r\n").await;
        assert_eq!(client.code().await, code);
    }
    assert!(stored(folder.path()).is_empty());
    client.write(b"NOOP\r\n").await;
    assert_eq!(client.code().await, "250");
}

#[tokio::test]
async fn a_client_that_goes_in_the_middle_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
    let mut client = Client::connect(&sink).await;
    client.write(ENVELOPE).await;
    assert_eq!(client.codes(4).await, ["250", "250", "250", "354"]);
    client.write(b"Subject: half").await;
    client.0.shutdown().await.expect("it can hang up");
    let mut rest = String::new();
    assert_eq!(client.0.read_line(&mut rest).await.expect("the sink hangs up too"), 0);
    assert_eq!(fs::read_dir(folder.path()).expect("the folder is there").count(), 0);
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let refused = Sink::bind(([0, 0, 0, 0], 0).into(), folder.path()).await.expect_err("it is refused");
    assert_eq!(refused.kind(), std::io::ErrorKind::InvalidInput);
}
