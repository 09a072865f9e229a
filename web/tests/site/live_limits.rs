//! What streams cost: how many there are, and what becomes of clients that don't read.

use std::time::{Duration, Instant};

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::{HubId, WidgetId};
use pawdium_shared::live::{Note, Topic};
use sqlx::PgPool;
use tokio::io::AsyncWriteExt as _;
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

/// Whether the site still keeps the connection, as the kernel tells: a client that doesn't read isn't told.
fn is_kept(site: &Site, deaf: &TcpStream) -> bool {
    const ESTABLISHED: &str = "01";
    let port = deaf.local_addr().expect("it is connected").port();
    let ends = [site.base.port().expect("a port"), port].map(|port| format!("0100007F:{port:04X}"));
    let sockets = std::fs::read_to_string("/proc/net/tcp").expect("Linux lists its sockets");
    sockets.lines().any(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields.get(1..4) == Some(&[ends[0].as_str(), ends[1].as_str(), ESTABLISHED])
    })
}

/// Publishes a new version of each of ninety widgets.
async fn publish(site: &Site, hub: Topic, version: u64) {
    let widgets: Vec<_> = (1..=90).map(|id| (hub, Note::Widget { id: WidgetId(id), version })).collect();
    site.publish(&widgets).await;
}

/// Publishes until the kernel takes no more for a client that doesn't read.
async fn fill(site: &Site, hub: Topic, deaf: &TcpStream) {
    let begin = Instant::now();
    for version in 1.. {
        if begin.elapsed() > Duration::from_secs(12) {
            break;
        }
        publish(site, hub, version).await;
    }
    assert!(is_kept(site, deaf), "it is open so far");
}

/// However slow the machine is: there is always more to send, until the site has given up. Meanwhile the other client
/// reads all the time, or it would be let go as well.
#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_client_that_does_not_read_is_let_go(db: PgPool) {
    let site = Site::start(db).await;
    let hub = hub(&site).await;
    let (mut reads, deaf) = (site.visitor().stream("hub=cats").await, deaf(&site).await);
    let begin = Instant::now();
    let publishing = async {
        for version in 1.. {
            publish(&site, hub, version).await;
            if !is_kept(&site, &deaf) {
                return;
            }
            assert!(begin.elapsed() < Duration::from_mins(4), "it is still there");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let reading = async {
        while reads.next().await.is_some() {}
        panic!("the one that reads was let go");
    };
    eventually("it is connected", SOON, async || is_kept(&site, &deaf).then_some(())).await;
    tokio::select! {
        () = publishing => {}
        () = reading => {}
    }
    assert!(begin.elapsed() > Duration::from_secs(25), "not before it had time to read");
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
