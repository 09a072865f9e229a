//! Checks of values beyond their types.

use secrecy::ExposeSecret as _;
use tracing_subscriber::EnvFilter;

use super::{Config, MediaConfig};
use crate::db;
use crate::mail;
use crate::store::MediaStore;

const SECRET_CHARACTERS: usize = 32;

/// Keys whose values never appear in a message.
pub(super) fn is_secret(key: &str) -> bool {
    [
        "database.url",
        "redis.url",
        "media.secret_access_key",
        "mail.smtp_url",
        "metrics.token",
        "security.secret",
        "demo.logins",
    ]
    .contains(&key)
}

/// What the value of a key should look like, for keys that are more than a number or a text.
pub(super) fn should_be(key: &str) -> Option<&'static str> {
    Some(match key {
        "web.listen" => "an address with a port, such as 127.0.0.1:8080",
        "web.base_url" => "where visitors reach the site, such as https://pawdium.example",
        "web.trusted_proxies" => "a list of addresses and networks, such as [\"127.0.0.1\", \"10.0.0.0/8\"]",
        "media.store" => "a URL, such as file:///var/lib/pawdium/media or s3://bucket",
        "mail.from" => "a sender, such as Pawdium <pawdium@example.org>",
        "security.verified_only" => "a list of comments, hubs and tokens, or []",
        "metrics.url" => "a URL, such as http://127.0.0.1:8086",
        _ => return None,
    })
}

/// The keys that are well-formed but can't work, each with the problem.
pub(super) fn failures(config: &Config) -> Vec<(&'static str, String)> {
    let mut found = secrets(config);
    found.extend(addresses(config));
    found.extend(counts(config));
    if let Err(error) = EnvFilter::try_new(&config.log.filter) {
        let filter = &config.log.filter;
        found.push((
            "log.filter",
            format!("{filter:?} is not a filter such as info,pawdium_web=debug: {error}"),
        ));
    }
    found
}

fn secrets(config: &Config) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let length = config.security.secret.expose_secret().chars().count();
    let advice = format!(
        "it should be at least {SECRET_CHARACTERS} random characters, for example from `openssl rand -base64 32`"
    );
    if length == 0 {
        found.push(("security.secret", format!("is missing; {advice}")));
    } else if length < SECRET_CHARACTERS {
        found.push(("security.secret", format!("has {length} characters; {advice}")));
    }
    if let Err(error) = db::options(config.database.url.expose_secret()) {
        let text = format!("is not a URL such as postgres://user:password@host/pawdium: {error}");
        found.push(("database.url", text));
    }
    if redis::Client::open(config.redis.url.expose_secret()).is_err() {
        found.push((
            "redis.url",
            "is not a URL such as redis://127.0.0.1:6379 or unix:///run/redis.sock".into(),
        ));
    }
    if mail::Server::parse(config.mail.smtp_url.expose_secret()).is_err() {
        let text = "is not a URL such as smtps://user:password@host or smtp://host:587?tls=required";
        found.push(("mail.smtp_url", text.into()));
    }
    found
}

fn addresses(config: &Config) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    let base = &config.web.base_url;
    let expected = should_be("web.base_url").unwrap_or_default();
    if !["http", "https"].contains(&base.scheme()) || base.host_str().is_none() {
        found.push((
            "web.base_url",
            format!("{base} does not begin with http:// or https://; it should be {expected}"),
        ));
    } else if base.path() != "/" || base.query().is_some() || base.fragment().is_some() {
        found.push(("web.base_url", format!("{base} has something after the host; it should be {expected}")));
    }
    if config.web.listen.port() == 0 {
        let text = "port 0 means a random port; it should be one from 1 to 65535";
        found.push(("web.listen", text.into()));
    }
    found.extend(store(&config.media));
    if let Some(metrics) = &config.metrics
        && !["http", "https"].contains(&metrics.url.scheme())
    {
        let expected = should_be("metrics.url").unwrap_or_default();
        found.push(("metrics.url", format!("{} is not http or https; it should be {expected}", metrics.url)));
    }
    found
}

fn store(media: &MediaConfig) -> Option<(&'static str, String)> {
    if let Err(problem) = MediaStore::check_url(&media.store) {
        return Some(("media.store", format!("the URL {problem}")));
    }
    let [here, missing] = match (&media.access_key_id, &media.secret_access_key) {
        (Some(_), None) => ["access_key_id", "secret_access_key"],
        (None, Some(_)) => ["secret_access_key", "access_key_id"],
        _ => return None,
    };
    let key = if missing == "access_key_id" { "media.access_key_id" } else { "media.secret_access_key" };
    Some((key, format!("is missing beside media.{here}; set both or neither")))
}

/// The longest decoding time, in seconds. The job has three minutes, of which the store may take half. If a picture
/// fails in a process that has rendered others, it gets a second attempt in a new process.
const MAX_DECODE_SECONDS: u64 = 45;

/// The longest SMTP time, in seconds. The job has two minutes.
const MAX_MAIL_SECONDS: u64 = 90;

fn counts(config: &Config) -> Vec<(&'static str, String)> {
    let (media, worker, upkeep) = (&config.media, &config.worker, &config.upkeep);
    let at_least_one = [
        ("web.header_seconds", config.web.header_seconds == 0),
        ("web.body_pause_seconds", config.web.body_pause_seconds == 0),
        ("database.max_connections", config.database.max_connections == 0),
        ("media.max_upload_bytes", media.max_upload_bytes == 0),
        ("media.max_import_bytes", media.max_import_bytes == 0),
        ("media.max_pixels", media.max_pixels == 0),
        ("media.decode_seconds", media.decode_seconds == 0),
        ("media.decode_memory_mb", media.decode_memory_mb == 0),
        ("mail.timeout_seconds", config.mail.timeout_seconds == 0),
        (
            "metrics.period_seconds",
            config.metrics.as_ref().is_some_and(|metrics| metrics.period_seconds == 0),
        ),
        ("worker.media", worker.media == 0),
        ("worker.mail", worker.mail == 0),
        ("worker.ranking", worker.ranking == 0),
        ("worker.cache", worker.cache == 0),
        ("worker.metrics", worker.metrics == 0),
        ("worker.upkeep", worker.upkeep == 0),
        ("worker.exports", worker.exports == 0),
        ("worker.imports", worker.imports == 0),
        ("upkeep.draft_days", upkeep.draft_days == 0),
        ("upkeep.incoming_hours", upkeep.incoming_hours == 0),
    ];
    let mut found: Vec<_> = at_least_one
        .into_iter()
        .filter(|(_, is_zero)| *is_zero)
        .map(|(key, _)| (key, "0 would stop it; it should be 1 or more".into()))
        .collect();
    if media.decode_seconds > MAX_DECODE_SECONDS {
        let text = format!(
            "{} is longer than the job's timeout; it should be up to {MAX_DECODE_SECONDS}",
            media.decode_seconds
        );
        found.push(("media.decode_seconds", text));
    }
    if config.mail.timeout_seconds > MAX_MAIL_SECONDS {
        let text = format!(
            "{} is longer than the job's timeout; it should be up to {MAX_MAIL_SECONDS}",
            config.mail.timeout_seconds
        );
        found.push(("mail.timeout_seconds", text));
    }
    found
}
