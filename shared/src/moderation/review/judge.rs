//! What moderators do with cases. Each act is one transaction, with its entries in the audit log, which quote nobody.

use pawdium_queue::Enqueue as _;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::plan::{Act, CaseNow, Step, plan};
use super::queue::Case;
use super::refusal::Refusal;
use super::things::{self, Found};
use super::{approvals, claims, quarantine};
use crate::accounts::{Role, User};
use crate::audit::{self, Action, Actor};
use crate::db::{Db, Tx};
use crate::hubs;
use crate::ids::{CaseId, PhotoId, UserId};
use crate::jobs::moderation::TellReporters;
use crate::moderation::blocked::{self, Reason};
use crate::moderation::cases::{Outcome, Thing};
use crate::moderation::{comments, hiding};
use crate::photos::withheld;
use crate::store::MediaStore;
use crate::talks;

/// What a moderator has decided.
#[derive(Clone, Copy, Debug)]
pub struct Decision<'a> {
    /// What to do.
    pub act: Act,
    /// Why, for the record; the owner of a blocked photo reads it.
    pub reason: Option<&'a Reason>,
    /// Whether the case is closed when the thing is down.
    pub closes: bool,
    /// The version of the thing that the moderator saw; `None` for the present one.
    pub seen: Option<&'a str>,
}

/// A case whose row is locked.
struct Held {
    id: CaseId,
    now: CaseNow,
    owner: Option<UserId>,
    found: Option<Found>,
    /// What a thing that the site hid was before.
    before: Value,
}

/// Does what a moderator has decided. The case is theirs from then on, unless it is closed. Returns what was done.
///
/// # Errors
/// Those of `plan`, [`Refusal::Gone`], [`Refusal::Changed`], [`Refusal::NoReason`], and what the acts themselves refuse.
pub async fn judge(
    db: &mut Tx,
    store: &MediaStore,
    case: CaseId,
    moderator: &User,
    decision: Decision<'_>,
) -> Result<Vec<Step>, Refusal> {
    let mut held = hold(db, case, moderator.actor()).await?;
    held.now.is_own = owns(held.owner, held.found.as_ref(), moderator);
    let steps = plan(&held.now, decision.act, decision.closes)?;
    if decision.act.shows() {
        require_seen(&held, decision.seen)?;
    }
    if decision.act.needs_reason() && decision.reason.is_none() {
        return Err(Refusal::NoReason);
    }
    claims::take(db, case, moderator.id).await?;
    for step in &steps {
        match step {
            Step::Show => show(db, store, &held, moderator, &steps).await?,
            Step::Close(outcome) => {
                close_held(db, &held, moderator.actor(), *outcome, decision.reason).await?;
            }
            step => take_down(db, held.now.thing, *step, moderator, decision.reason).await?,
        }
    }
    Ok(steps)
}

/// Refuses to show, and to approve, what the moderator hasn't seen: its owner has changed it since.
fn require_seen(held: &Held, seen: Option<&str>) -> Result<(), Refusal> {
    match (seen, &held.found) {
        (Some(seen), Some(found)) if found.version != seen => Err(Refusal::Changed),
        _ => Ok(()),
    }
}

/// Announces, before the transaction of an act, that a quarantined photo may be shown again: should it not commit, the
/// photo's files are moved away once more. Commits by itself.
pub async fn prepare(db: &Db, case: CaseId) -> sqlx::Result<()> {
    let photo = sqlx::query_scalar!(
        r#"select thing_id as "photo: PhotoId" from cases
           where id = $1 and about = 'photo' and hidden_at is not null and state = 'open'"#,
        case.0,
    );
    match photo.fetch_optional(&mut *db.acquire().await?).await? {
        Some(photo) => withheld::prepare(db, photo).await,
        None => Ok(()),
    }
}

/// Closes a case of a kind that has acts of its own, such as an appeal, for who has decided it.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::Closed`] and [`Refusal::Claimed`].
pub async fn close(db: &mut Tx, case: CaseId, actor: Actor<'_>, outcome: Outcome) -> Result<(), Refusal> {
    let held = hold(db, case, actor).await?;
    if let Some(outcome) = held.now.outcome {
        return Err(Refusal::Closed(outcome));
    }
    if let Some(other) = held.now.claimed_by {
        return Err(Refusal::Claimed(other));
    }
    close_held(db, &held, actor, outcome, None).await
}

