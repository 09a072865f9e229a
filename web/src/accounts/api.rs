//! Accounts through the API.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use pawdium_shared::accounts::{Name, RaterKey, User, queries, sessions, tokens};
use pawdium_shared::hubs::about;
use pawdium_shared::photos::avatars;
use pawdium_shared::{hubs, photos, talks};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::factors::confirm::prove_by_call;
use super::login::Credentials;
use super::register::Registration;
use super::{changes, login, register, reset};
use crate::api::caller::{Caller, Credential};
use crate::api::shapes::{ErrorShape, PhotoShape};
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::{Json, Path};
use crate::http::limits::{self, Limited};
use crate::http::visitor::Visitor;
use crate::photos::present::media_path;
use crate::state::App;

/// The body of a registration.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RegisterBody {
    /// Where the verification mail goes.
    #[serde(default)]
    pub email: String,
    /// 8 to 200 characters.
    #[serde(default)]
    pub password: String,
    /// 2 to 30 letters, digits, - and _.
    #[serde(default)]
    pub name: String,
}

/// A user and its token.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnteredShape {
    /// The user's id.
    pub id: i64,
    /// The public name; null while anonymous.
    pub name: Option<String>,
    /// Whether the user is anonymous.
    pub anonymous: bool,
    /// For `Authorization: Bearer`.
    pub access_token: String,
    /// register or login.
    pub action: &'static str,
    /// The talks that the user votes for; only after logging in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub votes: Option<Vec<i64>>,
}

/// The caller's own account.
#[derive(Debug, Serialize, ToSchema)]
pub struct MeShape {
    /// The user's id.
    pub id: i64,
    /// The public name; null while anonymous.
    pub name: Option<String>,
    /// The e-mail address; null while anonymous.
    pub email: Option<String>,
    /// Whether the user is anonymous.
    pub anonymous: bool,
    /// Whether the e-mail address is verified.
    pub verified: bool,
    /// member, moderator or admin; through an API token, at most what its scopes allow.
    #[schema(value_type = String)]
    pub role: pawdium_shared::accounts::Role,
    /// What others read about the user; empty if nothing.
    pub about: String,
    /// The portrait, a JPEG; null if there is none.
    pub avatar: Option<String>,
    /// When the user was created.
    pub created_at: DateTime<Utc>,
    /// How many photos the user has rated.
    pub ratings_cast: i64,
    /// How many of the user's photos are live.
    pub photos: i64,
}

/// A public profile.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProfileShape {
    /// The user's id.
    pub id: i64,
    /// The public name.
    pub name: String,
    /// What the user says about themselves; empty if nothing.
    pub about: String,
    /// The portrait, a JPEG; null if there is none.
    pub avatar: Option<String>,
    /// When the user was created.
    pub created_at: DateTime<Utc>,
    /// How many photos the user has rated.
    pub ratings_cast: i64,
    /// The live photos, newest first.
    pub photos: Vec<PhotoShape>,
}

/// The changes. Fields that are left out keep their values.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateBody {
    /// A new e-mail address; requires the current password.
    pub email: Option<String>,
    /// A new password; requires the current password.
    pub password: Option<String>,
    /// A new public name.
    pub name: Option<String>,
    /// What others read about the user: at most 200 characters of plain text.
    pub about: Option<String>,
    /// The current password.
    pub current_password: Option<String>,
    /// A code of the authenticator app, or a recovery code: for a new address or password of an account with a second
    /// factor, unless one was shown with this token within ten minutes.
    pub code: Option<String>,
}

/// What confirms the request.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordBody {
    /// The current password.
    #[serde(default)]
    pub password: String,
    /// A code of the authenticator app, or a recovery code: for an account with a second factor, unless one was shown
    /// with this token within ten minutes.
    #[serde(default)]
    pub code: Option<String>,
}

/// The body of a login.
#[derive(Debug, Deserialize, ToSchema)]
pub struct LoginBody {
    /// The address.
    pub email: String,
    /// The password.
    pub password: String,
    /// A code of the authenticator app, or a recovery code, for an account with a second factor.
    #[serde(default)]
    pub code: Option<String>,
}

/// Whom to send a reset mail.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ResetBody {
    /// The address.
    pub email: String,
}

