//! `pawdium user sessions` and `pawdium user end-sessions`

use anyhow::Result;
use chrono::{DateTime, Utc};
use pawdium_shared::accounts::origin::UNKNOWN;
use pawdium_shared::accounts::sessions::{self, Session};
use pawdium_shared::accounts::tokens::{self, ApiToken};
use pawdium_shared::accounts::{Prefix, User, proof};
use pawdium_shared::audit::{self, Action, Actor};
use pawdium_shared::db::Db;
use pawdium_shared::security::{self, Grant};
use serde::Serialize;
use serde_json::json;

use super::say::say;
use super::table::{instant, table};

/// Where an account is logged in, and the tokens of its programs.
#[derive(Debug, Serialize)]
struct Found {
    sessions: Vec<FoundSession>,
    tokens: Vec<FoundToken>,
}

#[derive(Debug, Serialize)]
struct FoundSession {
    id: i64,
    device: String,
    place: Option<String>,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
}

#[derive(Debug, Serialize)]
struct FoundToken {
    id: i64,
    name: String,
    scopes: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

impl From<Session> for FoundSession {
    fn from(session: Session) -> Self {
        let place = session.prefix.and_then(|prefix| prefix.parse::<Prefix>().ok());
        Self {
            id: session.id.0,
            device: session.agent.unwrap_or_else(|| UNKNOWN.to_owned()),
            place: place.map(Prefix::words),
            created_at: session.created_at,
            last_used_at: session.last_used_at,
        }
    }
}

impl From<ApiToken> for FoundToken {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id.0,
            name: token.name,
            scopes: token.scopes.to_string(),
            created_at: token.created_at,
            last_used_at: token.last_used_at,
        }
    }
}

/// Prints an account's sessions and API tokens.
pub(super) async fn list(db: &Db, user: &User, json: bool) -> Result<()> {
    let mut db = db.acquire().await?;
    let found = Found {
        sessions: sessions::list(&mut db, user.id, None).await?.into_iter().map(FoundSession::from).collect(),
        tokens: tokens::list(&mut db, user.id).await?.into_iter().map(FoundToken::from).collect(),
    };
    say(json, &found, &in_words(&found))
}

fn in_words(found: &Found) -> String {
    let sessions: Vec<_> = found
        .sessions
        .iter()
        .map(|session| {
            let place = session.place.clone().unwrap_or_else(|| "-".to_owned());
            let used = instant(session.last_used_at);
            [session.id.to_string(), used, instant(session.created_at), place, session.device.clone()]
        })
        .collect();
    let tokens: Vec<_> = found
        .tokens
        .iter()
        .map(|token| {
            let used = token.last_used_at.map_or_else(|| "never".to_owned(), instant);
            [token.id.to_string(), used, instant(token.created_at), token.scopes.clone(), token.name.clone()]
        })
        .collect();
    let mut parts = Vec::new();
    if !sessions.is_empty() {
        parts.push(table(["SESSION", "LAST USED", "SINCE", "FROM", "DEVICE"], &sessions));
    }
    if !tokens.is_empty() {
        parts.push(table(["TOKEN", "LAST USED", "SINCE", "SCOPES", "NAME"], &tokens));
    }
    if parts.is_empty() {
        return "No sessions and no API tokens.".to_owned();
    }
    parts.join("\n").trim_end().to_owned()
}

/// Ends all of an account's sessions, and its API tokens if `with_tokens`. Returns what was done, in words.
pub(super) async fn end(db: &Db, operator: &str, user: &User, with_tokens: bool) -> Result<String> {
    let mut tx = db.begin().await?;
    proof::lock(&mut tx, &[user.id]).await?;
    let sessions = sessions::end_others(&mut tx, user.id, None).await?;
    let tokens = if with_tokens { tokens::end_all(&mut tx, user.id).await? } else { 0 };
    let detail = json!({"user": user.name, "sessions": sessions, "tokens": tokens});
    audit::record(&mut tx, Actor::Operator(operator), Action::EndSessions, &detail).await?;
    tx.commit().await?;
    security::note_operator(operator, Grant::SessionsEnded, user.id);
    let ended =
        format!("Ended {} of {}", counted(sessions, "session"), user.name.as_deref().unwrap_or_default());
    Ok(if with_tokens {
        format!("{ended}, and {}.", counted(tokens, "API token"))
    } else {
        format!("{ended}.")
    })
}

fn counted(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
