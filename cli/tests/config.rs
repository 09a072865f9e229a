//! `pawdium config check` for settings and for the systems that they name.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pawdium_bucket::{ACCESS_KEY, BUCKET, S3Server, SECRET_KEY};
use pawdium_kit::waiting::until_blocking;

/// Whether the settings are valid, and the output.
fn check(store: &str, secret: &str) -> (bool, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pawdium.toml");
    std::fs::write(&file, "").expect("an empty configuration");
    let ended = Command::new(env!("CARGO_BIN_EXE_pawdium"))
        .args(["config", "check"])
        .env("PAWDIUM_CONFIG", &file)
        .env("PAWDIUM_SECURITY__SECRET", "a secret for tests, of no worth at all")
        .env("PAWDIUM_MEDIA__STORE", store)
        .env("PAWDIUM_MEDIA__ACCESS_KEY_ID", ACCESS_KEY)
        .env("PAWDIUM_MEDIA__SECRET_ACCESS_KEY", secret)
        .output()
        .expect("the command runs");
    let said = [ended.stdout, ended.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (ended.status.success(), said)
}

#[test]
fn the_check_tries_the_bucket() {
    let server = S3Server::start();
    let store = format!("s3://{BUCKET}?endpoint={}", server.endpoint());
    let (good, said) = check(&store, SECRET_KEY);
    assert!(good && said.contains("The settings are valid"), "{said}");

    let (good, said) = check(&store, "hunter2");
    assert!(
        !good && said.contains("media.store") && said.contains("correct media.secret_access_key"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");

    std::fs::remove_dir_all(server.folder()).expect("is removed");
    let (good, said) = check(&store, SECRET_KEY);
    assert!(!good && said.contains("there is no bucket pawdium-tests at http://127.0.0.1"), "{said}");
}

#[test]
fn a_misspelt_bucket_is_reported_with_its_source() {
    let (good, said) = check("s3://pets?endpoint=s3.example.org", SECRET_KEY);
    assert!(!good && said.contains("media.store: the URL has an endpoint that isn't"), "{said}");
    assert!(said.contains("(from the variable PAWDIUM_MEDIA__STORE)"), "{said}");
    let (good, said) = check("ftp://pets", SECRET_KEY);
    assert!(!good && said.contains("media.store: the URL begins with neither file:// nor s3://"), "{said}");
}

/// Runs `pawdium config check --connect` with the stack's Postgres and Redis, overridden by these variables.
fn connect(folder: &Path, variables: &[(&str, &str)]) -> (bool, String) {
    let file = folder.join("pawdium.toml");
    fs::write(&file, "").expect("an empty configuration");
    let media = folder.join("media");
    let ended = Command::new(env!("CARGO_BIN_EXE_pawdium"))
        .args(["config", "check", "--connect"])
        .env("PAWDIUM_CONFIG", &file)
        .env("PAWDIUM_SECURITY__SECRET", "a secret for tests, of no worth at all")
        .env("PAWDIUM_WEB__BASE_URL", "https://paw.example")
        .env("PAWDIUM_MAIL__FROM", "paw@paw.example")
        .env("PAWDIUM_MEDIA__STORE", format!("file://{}", media.display()))
        .envs(variables.iter().copied())
        .output()
        .expect("the command runs");
    let said = [ended.stdout, ended.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    (ended.status.success(), said)
}

/// A port that nothing listens on.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port()
}

#[tokio::test]
async fn the_check_tries_every_system_and_gives_advice() {
    let folder = tempfile::tempdir().expect("a folder");
    let sink = pawdium_kit::sink::Sink::bind_anywhere(folder.path().join("mails")).await.expect("it starts");
    let smtp = sink.url();
    let check = |variables: Vec<(&'static str, String)>| {
        let path = folder.path().to_owned();
        let smtp = smtp.clone();
        tokio::task::spawn_blocking(move || {
            let mut all = vec![("PAWDIUM_MAIL__SMTP_URL", smtp.as_str())];
            all.extend(variables.iter().map(|(name, value)| (*name, value.as_str())));
            connect(&path, &all)
        })
    };
    let (good, said) = check(vec![]).await.expect("it ends");
    assert!(!good && said.contains("there is no folder") && said.contains("systemd-tmpfiles"), "{said}");

    fs::create_dir(folder.path().join("media")).expect("a folder");
    let (good, said) = check(vec![]).await.expect("it ends");
    assert!(good && said.contains("The settings are valid"), "{said}");
    for fine in [
        "database.url: Postgres",
        "redis.url: Redis answers",
        "mail.smtp_url: the mail",
        "media.store: files",
    ] {
        assert!(said.contains(&format!("ok       {fine}")), "{fine}: {said}");
    }
    assert!(said.contains("one scheduler take up to"), "{said}");

    let nobody = free_port();
    for (variable, value, complaint) in [
        ("PAWDIUM_DATABASE__URL", format!("postgres://a@127.0.0.1:{nobody}/a"), "Is Postgres running?"),
        ("PAWDIUM_REDIS__URL", format!("redis://127.0.0.1:{nobody}"), "is Redis running"),
        ("PAWDIUM_MAIL__SMTP_URL", format!("smtp://127.0.0.1:{nobody}"), "is the mail server running"),
    ] {
        let (good, said) = check(vec![(variable, value)]).await.expect("it ends");
        assert!(!good && said.contains(complaint) && said.contains("Fix 1 of these"), "{said}");
    }
}

#[sqlx::test]
async fn a_database_that_is_not_utf8_is_refused(db: sqlx::PgPool) {
    let name = format!("ascii_{}", std::process::id());
    let make = format!("create database {name} template template0 encoding 'SQL_ASCII' locale 'C'");
    sqlx::query(sqlx::AssertSqlSafe(make)).execute(&db).await.expect("it is made");
    let mut url: url::Url = std::env::var("DATABASE_URL").expect("it is set").parse().expect("a URL");
    url.set_path(&name);
    let folder = tempfile::tempdir().expect("a folder");
    let (good, said) = connect(folder.path(), &[("PAWDIUM_DATABASE__URL", url.as_str())]);
    sqlx::query(sqlx::AssertSqlSafe(format!("drop database {name}"))).execute(&db).await.expect("it goes");
    assert!(!good && said.contains("is in SQL_ASCII") && said.contains("-E UTF8"), "{said}");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn who_lacks_a_required_second_factor_is_named(db: sqlx::PgPool) {
    let members = "insert into users (name, email, password_hash, role, rater_key)
                   select name, name || '@example.org', 'x', role, row_number() over ()
                   from (values ('ada', 'admin'), ('mo', 'moderator'), ('root', 'admin'), ('bob', 'member'))
                        as of (name, role)";
    sqlx::query(members).execute(&db).await.expect("they are made");
    let app = "insert into totp_secrets (user_id, sealed, confirmed_at)
               select id, decode(repeat('00', 48), 'hex'), now() from users where name = 'ada'";
    sqlx::query(app).execute(&db).await.expect("it is made");
    let mut url: url::Url = std::env::var("DATABASE_URL").expect("it is set").parse().expect("a URL");
    url.set_path(db.connect_options().get_database().expect("a name"));
    let folder = tempfile::tempdir().expect("a folder");
    let said = |required| {
        let variables =
            [("PAWDIUM_DATABASE__URL", url.as_str()), ("PAWDIUM_SECURITY__REQUIRE_SECOND_FACTOR", required)];
        connect(folder.path(), &variables).1
    };
    let (nobody, admins, staff) = (said("nobody"), said("admins"), said("staff"));
    assert!(!nobody.contains("second factor") && !nobody.contains("second_factor"), "{nobody}");
    let warning = "warning  security.require_second_factor: these have a member's rights";
    assert!(admins.contains(warning) && admins.contains("security: root\n"), "{admins}");
    assert!(staff.contains("security: mo, root\n"), "{staff}");
}

/// A Redis that accepts only TLS, with a certificate signed by its own authority.
struct TlsRedis {
    server: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Drop for TlsRedis {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn tls_redis() -> TlsRedis {
    let folder = tempfile::tempdir().expect("a folder");
    let port = free_port();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"])
        .args(["-days", "2", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .status();
    assert!(made.expect("openssl; scripts/setup test installs it").success(), "it makes a certificate");
    let start = |program| {
        Command::new(program)
            .args(["--port", "0", "--bind", "127.0.0.1", "--tls-auth-clients", "no", "--save", ""])
            .args([
                "--tls-port",
                &port.to_string(),
                "--tls-cert-file",
                "cert.pem",
                "--tls-key-file",
                "key.pem",
            ])
            .args(["--tls-ca-cert-file", "cert.pem"])
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
    };
    let server = start("redis-server").or_else(|_| start("valkey-server")).expect("Redis or Valkey");
    let mut redis = TlsRedis { server, folder, port };
    until_blocking("Redis listens", Duration::from_secs(10), || {
        let ended = redis.server.try_wait().expect("it is asked");
        assert!(ended.is_none(), "this machine's Redis is built without TLS");
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
    redis
}

#[test]
fn redis_is_reached_over_tls_and_its_certificate_is_verified() {
    let redis = tls_redis();
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("rediss://localhost:{}", redis.port);
    let trusted = redis.folder.path().join("cert.pem").display().to_string();
    let (_, said) =
        connect(folder.path(), &[("PAWDIUM_REDIS__URL", &url), ("SSL_CERT_FILE", trusted.as_str())]);
    assert!(said.contains("ok       redis.url: Redis answers"), "{said}");
    let (_, said) = connect(folder.path(), &[("PAWDIUM_REDIS__URL", &url)]);
    assert!(said.contains("error    redis.url"), "{said}");
}
