//! The setup of a site.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::os::fd::AsRawFd as _;
use std::time::Duration;

use pawdium_bucket::{ACCESS_KEY, BUCKET, S3Server, SECRET_KEY};
use pawdium_kit::sink::Sink;
use reqwest::Url;
use sqlx::{ConnectOptions as _, PgPool};
use tempfile::TempDir;

use super::client::plain_client;
use super::process::{Process, installed, program};
use super::site::Site;
use super::waiting::{SOON, eventually};

/// The site's secret, with which tests can sign.
pub(crate) const SECRET: &str = "only for tests: thirty-two characters and some more";

/// A port where nobody listens and that is never assigned automatically.
pub(crate) const NOBODY: &str = "127.0.0.1:9";

/// A site that is not running yet.
pub(crate) struct Setup {
    db: PgPool,
    variables: BTreeMap<String, String>,
    workers: usize,
    scheme: &'static str,
    /// The host of the configured URL.
    host: &'static str,
    is_demo: bool,
    has_socket: bool,
    /// The size of the media folder, as `mount` takes it.
    disk: Option<&'static str>,
}

impl Setup {
    /// Only web, on this test's database, without rate limits.
    pub(crate) fn on(db: PgPool) -> Self {
        let redis = std::env::var("PAWDIUM_REDIS__URL").expect(
            "PAWDIUM_REDIS__URL names a Redis: run `make test`, or `target/debug/pawdium-demo with-stack -- cargo test`",
        );
        let mut setup = Self {
            variables: BTreeMap::new(),
            workers: 0,
            scheme: "http",
            host: "127.0.0.1",
            is_demo: false,
            has_socket: false,
            disk: None,
            db,
        };
        let database = setup.db.connect_options().to_url_lossy().to_string();
        setup = setup.set("database.url", &database).set("redis.url", &redis).set("security.secret", SECRET);
        setup = setup.set("redis.prefix", &format!("test-{}:", ulid::Ulid::generate()));
        for limit in [
            "registrations_per_hour",
            "logins_per_minute",
            "resets_per_hour",
            "uploads_per_hour",
            "imports_per_hour",
            "hubs_per_hour",
            "anonymous_per_hour",
            "oembeds_per_minute",
            "guesses_per_account",
            "mails_per_recipient",
            "anonymous_uploads_per_day",
            "ratings_per_minute",
            "address_ratings_per_minute",
            "comments_per_minute",
            "comments_per_day",
            "new_member_comments_per_day",
        ] {
            setup = setup.set(&format!("security.{limit}"), "0");
        }
        // Members of most tests have done nothing but register.
        setup = setup.set("security.verified_only", "[]");
        // Few connections each: many sites share the server.
        setup.set("database.max_connections", "6").set("web.drain_seconds", "1")
    }

    /// Sets a key of the configuration, as in `security.logins_per_minute`.
    pub(crate) fn set(mut self, key: &str, value: &str) -> Self {
        self.variables.insert(variable(key), value.to_owned());
        self
    }

    /// Behind a TLS proxy, which the test plays.
    pub(crate) fn behind_tls(mut self) -> Self {
        self.scheme = "https";
        self
    }

    /// Under a name, which passkeys need: browsers trust this one without TLS.
    pub(crate) fn named_localhost(mut self) -> Self {
        self.host = "localhost";
        self
    }

    /// As a demo, which shows the mails that it sends.
    pub(crate) fn demo(mut self) -> Self {
        self.is_demo = true;
        self
    }

    /// With a socket that outlives the process, as with systemd.
    pub(crate) fn behind_socket(mut self) -> Self {
        self.has_socket = true;
        self
    }

    /// With pictures in a bucket.
    pub(crate) fn in_bucket(self, server: &S3Server) -> Self {
        let url = format!("s3://{BUCKET}/media?endpoint={}", server.endpoint());
        let with_key = self.set("media.store", &url).set("media.access_key_id", ACCESS_KEY);
        with_key.set("media.secret_access_key", SECRET_KEY)
    }

    /// With the media folder on a separate disk of that size, such as `1m`, which only web sees.
    pub(crate) fn on_disk(mut self, size: &'static str) -> Self {
        self.disk = Some(size);
        self
    }

    /// With a worker.
    pub(crate) fn worker(mut self) -> Self {
        self.workers += 1;
        self
    }