/// Registers a user, or creates an anonymous one if there is no body. An anonymous caller who registers keeps the id.
#[utoipa::path(post, path = "/users", tag = "users", security((), ("token" = [])),
    request_body(content = Option<RegisterBody>), responses(
    (status = 201, description = "The user and a token", body = EnteredShape),
    (status = 400, description = "A field is invalid", body = ErrorShape),
    (status = 409, description = "The name or the address is taken", body = ErrorShape),
    (status = 429, description = "Too many registrations", body = ErrorShape),
))]
pub async fn create_user(
    State(app): State<App>,
    caller: Option<Caller>,
    client: Client,
    body: Bytes,
) -> Result<(StatusCode, axum::Json<EnteredShape>), Error> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return create_anonymous(&app, client).await;
    }
    let axum::Json(body) = axum::Json::<RegisterBody>::from_bytes(&body)?;
    let wanted = Registration { name: &body.name, email: &body.email, password: &body.password };
    let visitor = caller.as_ref().map_or_else(Visitor::nobody, Caller::visitor);
    let (id, token) = register::create(&app, client, &visitor, visitor.token.as_ref(), wanted).await?;
    let shape = EnteredShape {
        id: id.0,
        name: Some(body.name.trim().to_owned()),
        anonymous: false,
        access_token: token.expose().to_owned(),
        action: "register",
        votes: None,
    };
    Ok((StatusCode::CREATED, axum::Json(shape)))
}

async fn create_anonymous(
    app: &App,
    client: Client,
) -> Result<(StatusCode, axum::Json<EnteredShape>), Error> {
    limits::count(app, Limited::Anonymous, client.counted()).await?;
    let mut tx = app.db.begin().await?;
    let user = queries::insert_anonymous(&mut tx, RaterKey::generate(), client.network(&app.pins)).await?;
    let token = sessions::open(&mut tx, user).await?;
    tx.commit().await?;
    let shape = EnteredShape {
        id: user.0,
        name: None,
        anonymous: true,
        access_token: token.expose().to_owned(),
        action: "register",
        votes: None,
    };
    Ok((StatusCode::CREATED, axum::Json(shape)))
}

/// The caller's own account.
#[utoipa::path(get, path = "/users/me", tag = "users", security(("token" = ["read"])), responses(
    (status = 200, description = "The account", body = MeShape),
    (status = 401, description = "No valid token", body = ErrorShape),
))]
pub async fn me(State(app): State<App>, caller: Caller) -> Result<axum::Json<MeShape>, Error> {
    show_me(&app, caller.user).await
}

/// Changes the caller's account: all given fields or none.
#[utoipa::path(patch, path = "/users/me", tag = "users", security(("token" = [])), request_body = UpdateBody, responses(
    (status = 200, description = "The account as it is now", body = MeShape),
    (status = 400, description = "A field is invalid, or the current password is wrong", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "The caller is not registered; with the field `code`, the account has a second factor, \
        and the code is missing or wrong", body = ErrorShape),
    (status = 409, description = "The name or the address is taken", body = ErrorShape),
))]
pub async fn update_me(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    Json(body): Json<UpdateBody>,
) -> Result<axum::Json<MeShape>, Error> {
    let changes = changes::Changes {
        name: body.name.as_deref(),
        email: body.email.as_deref(),
        password: body.password.as_deref(),
        about: body.about.as_deref(),
        current_password: body.current_password.as_deref().unwrap_or_default(),
    };
    let visitor = caller.visitor();
    if changes.email.is_some() || changes.password.is_some() {
        visitor.member()?;
        prove_by_call(&app, &visitor, client, body.code.as_deref()).await?;
    }
    changes::update(&app, &visitor, client, changes).await?;
    let user = queries::find(&mut *app.db.acquire().await?, caller.user.id).await?;
    let user = user.ok_or(Error::SessionEnded)?;
    show_me(&app, user).await
}

