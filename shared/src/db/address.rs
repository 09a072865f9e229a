//! The database's URL, read as libpq reads it: missing parts default to the local socket and this process's user.

use std::env;
use std::path::Path;

use sqlx::postgres::PgConnectOptions;
use url::form_urlencoded;

/// Where Debian, Fedora and Arch put the server's socket.
const SOCKETS: &str = "/run/postgresql";

/// The default of a Postgres built from source.
const SOCKETS_OF_SOURCE: &str = "/tmp";

/// The environment that provides missing parts of a URL.
struct Surroundings<'a> {
    /// An environment variable.
    variable: &'a dyn Fn(&str) -> Option<String>,
    /// The user that the process runs as.
    user: &'a dyn Fn() -> Option<String>,
    /// The folder of the server's socket.
    sockets: &'a str,
}

/// Parses a URL into connection options. Without a host, `PGHOST` or `PGHOSTADDR`, it means the local socket. Without a
/// user or `PGUSER`, it means the user of this process, whom peer authentication accepts.
///
/// # Errors
/// If the URL is malformed, or if it names no user and this process's user has no name.
pub fn options(url: &str) -> sqlx::Result<PgConnectOptions> {
    let is_at_source =
        !Path::new(SOCKETS).exists() && Path::new(SOCKETS_OF_SOURCE).join(".s.PGSQL.5432").exists();
    complete(
        url,
        &Surroundings {
            variable: &|name| env::var(name).ok().filter(|value| !value.is_empty()),
            user: &|| whoami::username().ok(),
            sockets: if is_at_source { SOCKETS_OF_SOURCE } else { SOCKETS },
        },
    )?
    .parse()
}

/// Fills in the missing parts. sqlx itself would look for the socket only once, and fall back to TCP permanently if the
/// server had not started. The URL standard allows no user without a host.
fn complete(url: &str, around: &Surroundings<'_>) -> sqlx::Result<String> {
    let malformed = |text: &str| sqlx::Error::Configuration(text.into());
    let (scheme, rest) = url
        .split_once("://")
        .filter(|(scheme, _)| ["postgres", "postgresql"].contains(scheme))
        .ok_or_else(|| malformed("the URL begins with neither postgres:// nor postgresql://"))?;
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let query = path.split_once('?').map_or("", |(_, query)| query);
    let says = |key: &str| form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == key);

    let (user, password) = login.split_once(':').map_or((login, None), |(user, rest)| (user, Some(rest)));
    let user = if user.is_empty() && !says("user") {
        let user = (around.variable)("PGUSER").or_else(around.user);
        encoded(&user.ok_or_else(|| malformed("the URL names no user, and this process's has no name"))?)
    } else {
        user.to_owned()
    };
    let place = if place.is_empty() || place.starts_with(':') {
        let host = ["PGHOSTADDR", "PGHOST"].into_iter().find_map(around.variable);
        host_of_url(&host.unwrap_or_else(|| around.sockets.to_owned())) + place
    } else {
        place.to_owned()
    };
    let password = password.map(|password| format!(":{password}")).unwrap_or_default();
    let at = if user.is_empty() && password.is_empty() { "" } else { "@" };
    Ok(format!("{scheme}://{user}{password}{at}{place}{path}"))
}

/// A folder is a host with encoded slashes; an IPv6 address is in brackets.
fn host_of_url(host: &str) -> String {
    if host.starts_with('/') {
        encoded(host)
    } else if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

/// Percent-encodes, with `%20` for a space.
fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// User, host or socket folder, port and database of a URL, in a process of the user `paw`.
    fn read(url: &str, variables: &[(&str, &str)]) -> (String, String, u16, Option<String>) {
        let around = Surroundings {
            variable: &|name| {
                variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            },
            user: &|| Some("paw".to_owned()),
            sockets: SOCKETS,
        };
        let options: PgConnectOptions = complete(url, &around).and_then(|url| url.parse()).expect(url);
        let host = options
            .get_socket()
            .map_or_else(|| options.get_host().to_owned(), |folder| folder.display().to_string());
        (
            options.get_username().to_owned(),
            host,
            options.get_port(),
            options.get_database().map(str::to_owned),
        )
    }

    #[test]
    fn missing_parts_of_a_url_default_to_the_local_socket_and_the_process_user() {
        for (url, user, host, port) in [
            ("postgres:///pawdium", "paw", SOCKETS, 5432),
            ("postgresql:///pawdium", "paw", SOCKETS, 5432),
            ("postgres://pawdium@/pawdium", "pawdium", SOCKETS, 5432),
            ("postgres://pawdium:a%40b@/pawdium", "pawdium", SOCKETS, 5432),
            ("postgres://a%20b@:5433/pawdium", "a b", SOCKETS, 5433),
            ("postgres://:5433/pawdium", "paw", SOCKETS, 5433),
            ("postgres:///pawdium?user=ada", "ada", SOCKETS, 5432),
            ("postgres:///pawdium?host=/tmp/sockets", "paw", "/tmp/sockets", 5432),
            ("postgres://%2Ftmp%2Fsockets/pawdium", "paw", "/tmp/sockets", 5432),
            ("postgres://db.example.org/pawdium", "paw", "db.example.org", 5432),
            ("postgres://ada:pass@db.example.org:6432/pawdium", "ada", "db.example.org", 6432),
            ("postgres://ada@localhost/pawdium?host=/tmp/sockets", "ada", "/tmp/sockets", 5432),
        ] {
            let expected = (user.to_owned(), host.to_owned(), port, Some("pawdium".to_owned()));
            assert_eq!(read(url, &[]), expected, "{url}");
        }
    }

    #[test]
    fn postgres_own_variables_come_before_the_defaults() {
        let variables = [("PGUSER", "ada"), ("PGHOST", "db.example.org")];
        let (user, host, ..) = read("postgres:///pawdium", &variables);
        assert_eq!((user.as_str(), host.as_str()), ("ada", "db.example.org"));
        let (user, host, ..) = read("postgres://bo@localhost/pawdium", &variables);
        assert_eq!((user.as_str(), host.as_str()), ("bo", "localhost"));
        let (_, host, ..) = read("postgres:///pawdium", &[("PGHOST", "/tmp/sockets")]);
        assert_eq!(host, "/tmp/sockets");
    }

    #[test]
    fn the_process_knows_its_user() {
        let options = options("postgres:///pawdium").expect("it is good");
        let output = std::process::Command::new("id").arg("-un").output().expect("there is id");
        let user = String::from_utf8(output.stdout).expect("a name");
        assert_eq!(options.get_username(), user.trim());
    }

    #[test]
    fn malformed_urls_are_refused() {
        for url in ["", "pawdium", "mysql:///pawdium", "postgres://ada@host:port/pawdium"] {
            assert!(options(url).is_err(), "{url}");
        }
    }
}
