//! Settings that work but are probably mistakes.

use url::{Host, Url};

use super::Config;

/// The seconds that web's unit file leaves for open requests (`TimeoutStopSec=`).
const WEB_STOPS_WITHIN: u64 = 70;

/// The seconds that the worker's unit file leaves for running jobs.
const WORKER_STOPS_WITHIN: u64 = 40;

/// The doubtful keys, each with the consequence and the remedy.
pub(super) fn warnings(config: &Config) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (key, seconds, most, unit) in [
        ("web.drain_seconds", config.web.drain_seconds, WEB_STOPS_WITHIN, "pawdium-web.service"),
        ("worker.drain_seconds", config.worker.drain_seconds, WORKER_STOPS_WITHIN, "pawdium-worker@.service"),
    ] {
        if seconds > most {
            found.push((
                key,
                format!(
                    "{seconds} is more than systemd waits before it kills the process; raise TimeoutStopSec= above it \
                     with `systemctl edit {unit}`, or set it to {most} or less"
                ),
            ));
        }
    }
    let base = &config.web.base_url;
    if is_of_this_machine(base) {
        found.push((
            "web.base_url",
            format!(
                "{base} is an address that only this machine reaches; links in mails lead nowhere until it is the \
                 site's own, such as https://pawdium.example"
            ),
        ));
    } else {
        if base.scheme() == "http" {
            found.push((
                "web.base_url",
                format!(
                    "{base} sends passwords and cookies in the clear; put a proxy with TLS before the site, and write \
                     https:// here"
                ),
            ));
        }
        if config.mail.from.email.domain() == "localhost" {
            let text = "mail servers refuse a sender at localhost; set an address of the site's domain";
            found.push(("mail.from", text.to_owned()));
        }
    }
    found.extend(folder(&config.media.store));
    found
}

fn is_of_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a folder is missing. A folder that can't be accessed counts as present.
fn folder(store: &Url) -> Option<(&'static str, String)> {
    let path = (store.scheme() == "file").then(|| store.to_file_path().ok())??;
    let is_missing = matches!(path.try_exists(), Ok(false));
    is_missing.then(|| {
        let path = path.display();
        (
            "media.store",
            format!(
                "there is no folder {path}; make it with `sudo systemd-tmpfiles --create`, or with `sudo install -d -o \
                 pawdium -g pawdium -m 0750 {path}`"
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(change: impl FnOnce(&mut Config)) -> Vec<&'static str> {
        let mut config = Config::default();
        config.web.base_url = "https://pawdium.example".parse().expect("a URL");
        config.mail.from = "Pawdium <paw@pawdium.example>".parse().expect("a sender");
        config.media.store = Url::from_directory_path(std::env::temp_dir()).expect("a URL");
        change(&mut config);
        warnings(&config).into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn a_site_in_order_gets_no_warning() {
        assert_eq!(keys(|_| {}), [""; 0]);
    }

    #[test]
    fn probable_mistakes_give_warnings() {
        assert_eq!(keys(|config| config.web.drain_seconds = 71), ["web.drain_seconds"]);
        assert_eq!(keys(|config| config.worker.drain_seconds = 41), ["worker.drain_seconds"]);
        for base in
            ["http://pawdium.example", "http://192.0.2.7:8080", "http://127.0.0.1:8080", "https://[::1]"]
        {
            assert_eq!(
                keys(|config| config.web.base_url = base.parse().expect("a URL")),
                ["web.base_url"],
                "{base}"
            );
        }
        assert_eq!(
            keys(|config| config.mail.from = "paw@localhost".parse().expect("a sender")),
            ["mail.from"]
        );
        let nowhere = "file:///nowhere/at/all".parse().expect("a URL");
        assert_eq!(keys(|config| config.media.store = nowhere), ["media.store"]);
    }
}
