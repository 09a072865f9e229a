//! A silenced member, and a suspended one who has appealed.

use anyhow::{Context as _, Result, bail, ensure};
use chrono::{TimeDelta, Utc};
use pawdium_shared::accounts::{User, queries};
use pawdium_shared::audit::Actor;
use pawdium_shared::db::Db;
use pawdium_shared::moderation::blocked::Reason;
use pawdium_shared::moderation::sanctions::appeals::{self, AppealText};
use pawdium_shared::moderation::sanctions::{self, Content, NewSanction, Refusal, SanctionKind, Terms, list};

use super::client::Client;
use super::people::enter;
use crate::logins::Login;

/// Who is sanctioned, how, for how many days, and why.
const SANCTIONED: [(Login, SanctionKind, i64, &str); 2] = [
    (
        Login { name: "vex", email: "vex@pawdium.example", is_admin: false },
        SanctionKind::Silence,
        14,
        "The same advertisement below nine photos.",
    ),
    (
        Login { name: "zed", email: "zed@pawdium.example", is_admin: false },
        SanctionKind::Suspend,
        30,
        "Three photos of other people's cats, after a warning.",
    ),
];

/// What the second says against it.
const APPEAL: &str = "Two of the three are my sister's cats, and she asked me to submit them. The third was a mistake. \
                      May I come back?";

/// Registers and sanctions them as the moderator of this name, unless that has been done.
pub(super) async fn fill(client: &Client, db: &Db, moderator: &str) -> Result<()> {
    for (login, kind, days, reason) in SANCTIONED {
        let known = queries::find_by_name(&mut *db.acquire().await?, login.name).await?;
        let user = match known {
            Some(user) => user,
            None => register(client, db, login).await?,
        };
        if !list::of_user(&mut *db.acquire().await?, user.id).await?.is_empty() {
            continue;
        }
        let now = Utc::now();
        let terms = Terms::new(kind, Content::Keep, Some(now + TimeDelta::days(days)), now)?;
        let reason = Reason::new(reason).map_err(anyhow::Error::msg)?;
        let mut tx = db.begin().await?;
        let found = queries::find_by_name(&mut tx, moderator).await?;
        ensure!(found.is_some(), "{moderator} is not registered");
        let actor = found.as_ref().map_or(Actor::Program("seed"), User::actor);
        let sanction =
            sanctions::impose(&mut tx, actor, &NewSanction { user: user.id, terms, reason, case: None })
                .await?;
        if kind == SanctionKind::Suspend {
            match appeals::make(&mut tx, user.id, sanction, &AppealText::new(APPEAL)?).await {
                Ok(()) | Err(Refusal::Appealed) => {}
                Err(refusal) => bail!(refusal),
            }
        }
        tx.commit().await?;
    }
    Ok(())
}

async fn register(client: &Client, db: &Db, login: Login) -> Result<User> {
    enter(client, login).await.with_context(|| format!("registering {}", login.name))?;
    let user = queries::find_by_name(&mut *db.acquire().await?, login.name).await?;
    user.with_context(|| format!("{} is not registered", login.name))
}
