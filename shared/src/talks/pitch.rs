//! Pitching talks, editing them, taking them back, and what owners do to them. A change commits with its events.

use serde_json::json;
use sqlx::PgConnection;

use super::fields::{Description, Reason, TalkTitle};
use super::hiding::HiddenBy;
use super::locks;
use super::phase::Phase;
use super::queries::find_talk;
use super::refusal::Refusal;
use super::results;
use super::types::{Call, Talk, TalkState};
use crate::accounts::User;
use crate::acts::{self, Done, Kind, Thing};
use crate::audit::{self, Action, Actor};
use crate::db::{Tx, violates};
use crate::events::Event;
use crate::hubs;
use crate::ids::{ActId, CallId, HubId, PhotoId, TalkId, UserId};

/// The unique index that is violated if an author pitches the same title twice.
const TITLE_KEY: &str = "talks_title_key";

/// The most talks of one author in a call.
const MOST: i64 = 20;

/// A talk to pitch.
#[derive(Clone, Debug)]
pub struct NewTalk {
    /// What it is called.
    pub title: TalkTitle,
    /// What it is about.
    pub description: Description,
    /// One of the author's live photos.
    pub photo: Option<PhotoId>,
}

/// Pitches a talk for a member of the hub, in the phase of pitching. In a moderated call it waits for an owner.
///
/// # Errors
/// [`Refusal::NotPitching`], [`Refusal::NotMember`], [`Refusal::Archived`], [`Refusal::SameTitle`],
/// [`Refusal::TooManyTalks`] and [`Refusal::NoPhoto`].
pub async fn pitch(db: &mut Tx, call: CallId, author: UserId, new: &NewTalk) -> Result<TalkId, Refusal> {
    let hub = locks::hub_of(db, call).await?;
    let call = enter(db, hub, call, author, new.photo).await?;
    if hubs::membership(db, hub, author).await?.is_none() {
        return Err(Refusal::NotMember);
    }
    if count_of(db, call.id, author).await? >= MOST {
        return Err(Refusal::TooManyTalks);
    }
    let state = if call.moderated { TalkState::Waiting } else { TalkState::Shown };
    let talk = sqlx::query_scalar!(
        r#"insert into talks (call_id, author_id, title, title_key, description, photo_id, state)
           select id, $2, $3, $4, $5, $6, $7 from calls where id = $1 and call_phase(calls) = 'pitch'
           returning id as "id: TalkId""#,
        call.id.0,
        author.0,
        new.title.as_str(),
        new.title.key(),
        new.description.as_str(),
        new.photo.map(|photo| photo.0),
        state.name(),
    )
    .fetch_optional(&mut *db)
    .await
    .map_err(same_title)?
    .ok_or(Refusal::NotPitching(call.phase))?;
    keep_revision(db, talk).await?;
    Event::TalkChanged { talk, call: call.id, hub }.record(db).await?;
    Ok(talk)
}

/// Changes of a talk. `None` keeps a value; the inner `None` removes the photo.
#[derive(Clone, Debug, Default)]
pub struct TalkChange {
    /// What it is called.
    pub title: Option<TalkTitle>,
    /// What it is about.
    pub description: Option<Description>,
    /// One of the author's live photos.
    pub photo: Option<Option<PhotoId>>,
}

/// Edits a talk for its author, until voting begins. In a moderated call it waits for an owner again. Each text is
/// kept.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::NotOwn`], [`Refusal::TooLate`], [`Refusal::Archived`], [`Refusal::SameTitle`] and
/// [`Refusal::NoPhoto`].
pub async fn edit(db: &mut Tx, talk: TalkId, author: UserId, change: &TalkChange) -> Result<Talk, Refusal> {
    let own = lock_own(db, talk, author, change.photo.flatten()).await?;
    let edited = sqlx::query!(
        "update talks
         set title = coalesce($2, talks.title), title_key = coalesce($3, title_key),
             description = coalesce($4, description), photo_id = case when $5 then $6 else photo_id end,
             state = case when moderated then 'waiting' else state end,
             revision = revision + 1, updated_at = now()
         from calls
         where talks.id = $1 and calls.id = call_id and call_phase(calls) = 'pitch' and state in ('waiting', 'shown')
           and (talks.title, description, photo_id) is distinct from
               (coalesce($2, talks.title), coalesce($4, description), case when $5 then $6 else photo_id end)",
        talk.0,
        change.title.as_ref().map(TalkTitle::as_str),
        change.title.as_ref().map(TalkTitle::key),
        change.description.as_ref().map(Description::as_str),
        change.photo.is_some(),
        change.photo.flatten().map(|photo| photo.0),
    )
    .execute(&mut *db)
    .await
    .map_err(same_title)?;
    if edited.rows_affected() > 0 {
        keep_revision(db, talk).await?;
        Event::TalkChanged { talk, call: own.call, hub: own.hub }.record(db).await?;
    } else {
        require_pitching(db, own.call).await?;
    }
    find_talk(db, talk).await?.ok_or(Refusal::Gone)
}

