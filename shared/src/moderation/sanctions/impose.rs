//! Imposing sanctions and lifting them.

use pawdium_queue::Enqueue as _;
use serde_json::json;
use sqlx::PgConnection;

use super::{NewSanction, Refusal, Sanction, list};
use crate::accounts::{Role, Standing, sessions};
use crate::audit::{self, Action, Actor};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{HubId, SanctionId, UserId};
use crate::jobs::mail::{SanctionNews, SendMail};
use crate::jobs::sanctions::SettleSanctions;
use crate::moderation::review::claims;

/// A locked user.
struct Party {
    id: UserId,
    name: Option<String>,
    email: Option<String>,
    role: Role,
    standing: Standing,
}

/// The member whom an act concerns, and who acts.
pub(super) struct Parties {
    pub(super) user: UserId,
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) by: Option<UserId>,
}

/// Imposes a sanction. Ratings and other acts of the member that are under way end first; later ones know of it. The
/// sessions of a member who can't log in any more end.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::NotAllowed`], [`Refusal::Own`], [`Refusal::Admin`], [`Refusal::Past`] and, if another
/// moderator works on the case, [`Refusal::Case`].
pub async fn impose(db: &mut Tx, actor: Actor<'_>, new: &NewSanction) -> Result<SanctionId, Refusal> {
    let parties = lock(db, actor, new.user).await?;
    let about = match new.case.zip(parties.by) {
        Some((case, moderator)) => Some((case, claims::join(db, case, moderator, new.user).await?)),
        None => None,
    };
    let terms = new.terms;
    let imposed = sqlx::query_scalar!(
        r#"insert into sanctions (user_id, kind, reason, content, imposed_by, imposer, until)
           select $1::bigint, $2::text, $3::text, $4::text, $5::bigint, $6::text, $7::timestamptz
           where $7 is null or $7 > clock_timestamp()
           returning id as "id: SanctionId""#,
        new.user.0,
        terms.kind.name(),
        new.reason.as_str(),
        terms.content.name(),
        parties.by.map(|user| user.0),
        actor.name(),
        terms.until,
    );
    let sanction = imposed.fetch_optional(&mut **db).await?.ok_or(Refusal::Past)?;
    update_standing(db, new.user).await?;
    if terms.kind.bars() {
        sessions::end_others(db, new.user, None).await?;
    }
    let mut detail = json!({
        "sanction": sanction, "user": parties.name, "reason": new.reason.as_str(), "content": terms.content.name(),
        "until": terms.until,
    });
    if let Some((case, thing)) = about {
        detail["case"] = json!(case);
        detail[thing.about()] = json!(thing.number());
    }
    audit::record(db, actor, terms.kind.action(), &detail).await?;
    tell(db, &parties, sanction, SanctionNews::Imposed).await?;
    Ok(sanction)
}

/// Lifts a sanction that holds. Jobs give back what it took.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::Over`], [`Refusal::NotAllowed`], [`Refusal::Own`] and [`Refusal::Admin`].
pub async fn lift(db: &mut Tx, actor: Actor<'_>, sanction: SanctionId) -> Result<Sanction, Refusal> {
    let user = list::find(db, sanction).await?.ok_or(Refusal::Gone)?.user;
    let parties = lock(db, actor, user).await?;
    lift_locked(db, actor, &parties, sanction, SanctionNews::Lifted).await
}

/// Lifts all sanctions of a member that hold. Returns how many.
///
/// # Errors
/// Those of [`lift`].
pub async fn lift_all(db: &mut Tx, actor: Actor<'_>, user: UserId) -> Result<usize, Refusal> {
    let parties = lock(db, actor, user).await?;
    let found = list::of_user(db, user).await?;
    let mut lifted = 0;
    for sanction in found.iter().filter(|sanction| sanction.in_force) {
        lift_locked(db, actor, &parties, sanction.id, SanctionNews::Lifted).await?;
        lifted += 1;
    }
    Ok(lifted)
}

