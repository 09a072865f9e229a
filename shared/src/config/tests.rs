use std::fs;

use secrecy::ExposeSecret as _;

use super::*;

const SECRET: &str = "0123456789012345678901234567890123456789";

/// A complete set of sources. The folder lives as long as the value.
struct Given {
    folder: tempfile::TempDir,
    sources: Sources,
}

fn given() -> Given {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sources = Sources {
        variables: [("PAWDIUM_SECURITY__SECRET".into(), SECRET.into())].into(),
        ..Sources::default()
    };
    Given { folder, sources }
}

impl Given {
    fn file(mut self, text: &str) -> Self {
        let path = self.folder.path().join("pawdium.toml");
        fs::write(&path, text).expect("a file can be written");
        self.sources.file = Some(path);
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Self {
        self.sources.variables.insert(name.into(), value.into());
        self
    }

    fn credential(mut self, name: &str, value: &str) -> Self {
        let folder = self.folder.path().join("credentials");
        fs::create_dir_all(&folder).expect("a folder can be made");
        fs::write(folder.join(name), value).expect("a file can be written");
        self.sources.credentials = Some(folder);
        self
    }

    fn config(&self) -> Config {
        Config::from_sources(&self.sources).expect("the configuration is good")
    }

    /// The problems, without the name of the folder.
    fn problems(&self) -> Vec<String> {
        let folder = format!("{}/", self.folder.path().display());
        let errors = Config::from_sources(&self.sources).expect_err("the configuration is bad");
        errors.0.iter().map(|problem| problem.to_string().replace(&folder, "")).collect()
    }
}

#[test]
fn a_secret_is_all_that_must_be_set() {
    let config = given().config();
    assert_eq!(config.web.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.mail.from.to_string(), "Pawdium <pawdium@localhost>");
    assert_eq!(config.media.max_upload_bytes, 20_000_000);
    assert!(config.worker.media >= 1);
    assert!(config.metrics.is_none());
}

#[test]
fn a_variable_wins_over_the_file_and_a_credential_over_both() {
    let config = given()
        .file("[web]\nlisten = '127.0.0.1:1001'\ndrain_seconds = 5\n[database]\nurl = 'postgres:///file'\nmax_connections = 3")
        .variable("PAWDIUM_WEB__LISTEN", "127.0.0.1:1002")
        .variable("PAWDIUM_DATABASE__URL", "postgres:///variable")
        .credential("database.url", "postgres:///credential\n")
        .credential("pawdium_redis.url", "redis://credential\n")
        .credential("somebody-elses", "secret")
        .config();
    assert_eq!(config.web.listen.port(), 1002);
    assert_eq!(config.web.drain_seconds, 5);
    assert_eq!(config.database.url.expose_secret(), "postgres:///credential");
    assert_eq!(config.redis.url.expose_secret(), "redis://credential");
    assert_eq!(config.database.max_connections, 3);
}

#[test]
fn variables_hold_numbers_lists_and_secrets_made_of_digits() {
    let config = given()
        .variable("PAWDIUM_WEB__TRUSTED_PROXIES", r#"["10.0.0.0/8", "192.0.2.7"]"#)
        .variable("PAWDIUM_UPKEEP__DRAFT_DAYS", "7")
        .variable("PAWDIUM_DEMO__LOGINS", r#"[{email="ada@example.org", password="derp"}]"#)
        .config();
    let proxies: Vec<String> = config.web.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.7/32"]);
    assert_eq!(config.upkeep.draft_days, 7);
    assert_eq!(config.security.secret.expose_secret(), SECRET);
    assert_eq!(config.demo.logins[0].email, "ada@example.org");
}

#[test]
fn every_bad_key_is_named_at_once_with_its_place() {
    let problems = given()
        .file(
            "[web]\nlisten = 'nonsense'\nbase_url = 'ftp://x'\nlissten = 1\n[worker]\nmedia = -1\nmail = 0\n\
             [log]\nformat = 'xml'\nfilter = 'a=b=c'\n[databse]\nurl = 'x'\n[mail]\nfrom = 'nobody'\n\
             [redis]\nprefix = 5\n[metrics]\norg = 'o'\ntoken = 't'",
        )
        .variable("PAWDIUM_MEDIA__MAX_PIXELS", "many")
        .variable("PAWDIUM_WEB__TRUSTED_PROXIES", r#"["10.0.0.0/8", "10.0.0.0/99"]"#)
        .variable("PAWDIUM_SECURITY__SECRET", "short")
        .credential("mail.smtp_url", "not a url")
        .problems();
    insta::assert_snapshot!(problems.join("\n"));
}

#[test]
fn a_missing_secret_says_how_to_make_one() {
    let mut given = given();
    given.sources.variables.clear();
    assert_eq!(
        given.problems(),
        [
            "security.secret: is missing; it should be at least 32 random characters, for example from `openssl rand \
          -base64 32` (set it as security.secret in the file, or as PAWDIUM_SECURITY__SECRET)"
        ]
    );
}

#[test]
fn no_message_and_no_debug_output_shows_a_secret() {
    let mut bad = given()
        .file("[security]\nsecret = 987654321\n[demo]\nlogins = 'hunter2'")
        .variable("PAWDIUM_DATABASE__URL", "mysql://user:hunter2@host/x")
        .variable("PAWDIUM_REDIS__URL", "hunter2")
        .variable("PAWDIUM_MAIL__SMTP_URL", "ftp://user:hunter2@host");
    bad.sources.variables.remove("PAWDIUM_SECURITY__SECRET");
    let said = bad.problems().join("\n");
    assert_eq!(said.lines().count(), 5, "{said}");
    assert!(!said.contains("hunter2") && !said.contains("987654321"), "{said}");

    let config = given().variable("PAWDIUM_REDIS__URL", "redis://:hunter2@host").config();
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter2") && !shown.contains(SECRET), "{shown}");
}

#[test]
fn a_variable_with_one_underscore_is_reported() {
    let problems = given()
        .variable("PAWDIUM_WEB_LISTEN", "127.0.0.1:1")
        // Kubernetes sets this for a service called pawdium-web.
        .variable("PAWDIUM_WEB_SERVICE_HOST", "10.0.0.1")
        .problems();
    assert_eq!(
        problems,
        [
            "PAWDIUM_WEB_LISTEN: is not a key; did you mean PAWDIUM_WEB__LISTEN? (from the variable PAWDIUM_WEB_LISTEN)"
        ]
    );
}

#[test]
fn a_file_that_was_asked_for_must_exist_and_be_toml() {
    let mut missing = given();
    missing.sources.file = Some(missing.folder.path().join("gone.toml"));
    assert_eq!(missing.problems(), ["gone.toml: can't be read: No such file or directory (os error 2)"]);

    let broken = given().file("[web\nlisten = 1").problems();
    assert_eq!(broken.len(), 1);
    assert!(broken[0].starts_with("pawdium.toml: is not valid TOML"), "{}", broken[0]);
    assert!(broken[0].contains("line 1"), "{}", broken[0]);
}

#[test]
fn metrics_need_all_of_their_keys() {
    let given = given().file("[metrics]\norg = 'o'");
    let keys: Vec<String> =
        given.problems().iter().map(|line| line.split(": ").next().unwrap_or_default().into()).collect();
    assert_eq!(keys, ["metrics.url", "metrics.bucket", "metrics.token"]);
}

#[test]
fn decoding_may_not_outlast_its_job() {
    let problems = given().variable("PAWDIUM_MEDIA__DECODE_SECONDS", "60").problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("media.decode_seconds") && problems[0].contains("up to 45"), "{problems:?}");
}

#[test]
fn a_mail_may_not_outlast_its_job() {
    let problems = given().variable("PAWDIUM_MAIL__TIMEOUT_SECONDS", "120").problems();
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("mail.timeout_seconds") && problems[0].contains("up to 90"), "{problems:?}");
}

#[test]
fn half_a_key_to_a_bucket_is_no_key() {
    let problems = given().variable("PAWDIUM_MEDIA__ACCESS_KEY_ID", "pets").problems();
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].starts_with("media.secret_access_key: is missing beside media.access_key_id"),
        "{problems:?}"
    );
    let config = given()
        .variable("PAWDIUM_MEDIA__STORE", "s3://pets?region=eu-1")
        .variable("PAWDIUM_MEDIA__ACCESS_KEY_ID", "pets")
        .credential("media.secret_access_key", "hunter2")
        .config();
    assert!(!format!("{config:?}").contains("hunter2"));
}