/// Takes a talk back for its author, until voting begins. Twice is once.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::NotOwn`], [`Refusal::TooLate`] and [`Refusal::Archived`].
pub async fn withdraw(db: &mut Tx, talk: TalkId, author: UserId) -> Result<(), Refusal> {
    let own = lock_own(db, talk, author, None).await?;
    let withdrawn = sqlx::query!(
        "update talks set state = 'withdrawn', updated_at = now() from calls
         where talks.id = $1 and calls.id = call_id and call_phase(calls) = 'pitch' and state <> 'withdrawn'",
        talk.0,
    )
    .execute(&mut *db)
    .await?;
    if withdrawn.rows_affected() == 0 {
        return require_pitching(db, own.call).await;
    }
    Ok(Event::TalkChanged { talk, call: own.call, hub: own.hub }.record(db).await?)
}

/// Shows a talk that waits or was hidden, for an owner of the hub or a moderator of the site. What the site has hidden
/// is for its moderators, and what a sanction hides for nobody. The audit log records it if it was hidden.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::NotOwner`], [`Refusal::Archived`], [`Refusal::HiddenBySite`] and
/// [`Refusal::HiddenBySanction`].
pub async fn approve(db: &mut Tx, talk: TalkId, actor: &User) -> Result<(), Refusal> {
    let found = lock_as_owner(db, talk, actor).await?;
    if !matches!(found.state, TalkState::Waiting | TalkState::Hidden) {
        return Ok(());
    }
    HiddenBy::find(db, &found).await?.permits(actor, &found)?;
    set_state(db, &found, TalkState::Shown).await?;
    sqlx::query!(
        "update talk_revisions set was_shown = true where talk_id = $1 and revision = $2 and not was_shown",
        talk.0,
        found.revision,
    )
    .execute(&mut **db)
    .await?;
    if found.state == TalkState::Hidden {
        let detail = json!({ "talk": talk, "call": found.call, "title": found.title });
        audit::record(db, actor.actor(), Action::ShowTalk, &detail).await?;
        acts::close(db, Thing::Talk(talk), actor.actor()).await?;
    }
    Ok(())
}

/// Takes a talk from everybody's sight, for an owner of the hub or a moderator of the site. Its votes don't count while
/// it is hidden. The audit log records it with the reason.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::NotOwner`] and [`Refusal::Archived`].
pub async fn hide(db: &mut Tx, talk: TalkId, actor: &User, reason: &Reason) -> Result<(), Refusal> {
    let found = lock_as_owner(db, talk, actor).await?;
    if !matches!(found.state, TalkState::Waiting | TalkState::Shown) {
        return Ok(());
    }
    if actor.role.moderates() {
        withhold(db, &found, actor.actor(), reason.as_str()).await?;
        return Ok(());
    }
    set_state(db, &found, TalkState::Hidden).await?;
    let detail = json!({ "talk": talk, "call": found.call, "title": found.title, "reason": reason.as_str() });
    Ok(audit::record(db, actor.actor(), Action::HideTalk, &detail).await?)
}

/// Takes a talk from everybody's sight for the site's moderation. `None` if nobody sees it anyway.
///
/// # Errors
/// [`Refusal::Gone`].
pub async fn hide_for_site(
    db: &mut Tx,
    talk: TalkId,
    actor: Actor<'_>,
    reason: &str,
) -> Result<Option<ActId>, Refusal> {
    let found = lock_for_site(db, talk, actor).await?;
    if !matches!(found.state, TalkState::Waiting | TalkState::Shown) {
        return Ok(None);
    }
    withhold(db, &found, actor, reason).await.map(Some)
}

async fn withhold(db: &mut Tx, talk: &Talk, actor: Actor<'_>, reason: &str) -> Result<ActId, Refusal> {
    set_state(db, talk, TalkState::Hidden).await?;
    let done = Done {
        kind: Kind::HideTalk,
        thing: Thing::Talk(talk.id),
        author: talk.author,
        about: &talk.title,
        reason: Some(reason),
        before: json!({ "state": talk.state.name() }),
        detail: json!({ "talk": talk.id, "call": talk.call, "title": talk.title }),
    };
    Ok(acts::record(db, actor, done).await?)
}

/// Puts a talk back that a moderator has hidden: it waits or is shown, as before. Returns false if it isn't hidden.
///
/// # Errors
/// [`Refusal::Gone`].
pub async fn put_back(
    db: &mut Tx,
    talk: TalkId,
    actor: Actor<'_>,
    was_waiting: bool,
) -> Result<bool, Refusal> {
    let found = lock_for_site(db, talk, actor).await?;
    if found.state != TalkState::Hidden {
        return Ok(false);
    }
    set_state(db, &found, if was_waiting { TalkState::Waiting } else { TalkState::Shown }).await?;
    Ok(true)
}

