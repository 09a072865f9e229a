//! The visitor of a page: a registered user, an anonymous user, or somebody without a user.
//!
//! Viewing pages creates no user. A visitor without a user has a signed cookie with the key of their serving order and
//! the photo on their page. The first rating creates a user row with that key.

use axum::extract::{FromRequestParts, OriginalUri};
use axum::http::Extensions;
use axum::http::request::Parts;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use chrono::Utc;
use pawdium_shared::accounts::sessions::{self, Presented, Token};
use pawdium_shared::accounts::{Gated, Origin, RaterKey, Standing, User, queries};
use pawdium_shared::audit::Actor;
use pawdium_shared::hubs::bookmarks;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::moderation::{review::queue, sanctions::list};
use pawdium_shared::notifications;
use pawdium_shared::ratings::serving;
use sqlx::PgConnection;

use super::client::Client;
use super::request_user::RequestUser;
use super::withheld::withhold;
use super::{acts, flash};
use crate::error::Error;
use crate::state::App;
use crate::views::{Bell, Chrome, HubLink, Silence, Theme, Viewer};

/// The cookie with the session token.
pub const SESSION: &str = "session";

/// The cookie of a visitor without a user.
const PIN: &str = "visitor";

/// The cookie with the colour theme.
pub const THEME: &str = "theme";

/// The cookies that make a page somebody's. Without any of them, all get the same.
pub const COOKIES_OF_VISITORS: [&str; 3] = [SESSION, PIN, flash::COOKIE];

const YEAR: i64 = 365;

/// The sender of a request.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// The user behind the session cookie.
    pub user: Option<User>,
    /// The key of the serving order: the user's, the cookie's, or a new one.
    pub key: RaterKey,
    /// The photo on the rating page of a visitor without a user.
    pub pinned: Option<PhotoId>,
    /// Whether a visitor without a user sent the key, so that ballots may have been issued for it.
    pub has_key: bool,
    /// The session's token.
    pub token: Option<Token>,
    /// Whether the user's role doesn't count, because it needs a second factor.
    pub is_withheld: bool,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let origin = Client::named(app, &parts.extensions, &parts.headers).origin();
        let visitor = Self::find(app, &CookieJar::from_headers(&parts.headers), Some(origin)).await?;
        visitor.leave_name(&parts.extensions);
        visitor.admit(app, parts).await?;
        Ok(visitor)
    }
}

impl Visitor {
    async fn find(app: &App, jar: &CookieJar, origin: Option<Origin>) -> Result<Self, Error> {
        if let Some(cookie) = jar.get(SESSION) {
            let token = Token::presented(cookie.value());
            let presented = Presented { hash: token.hash(), origin };
            if let Some(mut user) = app.sessions.call(presented).await?.filter(acts::is_admitted) {
                let is_withheld = withhold(app, &mut user).await?;
                let key = user.rater_key;
                let (user, token) = (Some(user), Some(token));
                return Ok(Self { user, key, pinned: None, has_key: false, token, is_withheld });
            }
        }
        let pin = jar.get(PIN).and_then(|cookie| app.pins.open(cookie.value()));
        let has_key = pin.is_some();
        let (key, pinned) = pin.unwrap_or_else(|| (RaterKey::generate(), None));
        Ok(Self { user: None, key, pinned, has_key, token: None, is_withheld: false })
    }

    fn leave_name(&self, extensions: &Extensions) {
        if let Some(user) = &self.user {
            RequestUser::found(extensions, user.id, self.is_withheld);
        }
    }

    /// Refuses what the user's sanctions forbid.
    async fn admit(&self, app: &App, parts: &Parts) -> Result<(), Error> {
        match &self.user {
            Some(user) => acts::admit(app, parts, user).await,
            None => Ok(()),
        }
    }

    /// A visitor without any cookie.
    #[must_use]
    pub fn nobody() -> Self {
        let key = RaterKey::generate();
        Self { user: None, key, pinned: None, has_key: false, token: None, is_withheld: false }
    }

    /// The user's id, or an id that no row has.
    #[must_use]
    pub fn id(&self) -> UserId {
        self.user.as_ref().map_or(UserId(0), |user| user.id)
    }

