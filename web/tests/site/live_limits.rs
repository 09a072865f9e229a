//! What streams cost: how many there are, and what becomes of clients that don't read.

use std::time::{Duration, Instant};

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::{HubId, WidgetId};
use pawdium_shared::live::{Note, Topic};
use rustix::net::sockopt;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpSocket, TcpStream};

use crate::harness::{SOON, Setup, Site, eventually};

async fn hub(site: &Site) -> Topic {
    let insert = "insert into hubs (slug, name) values ('cats', 'Cats') returning id";
    Topic::Hub(HubId(sqlx::query_scalar(insert).fetch_one(&site.db).await.expect("it is new")))
}

/// Asks for the hub's stream and reads nothing.
async fn deaf(site: &Site) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(2048).expect("a small buffer");
    let address = format!("127.0.0.1:{}", site.base.port().expect("a port")).parse().expect("an address");
    let mut stream = socket.connect(address).await.expect("it listens");
    stream.write_all(b"GET /live?hub=cats HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("it is sent");
    stream
}

/// Whether the connection ends, after what was sent before.
async fn ends(mut stream: TcpStream) -> bool {
    let mut rest = vec![0; 65_536];
    let read = async {
        while let Ok(length) = stream.read(&mut rest).await {
            if length == 0 {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), read).await.is_ok()
}

/// Publishes until the kernel takes no more for a client that doesn't read, which shows in its queue.
async fn fill(site: &Site, hub: Topic, deaf: &TcpStream) {
    let mut version = 0;
    let begin = Instant::now();
    while begin.elapsed() < Duration::from_secs(12) {
        version += 1;
        let widgets: Vec<_> = (1..=90).map(|id| (hub, Note::Widget { id: WidgetId(id), version })).collect();
        site.publish(&widgets).await;
    }
    assert!(sockopt::socket_error(deaf).expect("a socket").is_ok(), "it is open so far");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_client_that_does_not_read_is_let_go(db: PgPool) {
    let site = Site::start(db).await;
    let hub = hub(&site).await;
    let (mut reads, deaf) = (site.visitor().stream("hub=cats").await, deaf(&site).await);
    tokio::join!(fill(&site, hub, &deaf), async {
        while reads.within(Duration::from_secs(3)).await.is_some() {}
    });
    tokio::time::sleep(Duration::from_secs(35)).await;
    assert!(ends(deaf).await, "it was closed");
    site.publish(&[(hub, Note::Changed)]).await;
    reads.until("changed").await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_process_stops_within_three_seconds_and_sends_clients_away_spread_out(db: PgPool) {
    // Longer than any timeout here, so that a stream that doesn't end by itself is noticed.
    let mut site = Setup::on(db).set("web.drain_seconds", "300").start().await;
    let hub = hub(&site).await;
    let deaf = deaf(&site).await;
    fill(&site, hub, &deaf).await;
    // Afterwards, or they would have to catch up with all that first.
    let mut streams = Vec::new();
    for _ in 0..20 {
        let mut stream = site.visitor().stream("hub=cats").await;
        stream.begin().await;
        streams.push(stream);
    }
    let begin = Instant::now();
    site.web.terminate();
    let ending = async {
        eventually("it has ended", SOON, async || site.web.has_ended().then_some(())).await;
        begin.elapsed()
    };
    let reading = async {
        let mut waits = Vec::new();
        for stream in &mut streams {
            while stream.next().await.is_some() {}
            waits.push(stream.retry);
        }
        waits
    };
    let (took, mut waits) = tokio::join!(ending, reading);
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert!(waits.iter().all(|wait| (500..=3000).contains(wait)), "{waits:?}");
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 10, "not all at once: {waits:?}");
    assert!(site.log().contains("stopped"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn streams_have_a_limit_and_count_for_no_address(db: PgPool) {
    const STREAMS: usize = 12;
    let setup = Setup::on(db).set("web.trusted_proxies", "[]").set("web.connections_per_address", "10");
    let site = setup.set("web.max_streams", &STREAMS.to_string()).start().await;
    hub(&site).await;
    let mut streams = Vec::new();
    for _ in 0..STREAMS {
        let mut stream = site.visitor().stream("hub=cats").await;
        stream.begin().await;
        streams.push(stream);
    }
    let refused = site.visitor().ask_stream("hub=cats", "").await;
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].as_bytes()), (503, &b"10"[..]));
    site.get("/top").await.expect(200);
    streams.pop();
    eventually("a place is free", SOON, async || {
        (site.visitor().ask_stream("hub=cats", "").await.status() == 200).then_some(())
    })
    .await;
}
