//! The demo's settings: those for its own servers, and those that the user has set.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use pawdium_demo::logins::{LOGINS, PASSWORD};
use pawdium_shared::config::{Config, Sources, WebConfig};
use serde_json::json;
use url::Url;

const FILE: &str = "pawdium.toml";
const FILE_TEXT: &str = "# Settings of the demo in this folder. The database, Redis, media, mail and the secret are\n\
                         # the demo's own; everything else can be set here. systemd/pawdium.toml shows all keys.\n";

/// Limits per address and per member. All clients of a demo share an address, and its members write at once.
const UNLIMITED: [&str; 15] = [
    "REGISTRATIONS_PER_HOUR",
    "LOGINS_PER_MINUTE",
    "RESETS_PER_HOUR",
    "UPLOADS_PER_HOUR",
    "IMPORTS_PER_HOUR",
    "HUBS_PER_HOUR",
    "REPORTS_PER_HOUR",
    "ANONYMOUS_PER_HOUR",
    "OEMBEDS_PER_MINUTE",
    "RATINGS_PER_MINUTE",
    "ADDRESS_RATINGS_PER_MINUTE",
    "ANONYMOUS_UPLOADS_PER_DAY",
    "COMMENTS_PER_MINUTE",
    "COMMENTS_PER_DAY",
    "NEW_MEMBER_COMMENTS_PER_DAY",
];

/// The folder for mails.
pub(super) fn mailbox(home: &Path) -> PathBuf {
    home.join("mailbox")
}

/// The settings of the demo and its services.
pub(super) struct Settings {
    /// For this process.
    pub(super) config: Config,
    /// For the services, as environment variables.
    pub(super) variables: BTreeMap<String, String>,
}

impl Settings {
    /// Merges the environment, the file in `home` and the demo's own servers. The last win, so that a shell
    /// configured for a real site can't make the demo write there.
    pub(super) fn of_demo(home: &Path, database: &str, redis: &str, mail: &str) -> Result<Self> {
        let media = home.join("media");
        fs::create_dir_all(&media).context("making a folder for pictures")?;
        let store = Url::from_directory_path(&media)
            .map_err(|()| anyhow::anyhow!("{} is relative", media.display()))?;
        let file = home.join(FILE);
        if !file.exists() {
            fs::write(&file, FILE_TEXT).with_context(|| format!("writing {}", file.display()))?;
        }
        let own = [
            ("DATABASE__URL", database.to_owned()),
            ("REDIS__URL", redis.to_owned()),
            ("MEDIA__STORE", store.to_string()),
            ("MAIL__SMTP_URL", mail.to_owned()),
            ("DEMO__MAILBOX", mailbox(home).display().to_string()),
            ("DEMO__LOGINS", logins()),
            ("SECURITY__SECRET", secret(&home.join("secret")).context("keeping a secret")?),
        ];
        let mut variables = Sources::of_this_process().variables;
        // Seeding registers, uploads and rates from one address. A limit that the user sets is kept.
        for name in UNLIMITED {
            variables.entry(format!("PAWDIUM_SECURITY__{name}")).or_insert_with(|| "0".into());
        }
        variables.extend(own.map(|(name, value)| (format!("PAWDIUM_{name}"), value)));
        variables.insert("PAWDIUM_CONFIG".into(), file.display().to_string());

        let mut sources = Sources { file: Some(file), variables, credentials: None };
        let mut config = Config::from_sources(&sources)?;
        let default = WebConfig::default();
        if config.web.base_url == default.base_url {
            let base = format!("http://{}", named(config.web.listen));
            sources.variables.insert("PAWDIUM_WEB__BASE_URL".into(), base);
            config = Config::from_sources(&sources)?;
        }
        Ok(Self { config, variables: sources.variables })
    }
}

/// Where browsers find a server that listens there. Passkeys need a name.
fn named(listen: SocketAddr) -> String {
    let address = super::reachable(listen);
    if address.ip() == IpAddr::V4(Ipv4Addr::LOCALHOST) {
        return format!("localhost:{}", address.port());
    }
    address.to_string()
}

/// Formats a list for an environment variable.
fn logins() -> String {
    let logins = LOGINS.map(|login| {
        let about = if login.is_admin { "admin" } else { "member" };
        let [email, about] = [login.email, about].map(|text| json!(text));
        format!("{{email={email}, password={}, about={about}}}", json!(PASSWORD))
    });
    format!("[{}]", logins.join(", "))
}

/// The secret stored in `path`, generated at the first start: 32 random bytes, readable only by this user.
fn secret(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Ok(text) => return Ok(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let secret = rand::random::<[u8; 32]>().iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    });
    let unfinished = path.with_extension("unfinished");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
    writeln!(file, "{secret}")?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use secrecy::ExposeSecret as _;

    use super::*;

    fn settings(home: &Path) -> Settings {
        Settings::of_demo(home, "postgres://demo@localhost/demo", "unix:///tmp/demo", "smtp://127.0.0.1:2525")
            .expect("the settings are good")
    }

    #[test]
    fn the_secret_survives_restarts_and_is_private() {
        let home = tempfile::tempdir().expect("a folder");
        let first = settings(home.path()).config.security.secret;
        assert_eq!(first.expose_secret().len(), 64);
        assert_eq!(settings(home.path()).config.security.secret.expose_secret(), first.expose_secret());
        let mode = fs::metadata(home.path().join("secret")).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn the_demo_has_a_name_so_that_it_offers_passkeys() {
        let home = tempfile::tempdir().expect("a folder");
        assert_eq!(settings(home.path()).config.web.base_url.as_str(), "http://localhost:8080/");
        assert_eq!(named(([192, 0, 2, 7], 8080).into()), "192.0.2.7:8080");
    }

    #[test]
    fn the_file_changes_the_address_and_links_follow_it() {
        let home = tempfile::tempdir().expect("a folder");
        fs::write(
            home.path().join(FILE),
            "[web]\nlisten = '0.0.0.0:9090'\n[database]\nurl = 'postgres://real/site'",
        )
        .expect("a file can be written");
        let settings = settings(home.path());
        assert_eq!(settings.config.web.base_url.as_str(), "http://localhost:9090/");
        assert_eq!(settings.config.database.url.expose_secret(), "postgres://demo@localhost/demo");
        let shown: Vec<&str> = settings.config.demo.logins.iter().map(|login| login.email.as_str()).collect();
        assert_eq!(shown, LOGINS.map(|login| login.email));
    }
}