pub(super) async fn lift_locked(
    db: &mut Tx,
    actor: Actor<'_>,
    parties: &Parties,
    sanction: SanctionId,
    news: SanctionNews,
) -> Result<Sanction, Refusal> {
    let lifted = sqlx::query!(
        "update sanctions set lifted_at = clock_timestamp(), lifted_by = $3, lifter = $4
         where id = $1 and user_id = $2 and lifted_at is null and (until is null or until > clock_timestamp())",
        sanction.0,
        parties.user.0,
        parties.by.map(|user| user.0),
        actor.name(),
    );
    if lifted.execute(&mut **db).await?.rows_affected() == 0 {
        return Err(Refusal::Over);
    }
    update_standing(db, parties.user).await?;
    let found = list::find(db, sanction).await?.ok_or(Refusal::Gone)?;
    let detail = json!({ "sanction": sanction, "user": parties.name, "kind": found.kind.name() });
    audit::record(db, actor, Action::LiftSanction, &detail).await?;
    tell(db, parties, sanction, news).await?;
    Ok(found)
}

/// Writes what the sanctions in force add up to. The user is locked `for update`.
async fn update_standing(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "update users
         set silenced_until = silenced, barred_until = barred, hidden_until = hidden, warned_until = warned
         from (select max(coalesce(until, 'infinity')) filter (where kind = 'silence') as silenced,
                      max(coalesce(until, 'infinity')) filter (where kind in ('suspend', 'ban')) as barred,
                      max(coalesce(until, 'infinity')) filter (where content = 'hide') as hidden,
                      max(imposed_at + interval '7 days') filter (where kind = 'warn') as warned
               from sanctions where user_id = $1 and lifted_at is null) as in_force
         where id = $1",
        user.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Enqueues what follows from a change of a sanction: the job that takes or gives back, the mail, and the news to open
/// pages.
async fn tell(db: &mut Tx, parties: &Parties, sanction: SanctionId, news: SanctionNews) -> sqlx::Result<()> {
    let user = parties.user;
    SettleSanctions { user: Some(user) }.enqueue(db).await?;
    if let Some(email) = &parties.email {
        SendMail::sanction(user, sanction, news, email).enqueue(db).await?;
    }
    match find_profile(db, user).await? {
        Some(hub) => Event::HubChanged { hub }.record(db).await,
        None => Ok(()),
    }
}

async fn find_profile(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<HubId>> {
    sqlx::query_scalar!(r#"select id as "id: HubId" from hubs where profile_of = $1"#, user.0)
        .fetch_optional(db)
        .await
}

/// Locks the member against all that the member does, and who acts, in the order of their ids.
///
/// # Errors
/// [`Refusal::Gone`] unless it is a registered member; [`Refusal::NotAllowed`], [`Refusal::Own`] and [`Refusal::Admin`]
/// by the rules of staff. The command line and the site itself may act on everybody.
pub(super) async fn lock(db: &mut Tx, actor: Actor<'_>, user: UserId) -> Result<Parties, Refusal> {
    let by = match actor {
        Actor::User { id, .. } => Some(id),
        Actor::Operator(_) | Actor::Program(_) => None,
    };
    if by == Some(user) {
        return Err(Refusal::Own);
    }
    let (mut member, mut moderator) = (None, None);
    let mut ids: Vec<_> = by.into_iter().chain([user]).collect();
    ids.sort_unstable();
    for id in ids {
        if id == user {
            sqlx::query!("select id from users where id = $1 for update", id.0)
                .fetch_optional(&mut **db)
                .await?;
            member = find_party(db, id).await?;
        } else {
            sqlx::query!("select id from users where id = $1 for no key update", id.0)
                .fetch_optional(&mut **db)
                .await?;
            moderator = find_party(db, id).await?;
        }
    }
    let member = member.ok_or(Refusal::Gone)?;
    let name = member.name.ok_or(Refusal::Gone)?;
    if by.is_some() {
        let moderator = moderator.ok_or(Refusal::NoUser)?;
        if !moderator.role.moderates() || moderator.standing.is_restricted() {
            return Err(Refusal::NotAllowed);
        }
        if member.role == Role::Admin && moderator.role != Role::Admin {
            return Err(Refusal::Admin);
        }
    }
    Ok(Parties { user: member.id, name, email: member.email, by })
}

/// Reads a user after the lock, in a statement of its own, so that it sees what the lock waited for.
async fn find_party(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<Party>> {
    sqlx::query_as!(
        Party,
        r#"select id as "id: UserId", name, email, role as "role: Role",
                  standing(barred_until, silenced_until, warned_until) as "standing!: Standing"
           from users where id = $1"#,
        user.0,
    )
    .fetch_optional(db)
    .await
}
