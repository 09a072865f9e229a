//! Mails to moderators: one when a case is opened, and at most one a day about what came since. They quote nothing.

use pawdium_queue::Enqueue as _;
use sqlx::PgConnection;

use crate::db::Tx;
use crate::ids::{CaseId, UserId};
use crate::jobs::mail::SendMail;
use crate::moderation::cases::Thing;

/// The most new cases of an hour of which moderators get a mail each. The digest tells of the others.
const PER_HOUR: i64 = 20;

/// A moderator with a verified address.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// The moderator.
    pub user: UserId,
    /// The domain of the address. Domains take turns.
    pub domain: Option<String>,
}

/// Enqueues a mail to each moderator about a case that was opened just now.
pub(in crate::moderation) async fn tell_of(db: &mut Tx, case: CaseId) -> sqlx::Result<()> {
    let is_flood = sqlx::query_scalar!(
        r#"select opened_at > now() - interval '1 hour' as "is_flood!" from cases order by id desc offset $1 limit 1"#,
        PER_HOUR,
    );
    if is_flood.fetch_optional(&mut **db).await?.unwrap_or(false) {
        return Ok(());
    }
    let moderators = sqlx::query_as!(
        Recipient,
        r#"select id as "user: UserId", lower(split_part(email, '@', 2)) as domain
           from users
           where role <> 'member' and email_verified_at is not null
             and standing(barred_until, silenced_until, warned_until) in ('good', 'warned')
           order by id"#,
    );
    let moderators = moderators.fetch_all(&mut **db).await?.into_iter();
    let mails: Vec<_> = moderators
        .map(|moderator| SendMail::NewCase { user: moderator.user, case, domain: moderator.domain })
        .collect();
    SendMail::enqueue_all(db, &mails).await?;
    Ok(())
}

/// What a mail about a new case says. `None` if the case is closed, or the user moderates no more, or is restricted.
pub async fn about(db: &mut PgConnection, case: CaseId, user: UserId) -> sqlx::Result<Option<String>> {
    let row = sqlx::query!(
        r#"select about, thing_id, hidden_at is not null as "is_hidden!",
                  exists (select from reports where case_id = cases.id) as "is_reported!"
           from cases
           where id = $1 and state = 'open'
             and exists (select from users
                         where id = $2 and role <> 'member'
                           and standing(barred_until, silenced_until, warned_until) in ('good', 'warned'))"#,
        case.0,
        user.0,
    );
    let Some(row) = row.fetch_optional(db).await? else { return Ok(None) };
    let what = match Thing::of(&row.about, row.thing_id) {
        Some(Thing::Photo(_)) if !row.is_reported => {
            "A photo was made from one that moderators have taken away"
        }
        Some(Thing::Photo(_)) => "A photo was reported",
        Some(Thing::Comment(_)) => "A comment was reported",
        Some(Thing::Talk(_)) => "A talk was reported",
        Some(Thing::Hub(_)) => "A hub was reported",
        Some(Thing::Member(_)) => "A member was reported",
        Some(Thing::Appeal(_)) => "A member appeals against a sanction",
        None => return Ok(None),
    };
    let hidden = if row.is_hidden { ", and is hidden until somebody has looked at it" } else { "" };
    Ok(Some(format!("{what}{hidden}.")))
}

/// Lists the moderators who are due for a digest: who had none within the last 20 hours, while open cases have reports
/// that none has counted.
pub async fn list_due(db: &mut PgConnection) -> sqlx::Result<Vec<Recipient>> {
    sqlx::query_as!(
        Recipient,
        r#"select id as "user: UserId", lower(split_part(email, '@', 2)) as domain
           from users left join moderator_mails on user_id = id
           where role <> 'member' and standing(barred_until, silenced_until, warned_until) in ('good', 'warned')
             and email_verified_at is not null
             and coalesce(sent_at < now() - interval '20 hours', true)
             and exists (select from reports where reports.id > coalesce(through, 0) and outcome is null)
           order by id"#,
    )
    .fetch_all(db)
    .await
}

/// What a digest tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digest {
    /// What it says, a sentence each.
    pub lines: Vec<String>,
    /// The last report that it counts.
    pub through: i64,
}

/// What a moderator's digest tells, as things are when it is sent. `None` if nothing has come since the last one.
pub async fn compose(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<Digest>> {
    let row = sqlx::query!(
        r#"with seen as (
               select coalesce((select through from moderator_mails where user_id = $1), 0) as through
           )
           select (select count(*) from cases where state = 'open') as "open!",
                  (select count(*) from cases where state = 'open' and hidden_at is not null) as "hidden!",
                  count(*) as "reports!", count(distinct case_id) as "cases!", coalesce(max(id), 0) as "through!"
           from reports
           where id > (select through from seen) and outcome is null
             and exists (select from users
                         where users.id = $1 and role <> 'member'
                           and standing(barred_until, silenced_until, warned_until) in ('good', 'warned'))"#,
        user.0,
    )
    .fetch_one(db)
    .await?;
    if row.reports == 0 {
        return Ok(None);
    }
    let are = |count: i64, one: &str, many: &str| match count {
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    let mut lines = vec![
        format!("{} in the queue.", are(row.open, "case is", "cases are")),
        format!(
            "{} since the last mail, about {}.",
            are(row.reports, "report came", "reports came"),
            are(row.cases, "thing", "things")
        ),
    ];
    if row.hidden > 0 {
        lines.push(format!("{} hidden until somebody decides.", are(row.hidden, "thing is", "things are")));
    }
    Ok(Some(Digest { lines, through: row.through }))
}

/// Records that a digest was sent.
pub async fn note_sent(db: &mut PgConnection, user: UserId, through: i64) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into moderator_mails (user_id, through) select id, $2 from users where id = $1
         on conflict (user_id) do update
         set sent_at = now(), through = greatest(moderator_mails.through, excluded.through)",
        user.0,
        through,
    )
    .execute(db)
    .await?;
    Ok(())
}