/// What an act would do now, without doing it.
///
/// # Errors
/// Why it wouldn't do anything.
pub async fn foresee(
    db: &mut PgConnection,
    case: CaseId,
    moderator: &User,
    act: Act,
) -> Result<Vec<Step>, Refusal> {
    let row = read(db, case, Some(moderator.id)).await?.ok_or(Refusal::Gone)?;
    let found = things::find(db, row.thing).await?;
    let is_own = owns(row.owner, found.as_ref(), moderator);
    plan(&CaseNow { is_own, ..row.now(found.as_ref()) }, act, true)
}

/// Whether a moderator would judge something of their own.
pub async fn is_own(db: &mut PgConnection, case: &Case, moderator: &User) -> sqlx::Result<bool> {
    Ok(owns(case.owner, things::find(db, case.thing).await?.as_ref(), moderator))
}

/// Whether a case is about something of a member's.
pub(super) fn is_of(owner: Option<UserId>, found: Option<&Found>, member: UserId) -> bool {
    owner == Some(member) || found.is_some_and(|found| found.owners.contains(&member))
}

/// Admins may judge what is their own: there may be nobody else.
pub(super) fn owns(owner: Option<UserId>, found: Option<&Found>, moderator: &User) -> bool {
    let is_owner = is_of(owner, found, moderator.id);
    is_owner && moderator.role != Role::Admin
}

/// A case as somebody sees it.
pub(super) struct Row {
    pub(super) thing: Thing,
    pub(super) owner: Option<UserId>,
    pub(super) outcome: Option<Outcome>,
    pub(super) claimed_by: Option<String>,
    before: Option<Value>,
}

impl Row {
    fn now(&self, found: Option<&Found>) -> CaseNow {
        CaseNow {
            thing: self.thing,
            outcome: self.outcome,
            claimed_by: self.claimed_by.clone(),
            is_own: false,
            is_there: found.is_some(),
            is_down: found.is_some_and(|found| found.is_down),
            is_quarantined: self.before.is_some(),
        }
    }
}

/// Reads a case as somebody sees it, whose own claim binds only others.
pub(super) async fn read(
    db: &mut PgConnection,
    case: CaseId,
    by: Option<UserId>,
) -> sqlx::Result<Option<Row>> {
    let row = sqlx::query!(
        r#"select about, thing_id, owner_id as "owner: UserId", outcome, before,
                  (select name from users where id = claimed_by and id is distinct from $2
                                            and claimed_until > clock_timestamp()) as claimed_by
           from cases where cases.id = $1"#,
        case.0,
        by.map(|by| by.0),
    );
    let row = row.fetch_optional(db).await?;
    Ok(row.and_then(|row| {
        Some(Row {
            thing: Thing::of(&row.about, row.thing_id)?,
            owner: row.owner,
            outcome: row.outcome.and_then(|outcome| outcome.parse().ok()),
            claimed_by: row.claimed_by,
            before: row.before,
        })
    }))
}

/// Locks all users whom an act on the case may concern, and then the case.
async fn hold(db: &mut Tx, case: CaseId, actor: Actor<'_>) -> Result<Held, Refusal> {
    let row = read(db, case, actor.user()).await?.ok_or(Refusal::Gone)?;
    let found = things::find(db, row.thing).await?;
    let mut owners = found.map(|found| found.owners).unwrap_or_default();
    owners.extend(row.owner);
    if !things::hold_users(db, row.thing, &owners, actor.user()).await? {
        return Err(Refusal::NoUser);
    }
    lock(db, case).await?;
    // Separate statements: they see what the one above waited for.
    let row = read(db, case, actor.user()).await?.ok_or(Refusal::Gone)?;
    let found = things::find(db, row.thing).await?;
    let now = row.now(found.as_ref());
    Ok(Held { id: case, now, owner: row.owner, found, before: row.before.unwrap_or_default() })
}