    /// The registered user.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for everybody else.
    pub fn member(&self) -> Result<&User, Error> {
        self.user
            .as_ref()
            .filter(|user| !user.anonymous())
            .ok_or(Error::Forbidden("Log in or register to do that."))
    }

    /// The registered user, whose address is verified if the site wants that for this.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without an account, [`Error::Unverified`] otherwise.
    pub fn verified(&self, app: &App, what: Gated) -> Result<&User, Error> {
        let member = self.member()?;
        if member.verified || !app.config.security.verified_only.contains(&what) {
            Ok(member)
        } else {
            Err(Error::Unverified(what))
        }
    }

    /// The visitor, who has the key of a first ballot if the site didn't know them before.
    #[must_use]
    pub fn with_first(self, app: &App, ballot: &str) -> Self {
        match app.ballots.peek_first(ballot, Utc::now()) {
            Some(first) if self.user.is_none() && !self.has_key => {
                Self { key: first.rater, pinned: Some(first.photo), has_key: true, ..self }
            }
            _ => self,
        }
    }

    /// Whether the visitor may moderate.
    #[must_use]
    pub fn moderates(&self) -> bool {
        self.user.as_ref().is_some_and(|user| user.role.moderates())
    }

    /// The actor for the audit log; `None` without a user.
    #[must_use]
    pub fn actor(&self) -> Option<Actor<'_>> {
        self.user.as_ref().map(User::actor)
    }

    /// Gives a visitor without a user a new key if theirs is used up. Call this before issuing a ballot.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew_key(&mut self, app: &App) -> Result<(), Error> {
        if self.user.is_none() && queries::is_spent(&mut *app.db.acquire().await?, self.key).await? {
            (self.key, self.pinned, self.has_key) = (RaterKey::generate(), None, false);
        }
        Ok(())
    }

    /// Finds the visitor again after [`Error::SessionEnded`]. They may have logged in to an account in another tab, so
    /// that their act can be repeated for that account.
    ///
    /// # Errors
    /// [`Error::SessionEnded`] if there is no such account, or a sanction restricts it.
    pub async fn find_again(&self, app: &App) -> Result<Self, Error> {
        let account = queries::find_merged(&mut *app.db.acquire().await?, self.id()).await?;
        let account = account.filter(|account| !account.standing.is_restricted());
        let mut account = account.ok_or(Error::SessionEnded)?;
        let is_withheld = withhold(app, &mut account).await?;
        // Keep the key, so that ballots issued before the login stay valid.
        Ok(Self { user: Some(account), token: None, is_withheld, ..self.clone() })
    }

    /// The visitor's user, created if there is none, for acts that must be remembered. Set the returned cookie after
    /// the transaction has committed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remember(
        &self,
        app: &App,
        client: Client,
        db: &mut PgConnection,
    ) -> Result<(UserId, Option<Cookie<'static>>), Error> {
        if let Some(user) = &self.user {
            return Ok((user.id, None));
        }
        let user = queries::insert_anonymous(db, self.key, client.network(&app.pins)).await?;
        if let Some(photo) = self.pinned {
            serving::adopt(db, user, photo).await?;
        }
        let token = sessions::open(db, user).await?;
        Ok((user, Some(session_cookie(app, &token))))
    }
}

/// A visitor on a page, with the layout around the page.
#[derive(Clone, Debug)]
pub struct Viewing {
    /// The visitor.
    pub visitor: Visitor,
    /// The layout around the page.
    pub chrome: Chrome,
}

impl FromRequestParts<App> for Viewing {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Error> {
        let jar = CookieJar::from_headers(&parts.headers);
        let uri = parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |original| &original.0);
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let origin = Client::named(app, &parts.extensions, &parts.headers).origin();
        let viewing = Self::find_from(app, &jar, path, Some(origin)).await?;
        viewing.visitor.leave_name(&parts.extensions);
        viewing.visitor.admit(app, parts).await?;
        Ok(viewing)
    }
}