    /// Starts everything and waits until the site is ready.
    pub(crate) async fn start(mut self) -> Site {
        let folder = tempfile::Builder::new().prefix("pawdium-site-").tempdir().expect("a folder");
        let mailbox = folder.path().join("mailbox");
        if self.is_demo {
            self = self.set("demo.mailbox", &mailbox.display().to_string());
        }
        let sink = Sink::bind_anywhere(mailbox).await.expect("a port is free");
        let media = Url::from_directory_path(folder.path().join("media")).expect("an absolute path");
        let config = folder.path().join("pawdium.toml");
        std::fs::write(&config, "").expect("an empty configuration, so that the machine's own is not read");
        self.variables.insert("PAWDIUM_CONFIG".into(), config.display().to_string());
        self.variables.entry(variable("mail.smtp_url")).or_insert(sink.url());
        self.variables.entry(variable("media.store")).or_insert(media.to_string());
        let socket = self.has_socket.then(|| TcpListener::bind(("127.0.0.1", 0)).expect("a port is free"));
        let (web, base) = self.start_web(&folder, socket.as_ref()).await;
        let mut site = Site::new(self.db, base, self.variables, web, sink, folder);
        site.socket = socket;
        for _ in 0..self.workers {
            site.start_worker();
        }
        site
    }

    async fn start_web(&mut self, folder: &TempDir, socket: Option<&TcpListener>) -> (Process, Url) {
        loop {
            let port = socket.map_or_else(free_port, port_of);
            let base: Url = format!("http://127.0.0.1:{port}/").parse().expect("a URL");
            self.variables.insert(variable("web.listen"), format!("127.0.0.1:{port}"));
            let public = format!("{}://{}:{port}/", self.scheme, self.host);
            self.variables.insert(variable("web.base_url"), public);
            let mut web = match (socket, self.disk) {
                (Some(socket), _) => start_behind(socket, &self.variables, folder),
                (None, Some(size)) => start_on_disk("pawdium-web", &self.variables, folder, size),
                (None, None) => start_program("pawdium-web", &self.variables, folder),
            };
            if is_ready(&mut web, &base).await {
                return (web, base);
            }
            // Another process may take the free port before it is used.
            assert!(web.log().contains("can't listen on"), "pawdium-web ended:\n{}", web.log());
        }
    }
}

/// Starts one of the product's services.
pub(super) fn start_program(name: &str, variables: &BTreeMap<String, String>, folder: &TempDir) -> Process {
    Process::start(name, &program(name), &[], variables, folder.path())
}

/// Starts web and passes it a listening socket, as systemd does (`sd_listen_fds(3)`).
pub(super) fn start_behind(
    socket: &TcpListener,
    variables: &BTreeMap<String, String>,
    folder: &TempDir,
) -> Process {
    rustix::io::fcntl_setfd(socket, rustix::io::FdFlags::empty()).expect("it is open");
    let pass =
        format!("export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" 3<&{} 0</dev/null", socket.as_raw_fd());
    let web = program("pawdium-web").display().to_string();
    Process::start("pawdium-web", &installed(&["bash"]), &["-c".into(), pass, web], variables, folder.path())
}

/// Starts a service that sees a small disk as the media folder. Needs no privileges, because it uses a user namespace.
fn start_on_disk(name: &str, variables: &BTreeMap<String, String>, folder: &TempDir, size: &str) -> Process {
    let media = folder.path().join("media");
    std::fs::create_dir_all(&media).expect("a folder can be made");
    let script = r#"mount -t tmpfs -o "size=$0" tmpfs "$1" && exec "$2""#;
    let (media, service) = (media.display().to_string(), program(name).display().to_string());
    // Root needs no user namespace, in which it could not reach Postgres's sockets.
    let spaces = if rustix::process::geteuid().is_root() { "-m" } else { "-rm" };
    let arguments = [spaces, "sh", "-c", script, size, &media, &service].map(str::to_owned);
    Process::start(name, &installed(&["unshare"]), &arguments, variables, folder.path())
}

fn variable(key: &str) -> String {
    format!("PAWDIUM_{}", key.replace('.', "__").to_uppercase())
}

/// A free port.
fn free_port() -> u16 {
    port_of(&TcpListener::bind(("127.0.0.1", 0)).expect("a port is free"))
}

fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("it is bound").port()
}

/// Waits until web is ready. False if it has ended.
async fn is_ready(web: &mut Process, base: &Url) -> bool {
    let http = plain_client();
    let address = base.join("readyz").expect("a path");
    eventually("the site is ready", SOON, async || {
        if web.has_ended() {
            return Some(false);
        }
        let asked = http.get(address.clone()).timeout(Duration::from_secs(3)).send().await;
        asked.is_ok_and(|answer| answer.status() == 200).then_some(true)
    })
    .await
}