/// Locks the moderator, the talk's author, the hub and the call, in this order.
async fn lock_for_site(db: &mut Tx, talk: TalkId, actor: Actor<'_>) -> Result<Talk, Refusal> {
    let found = find_talk(db, talk).await?.ok_or(Refusal::Gone)?;
    hold(db, actor.user(), &found).await?;
    hubs::lock(db, found.hub).await?;
    locks::alone(db, found.call).await?;
    find_talk(db, talk).await?.ok_or(Refusal::Gone)
}

/// Keeps who acts, and a talk's author, from being deleted and sanctioned meanwhile.
async fn hold(db: &mut PgConnection, actor: Option<UserId>, talk: &Talk) -> sqlx::Result<()> {
    let users: Vec<_> = actor.into_iter().chain(talk.author).map(|user| user.0).collect();
    sqlx::query!("select id from users where id = any($1) order by id for key share", &users)
        .fetch_all(db)
        .await?;
    Ok(())
}

/// Locks the author, a photo, the hub and the call, in this order.
async fn enter(
    db: &mut Tx,
    hub: HubId,
    call: CallId,
    author: UserId,
    photo: Option<PhotoId>,
) -> Result<Call, Refusal> {
    hubs::hold_users(db, &[author]).await?;
    if let Some(photo) = photo {
        let own = sqlx::query!(
            "select id from photos where id = $1 and owner_id = $2 and state = 'live' for key share",
            photo.0,
            author.0,
        );
        own.fetch_optional(&mut *db).await?.ok_or(Refusal::NoPhoto)?;
    }
    hubs::lock_open(db, hub).await?;
    locks::share(db, call).await
}

async fn lock_own(
    db: &mut Tx,
    talk: TalkId,
    author: UserId,
    photo: Option<PhotoId>,
) -> Result<Talk, Refusal> {
    let found = find_talk(db, talk).await?.ok_or(Refusal::Gone)?;
    if found.author != Some(author) {
        return Err(Refusal::NotOwn);
    }
    enter(db, found.hub, found.call, author, photo).await?;
    let found = find_talk(db, talk).await?.ok_or(Refusal::Gone)?;
    if found.state == TalkState::Hidden { Err(Refusal::Gone) } else { Ok(found) }
}

/// Locks a talk's author and its call for an owner of the hub, or for a moderator, who may act in archived hubs too.
async fn lock_as_owner(db: &mut Tx, talk: TalkId, actor: &User) -> Result<Talk, Refusal> {
    let found = find_talk(db, talk).await?.ok_or(Refusal::Gone)?;
    hold(db, Some(actor.id), &found).await?;
    match hubs::lock_for_owner(db, found.hub, actor.id).await {
        Err(hubs::Refusal::NotOwner | hubs::Refusal::Archived) if actor.role.moderates() => {}
        locked => drop(locked?),
    }
    locks::alone(db, found.call).await?;
    find_talk(db, talk).await?.ok_or(Refusal::Gone)
}

/// Sets the state of a talk whose call is locked alone. A result that is due is frozen first: what is hidden or shown after
/// the close changes nothing in it.
pub(super) async fn set_state(db: &mut Tx, talk: &Talk, state: TalkState) -> Result<(), Refusal> {
    let call = super::queries::find(db, talk.call).await?.ok_or(Refusal::Gone)?;
    if call.phase.is_over() && call.frozen_at.is_none() {
        results::freeze(db, call.id).await?;
    }
    sqlx::query!("update talks set state = $2 where id = $1", talk.id.0, state.name())
        .execute(&mut *db)
        .await?;
    Ok(Event::TalkChanged { talk: talk.id, call: talk.call, hub: talk.hub }.record(db).await?)
}

/// Refuses if talks can't change any more. If they can, nothing had to change.
async fn require_pitching(db: &mut PgConnection, call: CallId) -> Result<(), Refusal> {
    match super::queries::find(db, call).await?.ok_or(Refusal::Gone)?.phase {
        Phase::Pitch => Ok(()),
        _ => Err(Refusal::TooLate),
    }
}

async fn keep_revision(db: &mut PgConnection, talk: TalkId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into talk_revisions (talk_id, revision, title, description, photo_id, was_shown)
         select id, revision, title, description, photo_id, state = 'shown' from talks where id = $1",
        talk.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

async fn count_of(db: &mut PgConnection, call: CallId, author: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from talks where call_id = $1 and author_id = $2 and state <> 'withdrawn'"#,
        call.0,
        author.0,
    )
    .fetch_one(db)
    .await
}

fn same_title(error: sqlx::Error) -> Refusal {
    if violates(&error, TITLE_KEY) { Refusal::SameTitle } else { error.into() }
}