pub(super) async fn lock(db: &mut PgConnection, case: CaseId) -> Result<(), Refusal> {
    sqlx::query!("select id from cases where id = $1 for no key update", case.0)
        .fetch_optional(db)
        .await?
        .map(drop)
        .ok_or(Refusal::Gone)
}

async fn forget_hidden(db: &mut PgConnection, case: CaseId) -> sqlx::Result<()> {
    sqlx::query!("update cases set hidden_at = null, before = null where id = $1", case.0)
        .execute(db)
        .await?;
    Ok(())
}

/// Shows the thing again, unless it is only to be taken down by the steps that follow.
async fn show(
    db: &mut Tx,
    store: &MediaStore,
    held: &Held,
    moderator: &User,
    steps: &[Step],
) -> Result<(), Refusal> {
    forget_hidden(db, held.id).await?;
    let to_take_down = steps.iter().any(|step| !matches!(step, Step::Show | Step::Close(_)));
    if !to_take_down {
        let mut detail = held.now.thing.detail();
        detail["case"] = json!(held.id);
        audit::record(db, moderator.actor(), Action::ShowThing, &detail).await?;
    }
    let owners = held.found.as_ref().map(|found| found.owners.as_slice()).unwrap_or_default();
    quarantine::show(db, store, held.now.thing, &held.before, owners, to_take_down).await
}

async fn take_down(
    db: &mut Tx,
    thing: Thing,
    step: Step,
    moderator: &User,
    reason: Option<&Reason>,
) -> Result<(), Refusal> {
    let why = reason.ok_or(Refusal::NoReason)?;
    match (step, thing) {
        (Step::BlockPhoto, Thing::Photo(photo)) => {
            match blocked::block(db, moderator.actor(), photo, why).await? {
                blocked::BlockOutcome::Gone => Err(Refusal::ThingGone),
                blocked::BlockOutcome::Blocked | blocked::BlockOutcome::Hidden => Ok(()),
            }
        }
        (Step::DeletePhoto, Thing::Photo(photo)) => {
            hiding::delete_photo(db, photo, moderator.actor()).await?.ok_or(Refusal::ThingGone)?;
            Ok(())
        }
        (Step::RemoveComment, Thing::Comment(comment)) => {
            comments::remove(db, comment, moderator.actor(), reason).await?;
            Ok(())
        }
        (Step::HideTalk, Thing::Talk(talk)) => {
            talks::pitch::hide_for_site(db, talk, moderator.actor(), why.as_str()).await?;
            Ok(())
        }
        (Step::DeleteHub, Thing::Hub(hub)) => {
            hubs::removal::remove(db, hub, moderator.actor(), Some(why.as_str())).await?;
            Ok(())
        }
        _ => Err(Refusal::NotFitting),
    }
}

/// Closes the case with its reports. A job notifies their reporters. What was dismissed counts as approved until it
/// changes.
async fn close_held(
    db: &mut Tx,
    held: &Held,
    actor: Actor<'_>,
    outcome: Outcome,
    reason: Option<&Reason>,
) -> Result<(), Refusal> {
    let name = actor.name();
    sqlx::query!(
        "update cases
         set state = 'closed', outcome = $2, closed_at = now(), closed_by = $3, changed_at = now(),
             claimed_by = null, claimed_until = null, hidden_at = null, before = null
         where id = $1",
        held.id.0,
        outcome.name(),
        name,
    )
    .execute(&mut **db)
    .await?;
    let settled = sqlx::query!(
        "update reports set outcome = $2, settled_at = now() where case_id = $1 and outcome is null",
        held.id.0,
        outcome.name(),
    );
    let settled = settled.execute(&mut **db).await?.rows_affected();
    if let (Outcome::Dismissed, Some(found)) = (outcome, &held.found)
        && !matches!(held.now.thing, Thing::Appeal(_))
    {
        approvals::record(db, held.now.thing, &found.version, name).await?;
    }
    let mut detail = held.now.thing.detail();
    detail["case"] = json!(held.id);
    detail["outcome"] = json!(outcome.name());
    detail["reports"] = json!(settled);
    if let Some(reason) = reason {
        detail["reason"] = json!(reason.as_str());
    }
    audit::record(db, actor, Action::CloseCase, &detail).await?;
    TellReporters { case: held.id }.enqueue(db).await?;
    Ok(())
}
