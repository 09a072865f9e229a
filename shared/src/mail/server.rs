//! The SMTP server: its address and how to connect to it.

use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::{self, SMTP_PORT, SUBMISSION_PORT, SUBMISSIONS_PORT};
use percent_encoding::percent_decode_str;
use url::Url;

/// An SMTP server. Creating it makes no connection.
#[derive(Clone, Debug)]
pub struct Server {
    host: String,
    port: u16,
    tls: Tls,
    /// The name that we greet with.
    name: ClientId,
    credentials: Option<Credentials>,
}

/// The URL doesn't name an SMTP server.
#[derive(Debug, thiserror::Error)]
#[error("not a URL such as smtps://user:password@host or smtp://host:587?tls=required")]
pub struct BadUrl;

impl Server {
    /// Parses a URL: `smtps` for implicit TLS, `smtp` with `?tls=required` or `?tls=opportunistic` for STARTTLS, plain
    /// `smtp` for no TLS. A path is the name to greet with; the default is the host's name.
    ///
    /// # Errors
    /// If the URL has another form. The error repeats none of it, since it may contain a password.
    pub fn parse(url: &str) -> Result<Self, BadUrl> {
        let url: Url = url.parse().map_err(|_| BadUrl)?;
        let host = url.host_str().ok_or(BadUrl)?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).to_owned();
        let parameters = || TlsParameters::new(host.clone()).map_err(|_| BadUrl);
        let wanted = url.query_pairs().find(|(key, _)| key == "tls").map(|(_, wanted)| wanted);
        let (port, tls) = match (url.scheme(), wanted.as_deref()) {
            ("smtp", None) => (SMTP_PORT, Tls::None),
            ("smtp", Some("required")) => (SUBMISSION_PORT, Tls::Required(parameters()?)),
            ("smtp", Some("opportunistic")) => (SUBMISSION_PORT, Tls::Opportunistic(parameters()?)),
            ("smtps", _) => (SUBMISSIONS_PORT, Tls::Wrapper(parameters()?)),
            _ => return Err(BadUrl),
        };
        let name = match url.path().trim_matches('/') {
            "" => ClientId::default(),
            name => ClientId::Domain(name.to_owned()),
        };
        let decoded =
            |text| percent_decode_str(text).decode_utf8().map(Into::<String>::into).map_err(|_| BadUrl);
        let credentials = match url.password() {
            Some(password) => Some(Credentials::new(decoded(url.username())?, decoded(password)?)),
            None => None,
        };
        Ok(Self { port: url.port().unwrap_or(port), host, tls, name, credentials })
    }

    /// Connects, greets and logs in, ready for a mail. Each address of the host has `patience` to answer.
    ///
    /// # Errors
    /// If any of these steps fails.
    pub async fn connect(&self, patience: Duration) -> Result<AsyncSmtpConnection, smtp::Error> {
        let wrapper = match &self.tls {
            Tls::Wrapper(parameters) => Some(parameters.clone()),
            _ => None,
        };
        let address = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, Some(patience), &self.name, wrapper, None).await?;
        match &self.tls {
            Tls::Required(parameters) => connection.starttls(parameters.clone(), &self.name).await?,
            Tls::Opportunistic(parameters) if connection.can_starttls() => {
                connection.starttls(parameters.clone(), &self.name).await?;
            }
            _ => {}
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_how_and_as_whom() {
        let server = Server::parse("smtp://paw%40x:p%3Aw@mail.example/greeting.example?tls=required");
        let server = server.expect("it is good");
        assert_eq!((server.host.as_str(), server.port), ("mail.example", 587));
        assert!(matches!(server.tls, Tls::Required(_)));
        assert_eq!(server.name, ClientId::Domain("greeting.example".into()));
        assert_eq!(server.credentials, Some(Credentials::new("paw@x".into(), "p:w".into())));
        for (url, port) in [
            ("smtp://mail.example", 25),
            ("smtps://mail.example", 465),
            ("smtp://[::1]:2525", 2525),
            ("smtp://mail.example?tls=opportunistic", 587),
        ] {
            assert_eq!(Server::parse(url).expect("it is good").port, port, "{url}");
        }
    }

    #[test]
    fn other_urls_are_refused() {
        for url in ["", "mail.example", "http://mail.example", "smtp:///", "smtp://mail.example?tls=maybe"] {
            assert!(Server::parse(url).is_err(), "{url}");
        }
    }
}
