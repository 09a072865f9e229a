//! Ratings through the API, over a connection of the rater's own.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::http::Connection;
use crate::seed::Account;

/// A user who rates.
#[derive(Debug)]
pub struct Rater {
    /// Who it is.
    pub account: Account,
    /// Reopened where the site may have closed it.
    pub connection: Connection,
    /// The photo that was served, and its ballot.
    pub on_page: Option<(i64, String)>,
}

/// The next photo in a response.
#[derive(Deserialize)]
struct Rated<'a> {
    #[serde(borrow)]
    next: Option<OnPage<'a>>,
}

#[derive(Deserialize)]
struct OnPage<'a> {
    photo: Photo,
    ballot: &'a str,
}

#[derive(Deserialize)]
struct Photo {
    id: i64,
}

impl Rater {
    /// Connects.
    ///
    /// # Errors
    /// When the site doesn't listen.
    pub async fn enter(address: SocketAddr, account: Account) -> Result<Self> {
        Ok(Self { account, connection: Connection::open(address).await?, on_page: None })
    }

    /// Requests the next photo.
    ///
    /// # Errors
    /// When there is none.
    pub async fn see(&mut self) -> Result<()> {
        let request = format!(
            "GET /api/v1/rate/next HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
            self.account.token,
        );
        let (status, body) = self.connection.ask(request.as_bytes()).await?;
        if status != 200 {
            bail!("requesting a photo returned {status} {}", String::from_utf8_lossy(body));
        }
        let shown: OnPage<'_> = serde_json::from_slice(body)?;
        self.on_page = Some((shown.photo.id, shown.ballot.to_owned()));
        Ok(())
    }

    /// Rates the photo that was served. Returns it and the value.
    ///
    /// # Errors
    /// When there is none, or the site refuses.
    pub async fn rate_on_page(&mut self) -> Result<(i64, i16)> {
        let (photo, ballot) = self.on_page.take().context("there is no photo to rate")?;
        let value = rand::random_range(1..=10);
        self.rate(photo, &format!(r#"{{"value":{value},"ballot":"{ballot}"}}"#)).await?;
        Ok((photo, value))
    }

    /// Gives another value to a photo that was rated before.
    ///
    /// # Errors
    /// When the site refuses.
    pub async fn rate_again(&mut self, photo: i64, value: i16) -> Result<()> {
        self.rate(photo, &format!(r#"{{"value":{value}}}"#)).await
    }

    async fn rate(&mut self, photo: i64, body: &str) -> Result<()> {
        let request = format!(
            "PUT /api/v1/photos/{photo}/rating HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.account.token,
            body.len(),
        );
        let (status, body) = self.connection.ask(request.as_bytes()).await?;
        if status != 200 {
            bail!("rating a photo returned {status} {}", String::from_utf8_lossy(body));
        }
        let rated: Rated<'_> = serde_json::from_slice(body)?;
        self.on_page = rated.next.map(|next| (next.photo.id, next.ballot.to_owned()));
        Ok(())
    }
}
