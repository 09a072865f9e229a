//! Connections: their timeouts and limits, and restarts of web.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use pawdium_shared::db::MIGRATIONS;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Client};
use serde_json::json;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::harness::{PASSWORD, SOON, Setup, Site, eventually, pictures};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn logging_in_leaves_no_memory_behind(db: PgPool) {
    let site = Setup::on(db).set("database.max_connections", "24").start().await;
    site.member("ada").await;
    let api = site.api();
    let log_in = async |_| {
        // A busy machine may refuse some.
        eventually("there is a turn for it", SOON, async || {
            let body = json!({ "email": "ada@example.org", "password": PASSWORD });
            (api.post("tokens", body).await.status == 201).then_some(())
        })
        .await;
    };
    futures::stream::iter(0..100).map(log_in).buffer_unordered(8).collect::<Vec<()>>().await;
    let held = site.web.memory_kb();
    assert!(held < 45_000, "web holds {held} kB after a hundred logins");
}

/// A photo that arrives in pieces.
fn slow_form(pause: Duration) -> Form {
    let file = pictures::quarters(300, 300);
    let pieces: Vec<Bytes> = file.chunks(file.len().div_ceil(10)).map(Bytes::copy_from_slice).collect();
    let pieces = futures::stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, std::io::Error>(piece)
    });
    let photo = Part::stream(Body::wrap_stream(pieces)).file_name("cat.png");
    Form::new().text("title", "Slow").text("alt", "A cat").text("species", "cat").part("photo", photo)
}

/// Alternates between viewing a page and acting until told to stop. Returns the number of requests; panics if one
/// fails.
async fn visit(http: Client, page: String, act: String, stop: CancellationToken) -> usize {
    let mut requests = 0;
    while !stop.is_cancelled() {
        let page = http.get(&page).send().await.expect("the page is answered");
        let act = http.post(&act).send().await.expect("the act is answered");
        assert_eq!((page.status().as_u16(), act.status().as_u16()), (200, 201));
        requests += 2;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    requests
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_restart_loses_no_request_and_no_slow_upload(db: PgPool) {
    let mut site = Setup::on(db).behind_socket().set("web.drain_seconds", "20").start().await;
    let ada = site.member("ada").await;
    let photo = site.photos(1).await[0];
    let (page, act) = (site.url("/login"), site.url(&format!("/api/v1/photos/{photo}/shares")));
    let stop = CancellationToken::new();
    // Two open a connection for each request, as the proxy does; one keeps it.
    let new = || Client::builder().pool_max_idle_per_host(0).build().expect("a client");
    let visits = [new(), new(), Client::new()]
        .map(|http| tokio::spawn(visit(http, page.clone(), act.clone(), stop.clone())));
    let uploading = ada.api.clone();
    let upload = tokio::spawn(async move { uploading.upload(slow_form(Duration::from_millis(250))).await });
    tokio::time::sleep(Duration::from_millis(300)).await;

    site.restart_web().await;
    upload.await.expect("it ends").expect(202);
    eventually("the next process serves", SOON, async || {
        (site.get("/healthz").await.status == 200).then_some(())
    })
    .await;
    let took = site.restart_web().await;
    assert!(took < Duration::from_secs(5), "only slow requests take long, and this took {took:?}");
    site.get("/healthz").await.expect(200);
    stop.cancel();
    for visit in visits {
        assert!(visit.await.expect("all are answered") > 4);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_series_of_slow_requests_doesnt_delay_a_restart(db: PgPool) {
    let mut site = Setup::on(db).behind_socket().set("web.drain_seconds", "60").start().await;
    let ada = site.member("ada").await;
    let stop = CancellationToken::new();
    // At any time two of these are under way.
    let uploads = [0, 1, 2].map(|turn| {
        let (api, stop) = (ada.api.clone(), stop.clone());
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(500 * turn)).await;
            while !stop.is_cancelled() {
                api.upload(slow_form(Duration::from_millis(150))).await.expect(202);
            }
        })
    });
    tokio::time::sleep(Duration::from_secs(2)).await;
    let took = site.restart_web().await;
    assert!(took < Duration::from_secs(20), "it waited for those that came after it was told: {took:?}");
    stop.cancel();
    for upload in uploads {
        upload.await.expect("all arrive");
    }
}

async fn connect(site: &Site) -> TcpStream {
    TcpStream::connect(("127.0.0.1", site.base.port().expect("a port"))).await.expect("it listens")
}

/// What comes until the site closes the connection.
async fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset also closes the connection.
    let read = tokio::time::timeout(SOON, stream.read_to_end(&mut text)).await;
    drop(read.expect("the site closes what is never finished"));
    String::from_utf8_lossy(&text).into_owned()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_incomplete_request_times_out(db: PgPool) {
    let setup = Setup::on(db).set("web.header_seconds", "1").set("web.body_pause_seconds", "1");
    let site = setup.start().await;
    let mut half = connect(&site).await;
    half.write_all(b"GET / HTTP/1.1\r\nHost: pawdium\r\n").await.expect("it is sent");
    let mut silent = connect(&site).await;
    let form = "POST /login HTTP/1.1\r\nHost: pawdium\r\nSec-Fetch-Site: same-origin\r\n\
                Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 40\r\n\r\n";
    let mut short = connect(&site).await;
    short.write_all(format!("{form}email=").as_bytes()).await.expect("it is sent");
    // What goes on is waited for, however slow.
    let mut slow = connect(&site).await;
    slow.write_all(form.as_bytes()).await.expect("it is sent");
    for piece in ["email=ada%40", "example.or", "g&password", "=whatev"] {
        tokio::time::sleep(Duration::from_millis(400)).await;
        slow.write_all(piece.as_bytes()).await.expect("it is sent");
    }
    slow.write_all(b"e").await.expect("it is sent");
    let (half, silent, short, slow) =
        tokio::join!(rest(&mut half), rest(&mut silent), rest(&mut short), rest(&mut slow));
    assert!(!half.contains(" 200 ") && !silent.contains(" 200 "), "{half}{silent}");
    assert!(short.starts_with("HTTP/1.1 408 "), "{short}");
    assert!(slow.starts_with("HTTP/1.1 403 "), "{slow}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn one_address_has_only_so_many_connections(db: PgPool) {
    let setup = Setup::on(db).set("web.trusted_proxies", "[]").set("web.connections_per_address", "10");
    let site = setup.start().await;
    let mut held = Vec::new();
    for _ in 0..10 {
        held.push(connect(&site).await);
    }
    eventually("the next one is closed at once", SOON, async || {
        let mut more = connect(&site).await;
        let closed = tokio::time::timeout(Duration::from_millis(200), more.read_u8()).await;
        closed.is_ok_and(|read| read.is_err()).then_some(())
    })
    .await;
    held.clear();
    let http = Client::new();
    eventually("there is room again", SOON, async || http.get(site.url("/healthz")).send().await.ok()).await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn with_a_full_media_store_the_site_is_degraded_and_ready(db: PgPool) {
    let site = Site::start(db).await;
    // Nobody, not even root, can write into something that isn't a folder.
    let checked = site.media_folder().join("check");
    let _ = std::fs::remove_dir_all(&checked);
    std::fs::write(&checked, "").expect("a file");
    let ready = eventually("it is noticed", SOON, async || {
        let ready = site.get("/readyz").await.expect(200).json();
        (ready["media"] != "ok").then_some(ready)
    });
    let ready = ready.await;
    assert_eq!(
        (&ready["ready"], &ready["degraded"], &ready["media"]),
        (&json!(true), &json!(true), &json!("not writable"))
    );
    site.get("/").await.expect(200);
}
