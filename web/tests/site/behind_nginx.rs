//! Baked pages behind nginx with the configuration that is shipped.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::time::Duration;

use pawdium_archive::write::{ZipEntry, zip};
use pawdium_shared::db::MIGRATIONS;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, Url};
use serde_json::Value;
use sqlx::PgPool;
use tempfile::TempDir;

use crate::harness::{Answer, Pages, Process, SOON, Setup, Site, eventually, installed, pictures};

/// As long as nginx may keep a page.
const A_SECOND: Duration = Duration::from_millis(1100);

/// nginx before a site.
struct Nginx {
    // The process comes before the folder that it writes to.
    _process: Process,
    _folder: TempDir,
    base: Url,
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|socket| socket.local_addr()).expect("a free port").port()
}

impl Nginx {
    /// With the shipped configuration, except for its ports, its folder and TLS.
    async fn before(site: &Site) -> Self {
        let folder = tempfile::Builder::new().prefix("pawdium-nginx-").tempdir().expect("a folder");
        let (port, other) = (free_port(), free_port());
        let shipped = include_str!("../../../systemd/nginx/pawdium.conf");
        let is_kept = |line: &&str| !line.contains("listen [::]") && !line.trim().starts_with("ssl_");
        let own: Vec<_> = shipped.lines().filter(is_kept).collect();
        let place = folder.path().display().to_string();
        let changed = [
            ("server 127.0.0.1:8080;", format!("server 127.0.0.1:{};", site.base.port().expect("a port"))),
            ("listen 80;", format!("listen 127.0.0.1:{other};")),
            ("listen 443 ssl http2;", format!("listen 127.0.0.1:{port};")),
            ("/var/lib/nginx/pawdium-pages", format!("{place}/pages")),
        ];
        let own = changed.iter().fold(own.join("\n"), |text, (from, to)| {
            assert_eq!(text.matches(from).count(), 1, "{from} is in the configuration");
            text.replace(from, to)
        });
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {place}/{kind};"));
        let all = format!(
            "daemon off; master_process off; pid {place}/pid; error_log {place}/error.log;
             events {{}}
             http {{ access_log off; {} {own} }}",
            temporary.join(" ")
        );
        let configuration = folder.path().join("nginx.conf");
        std::fs::write(&configuration, all).expect("it is written");
        let arguments = ["-e", &format!("{place}/error.log"), "-c", &configuration.display().to_string()];
        let arguments = arguments.map(str::to_owned);
        let program = installed(&["nginx"]);
        let process = Process::start("nginx", &program, &arguments, &BTreeMap::new(), folder.path());
        let base: Url = format!("http://127.0.0.1:{port}/").parse().expect("a URL");
        let nginx = Self { _process: process, _folder: folder, base };
        eventually("nginx answers", SOON, async || {
            let request = nginx.visitor().request(reqwest::Method::GET, "/top");
            request.send().await.ok().map(drop)
        })
        .await;
        nginx
    }

    fn visitor(&self) -> Pages {
        Pages::new(&self.base)
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nginx_keeps_pages_for_nobody_and_never_one_of_somebody(db: PgPool) {
    let mut site = Setup::on(db).start().await;
    let (ada, photo) = (site.member("ada").await, site.photo().titled("Blep").live().await);
    site.hub(&ada, "cats").await;
    let nginx = Nginx::before(&site).await;
    let token = ada.pages.cookie("session").expect("a session");
    let nobody = nginx.visitor();
    let member = nginx.visitor().with_session(&token);
    let path = format!("/photos/{photo}");

    for path in ["/top", "/hubs", "/h/cats"] {
        let own = member.get(path).await.expect(200);
        assert!(own.text().contains("Log out"), "{path}");
        let first = nobody.get(path).await.expect(200);
        assert!(!first.text().contains("Log out"), "{path}");
        let second = nobody.get(path).await.expect(200);
        assert_eq!(second.text(), first.text(), "{path}");
        assert!(member.get(path).await.text().contains("Log out"), "{path}: not the page that is kept");
    }
    // Of a page that nginx has, the site hears nothing.
    tokio::time::sleep(A_SECOND).await;
    assert_eq!(nobody.get("/new").await.expect(200).header("x-cache"), "MISS");
    assert_eq!(nobody.get("/new").await.expect(200).header("x-cache"), "MISS", "the same answer");
    let dark = nginx.visitor();
    dark.keep("theme=dark");
    assert_eq!(dark.get("/new").await.expect(200).attribute("html", "data-theme"), "dark");
    assert_eq!(nobody.get("/new").await.expect(200).attribute("html", "data-theme"), "auto");
    for _ in 0..2 {
        assert_eq!(nobody.get(&path).await.expect(200).header("age"), "0", "each view reaches the site");
    }

    // Each visitor has a ballot of their own on the first page.
    let mut ballots = std::collections::BTreeSet::new();
    for _ in 0..3 {
        let first = nginx.visitor().get("/").await.expect(200);
        assert!(["MISS", "HIT"].contains(&first.header("x-cache")));
        ballots.insert(first.attribute("input[name=ballot]", "value"));
    }
    assert_eq!(ballots.len(), 3);

    // What is gone is gone, also when the site is away.
    ada.api.patch("hubs/cats", serde_json::json!({ "visibility": "private" })).await.expect(200);
    tokio::time::sleep(A_SECOND).await;
    nobody.get("/h/cats").await.expect(404);
    assert_eq!(ada.api.get("hubs/cats").await.expect(200).json()["visibility"], Value::from("private"));
    site.web.kill();
    tokio::time::sleep(A_SECOND).await;
    for path in ["/top", "/hubs", "/new"] {
        assert!(nobody.get(path).await.expect(200).has("h1"), "{path}");
        assert_eq!(member.get(path).await.status, 502, "{path}: nothing is kept for members");
    }
    nobody.get("/h/cats").await.expect(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nginx_lets_archives_pass_that_are_larger_than_photos(db: PgPool) {
    let site = Setup::on(db).start().await;
    let nginx = Nginx::before(&site).await;
    let ada = site.member("ada").await;
    let through = nginx.visitor();
    let call = |path: &str| through.request(Method::POST, path).bearer_auth(ada.api.token());
    let padding = vec![0; 25_000_000];
    let archive = zip(&[ZipEntry::new("a.jpg", pictures::quarters(300, 300)), ZipEntry::new("b", padding)]);
    let form = || Form::new().part("archive", Part::bytes(archive.clone()).file_name("a.zip"));
    let as_body = call("/api/v1/imports").header("content-type", "application/zip").body(archive.clone());
    let started = Answer::to(as_body).await.expect(202).json();
    ada.api.post(&format!("imports/{}/cancel", started["id"]), Value::Null).await.expect(200);
    Answer::to(call("/api/v1/imports").multipart(form())).await.expect(202);
    // Elsewhere the limit is that of photos.
    Answer::to(call("/api/v1/photos").multipart(form())).await.expect(413);
}