impl Viewing {
    /// The visitor with these cookies, on the page at `path`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(app: &App, jar: &CookieJar, path: String) -> Result<Self, Error> {
        Self::find_from(app, jar, path, None).await
    }

    async fn find_from(
        app: &App,
        jar: &CookieJar,
        path: String,
        origin: Option<Origin>,
    ) -> Result<Self, Error> {
        let visitor = Visitor::find(app, jar, origin).await?;
        let chrome = Chrome {
            viewer: viewer(app, &visitor).await?,
            hubs: own_hubs(app, &visitor).await?,
            bell: bell(app, &visitor).await?,
            cases: open_cases(app, &visitor).await?,
            silence: silence(app, &visitor).await?,
            theme: theme(jar),
            flash: flash::read(&app.pins, jar),
            path,
            demo: app.config.demo.mailbox.is_some(),
            is_baked: false,
        };
        Ok(Self { visitor, chrome })
    }
}

async fn viewer(app: &App, visitor: &Visitor) -> Result<Viewer, Error> {
    Ok(match &visitor.user {
        None => Viewer::Nobody,
        Some(User { name: Some(name), role, .. }) => {
            Viewer::Member { name: name.clone(), moderates: role.moderates() }
        }
        Some(user) => {
            let activity = queries::count_activity(&mut *app.db.acquire().await?, user.id).await?;
            Viewer::Anonymous { ratings: activity.ratings_cast }
        }
    })
}

/// The hubs in the bar below the header; none for anonymous visitors.
async fn own_hubs(app: &App, visitor: &Visitor) -> Result<Vec<HubLink>, Error> {
    let Ok(member) = visitor.member() else { return Ok(Vec::new()) };
    let hubs = bookmarks::list_bookmarks(&mut *app.db.acquire().await?, member.id).await?;
    Ok(hubs.into_iter().map(|hub| HubLink { name: hub.name, path: format!("/h/{}", hub.slug) }).collect())
}

/// The notifications in the header; only for members.
async fn bell(app: &App, visitor: &Visitor) -> Result<Option<Bell>, Error> {
    let Ok(member) = visitor.member() else { return Ok(None) };
    let unread = notifications::count_unread(&mut *app.db.acquire().await?, member.id).await?;
    Ok(Some(Bell { user: member.id.0, unread }))
}

/// How many cases wait; only for moderators.
async fn open_cases(app: &App, visitor: &Visitor) -> Result<Option<i64>, Error> {
    if !visitor.moderates() {
        return Ok(None);
    }
    Ok(Some(queue::count_open(&mut *app.db.acquire().await?).await?))
}

/// What a silenced member, or one who was warned lately, is told on every page.
async fn silence(app: &App, visitor: &Visitor) -> Result<Option<Silence>, Error> {
    let Some(user) = visitor.user.as_ref().filter(|user| user.standing != Standing::Good) else {
        return Ok(None);
    };
    let found = list::to_show(&mut *app.db.acquire().await?, user.id).await?;
    Ok(found.map(|sanction| Silence { text: sanction.sentence(), path: app.appeal_links.path(sanction.id) }))
}

/// The visitor's colour theme.
#[must_use]
pub fn theme(jar: &CookieJar) -> Theme {
    jar.get(THEME).map_or(Theme::Auto, |cookie| Theme::from_cookie(cookie.value()))
}

/// The cookie of a new session.
#[must_use]
pub fn session_cookie(app: &App, token: &Token) -> Cookie<'static> {
    lasting(app, SESSION, token.expose().to_owned())
}

/// Removes all cookies that identify the visitor.
pub fn without_session(app: &App, jar: CookieJar) -> CookieJar {
    [SESSION, PIN]
        .into_iter()
        .fold(jar, |jar, name| jar.remove(Cookie::build(name).path("/").secure(app.secure())))
}

/// The cookie that keeps a photo on the page of a visitor without a user.
#[must_use]
pub fn pin_cookie(app: &App, key: RaterKey, photo: Option<PhotoId>) -> Cookie<'static> {
    lasting(app, PIN, app.pins.seal(key, photo))
}

/// The cookie of a theme. `theme.js` also writes it, so scripts may.
#[must_use]
pub fn theme_cookie(app: &App, theme: Theme) -> Cookie<'static> {
    let mut cookie = lasting(app, THEME, theme.name().to_owned());
    cookie.set_http_only(false);
    cookie
}

/// A cookie that the browser keeps for a year.
pub(super) fn lasting(app: &App, name: &'static str, value: String) -> Cookie<'static> {
    Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .secure(app.secure())
        .same_site(SameSite::Lax)
        .max_age(time::Duration::days(YEAR))
        .build()
}