/// Deletes the caller's account with its photos and ratings.
#[utoipa::path(delete, path = "/users/me", tag = "users",
    security(("token" = [])), request_body = PasswordBody, responses(
    (status = 204, description = "Gone"),
    (status = 400, description = "The password is wrong, or the body malformed", body = ErrorShape),
    (status = 401, description = "No valid token", body = ErrorShape),
    (status = 403, description = "With the field `code`: the account has a second factor, and the code is missing or \
        wrong", body = ErrorShape),
))]
pub async fn delete_me(
    State(app): State<App>,
    caller: Caller,
    client: Client,
    body: Bytes,
) -> Result<StatusCode, Error> {
    // Anonymous users have no password, and send nothing.
    let body = if body.iter().all(u8::is_ascii_whitespace) {
        PasswordBody::default()
    } else {
        axum::Json::<PasswordBody>::from_bytes(&body)?.0
    };
    let visitor = caller.visitor();
    prove_by_call(&app, &visitor, client, body.code.as_deref()).await?;
    changes::remove(&app, &visitor, client, &body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A public profile.
#[utoipa::path(get, path = "/users/{name}", tag = "users",
    params(("name" = String, Path, description = "The public name")), responses(
    (status = 200, description = "The profile", body = ProfileShape),
    (status = 404, description = "Nobody has that name", body = ErrorShape),
))]
pub async fn show_user(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<axum::Json<ProfileShape>, Error> {
    let name = Name::new(&name).map_err(|_| Error::NotFound)?;
    let mut db = app.db.acquire().await?;
    // A sanction may hide the profile.
    hubs::queries::find_profile(&mut db, name.as_str()).await?.ok_or(Error::NotFound)?;
    let user = queries::find_by_name(&mut db, name.as_str()).await?.ok_or(Error::NotFound)?;
    let activity = queries::count_activity(&mut db, user.id).await?;
    let photos = photos::queries::list_by_owner(&mut db, user.id, false).await?;
    let avatar = avatars::find_key(&mut db, user.id).await?;
    Ok(axum::Json(ProfileShape {
        about: about::find(&mut db, user.id).await?,
        avatar: avatar.map(|key| app.url(&media_path(&key))),
        id: user.id.0,
        name: user.name.unwrap_or_default(),
        created_at: user.created_at,
        ratings_cast: activity.ratings_cast,
        photos: photos.into_iter().map(|photo| PhotoShape::of(&app, photo)).collect(),
    }))
}

/// Logs in. The account takes over the photos and ratings of an anonymous caller. An account with a second factor also
/// needs a `code`: of its authenticator app, or a recovery code.
#[utoipa::path(post, path = "/tokens", tag = "tokens",
    security((), ("token" = [])), request_body = LoginBody, responses(
    (status = 201, description = "The user and a token", body = EnteredShape),
    (status = 400, description = "A field is missing", body = ErrorShape),
    (status = 403, description = "Wrong password or unknown address; with the field `code`, the account has a second \
        factor and the code is missing or wrong", body = ErrorShape),
    (status = 429, description = "Too many attempts", body = ErrorShape),
))]
pub async fn create_token(
    State(app): State<App>,
    caller: Option<Caller>,
    client: Client,
    Json(body): Json<LoginBody>,
) -> Result<(StatusCode, axum::Json<EnteredShape>), Error> {
    let visitor = caller.as_ref().map_or_else(Visitor::nobody, Caller::visitor);
    let LoginBody { email, password, code } = &body;
    let credentials = Credentials { email, password, code: code.as_deref() };
    let (user, token) = login::enter(&app, client, &visitor, credentials).await?;
    let votes = talks::queries::list_votes(&mut *app.db.acquire().await?, user.id).await?;
    let shape = EnteredShape {
        id: user.id.0,
        name: user.name,
        anonymous: false,
        access_token: token.expose().to_owned(),
        action: "login",
        votes: Some(votes.into_iter().map(|talk| talk.0).collect()),
    };
    Ok((StatusCode::CREATED, axum::Json(shape)))
}

/// Logs out, or ends the API token that is sent.
#[utoipa::path(delete, path = "/tokens/current", tag = "tokens",
    security(("token" = ["read"]), ("token" = ["rate"]), ("token" = ["submit"]), ("token" = ["moderate"])), responses(
    (status = 204, description = "Gone"),
    (status = 401, description = "No valid token", body = ErrorShape),
))]
pub async fn delete_token(State(app): State<App>, caller: Caller) -> Result<StatusCode, Error> {
    let mut tx = app.db.begin().await?;
    match &caller.credential {
        Credential::Session(token) => sessions::log_out(&mut tx, caller.user.id, token).await?,
        Credential::ApiToken(token) => {
            tokens::end(&mut tx, caller.user.id, *token).await?;
        }
    }
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a link to choose a new password, if an account has that address.
#[utoipa::path(post, path = "/password-resets", tag = "tokens", request_body = ResetBody, responses(
    (status = 202, description = "Always, whether an account has the address or not"),
    (status = 400, description = "Not an e-mail address", body = ErrorShape),
    (status = 429, description = "Too many requests", body = ErrorShape),
))]
pub async fn request_reset(
    State(app): State<App>,
    client: Client,
    Json(body): Json<ResetBody>,
) -> Result<StatusCode, Error> {
    reset::request(&app, client, &body.email).await?;
    Ok(StatusCode::ACCEPTED)
}

async fn show_me(app: &App, user: User) -> Result<axum::Json<MeShape>, Error> {
    let mut db = app.db.acquire().await?;
    let activity = queries::count_activity(&mut db, user.id).await?;
    let avatar = avatars::find_key(&mut db, user.id).await?;
    Ok(axum::Json(MeShape {
        about: about::find(&mut db, user.id).await?,
        avatar: avatar.map(|key| app.url(&media_path(&key))),
        id: user.id.0,
        anonymous: user.anonymous(),
        name: user.name,
        email: user.email,
        verified: user.verified,
        role: user.role,
        created_at: user.created_at,
        ratings_cast: activity.ratings_cast,
        photos: activity.photos,
    }))
}
