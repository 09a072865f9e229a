//! Limits on acts that are costly or that allow guessing.

mod limiter;
mod local;

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

pub use self::limiter::{Counted, Limiter};
use crate::error::Error;
use crate::state::App;

/// The limited acts.
#[derive(Clone, Copy, Debug)]
pub enum Limited {
    /// Registering, and probing for taken names and addresses with it.
    Registration,
    /// Logging in, and everything else that checks a password.
    Login,
    /// Requesting a reset or verification mail.
    Mail,
    /// Uploading a photo.
    Upload,
    /// Importing an archive.
    Import,
    /// Keeping a draft without being registered.
    AnonymousUpload,
    /// Making a hub.
    Hub,
    /// Becoming an anonymous user, and sharing without a user.
    Anonymous,
    /// Password attempts on one account within ten minutes.
    Guess,
    /// Password attempts on one account from unknown networks within a day.
    GuessOfDay,
    /// Mails to one recipient.
    Recipient,
    /// Asking for what other sites show of a link.
    Oembed,
}

const DAY: Duration = Duration::from_hours(24);
const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);

/// The limit of an IPv6 /48 as a multiple of a /64's. Some customers get a whole /48, others a /64.
const SITE: u32 = 8;

/// The daily limit on guesses as a multiple of the ten-minute limit.
const GUESSES_OF_DAY: u32 = 4;

impl Limited {
    fn policy(self, app: &App) -> (&'static str, u32, Duration) {
        let security = &app.config.security;
        match self {
            Self::Registration => ("registration", security.registrations_per_hour, HOUR),
            Self::Login => ("login", security.logins_per_minute, MINUTE),
            Self::Mail => ("mail", security.resets_per_hour, HOUR),
            Self::Upload => ("upload", security.uploads_per_hour, HOUR),
            Self::Import => ("import", security.imports_per_hour, HOUR),
            Self::AnonymousUpload => ("anonymous-upload", security.anonymous_uploads_per_day, DAY),
            Self::Hub => ("hub", security.hubs_per_hour, HOUR),
            Self::Anonymous => ("anonymous", security.anonymous_per_hour, HOUR),
            Self::Guess => ("guess", security.guesses_per_account, 10 * MINUTE),
            Self::GuessOfDay => {
                ("guess-of-day", security.guesses_per_account.saturating_mul(GUESSES_OF_DAY), DAY)
            }
            Self::Oembed => ("oembed", security.oembeds_per_minute, MINUTE),
            Self::Recipient => ("recipient", security.mails_per_recipient, HOUR / 2),
        }
    }
}

/// Counts an act from `client`, and from its /48 if it uses IPv6.
///
/// # Errors
/// [`Error::TooMany`] if that exceeds the limit.
pub async fn count(app: &App, what: Limited, client: IpAddr) -> Result<Tally, Error> {
    let mut tally = count_by(app, what, &client.to_string()).await?;
    if let IpAddr::V6(address) = client {
        let site = Ipv6Addr::from_bits(address.to_bits() >> 80 << 80);
        tally.add(app, what, &format!("{site}/48"), SITE).await?;
    }
    Ok(tally)
}

/// Counts an act for `whom`, no matter which client sends it.
///
/// # Errors
/// [`Error::TooMany`] if that exceeds the limit.
pub async fn count_by(app: &App, what: Limited, whom: &str) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    tally.add(app, what, whom, 1).await?;
    Ok(tally)
}

/// All limits that one act was counted against. They stay counted unless they are given back.
#[derive(Debug, Default)]
pub struct Tally(Vec<Counted>);

impl Tally {
    /// Counts the same act against another limit.
    ///
    /// # Errors
    /// [`Error::TooMany`] if that exceeds the limit. Then the act isn't counted at all.
    pub async fn also(&mut self, app: &App, what: Limited, whom: &str) -> Result<(), Error> {
        self.add(app, what, whom, 1).await
    }

    async fn add(&mut self, app: &App, what: Limited, whom: &str, times: u32) -> Result<(), Error> {
        let (name, limit, window) = what.policy(app);
        if limit == 0 {
            return Ok(());
        }
        match app.limiter.count(&format!("limit:{name}:{whom}"), limit.saturating_mul(times), window).await {
            Ok(counted) => self.0.push(counted),
            Err(left) => {
                std::mem::take(self).give_back(app).await;
                return Err(Error::TooMany(left.as_secs().max(1)));
            }
        }
        Ok(())
    }

    /// Uncounts the act, which turned out not to be a limited one.
    pub async fn give_back(self, app: &App) {
        for counted in self.0 {
            app.limiter.give_back(counted).await;
        }
    }
}
