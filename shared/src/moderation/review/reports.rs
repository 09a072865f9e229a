//! Reports: members tell moderators what is wrong with a thing, and hear what came of it.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;

use super::category::{Category, ReportText};
use super::refusal::Refusal;
use super::weight::{self, Record, Standing};
use super::{quarantine, things};
use crate::comments::pace;
use crate::config::SecurityConfig;
use crate::db::Tx;
use crate::ids::{CaseId, ReportId, UserId};
use crate::moderation::cases::{self, Outcome, Thing};
use crate::notifications::{self, News};

/// How many of a member's latest judged reports make the record.
const REMEMBERED: i64 = 100;

/// A report to file.
#[derive(Clone, Copy, Debug)]
pub struct NewReport<'a> {
    /// What is reported; the reporter sees it.
    pub thing: Thing,
    /// Who reports it: a registered member.
    pub reporter: UserId,
    /// What is wrong with it.
    pub category: Category,
    /// The same in words.
    pub text: &'a ReportText,
}

/// The bounds on reports. 0 is no limit, and never.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Reports of one member per hour.
    pub per_hour: u32,
    /// How many ordinary reports hide a thing until moderators have judged it.
    pub to_hide: u32,
}

impl From<&SecurityConfig> for Bounds {
    fn from(config: &SecurityConfig) -> Self {
        Self { per_hour: config.reports_per_hour, to_hide: config.reports_to_hide }
    }
}

/// A report that was filed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filed {
    /// The report.
    pub id: ReportId,
    /// Whether it is a new one; otherwise it is the reporter's open one about the same thing.
    pub is_new: bool,
}

/// Files a report, which opens a case or adds to the open one, and may hide the thing.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::Own`], [`Refusal::NoUser`] and [`Refusal::TooFast`].
pub async fn file(db: &mut Tx, new: &NewReport<'_>, bounds: &Bounds) -> Result<Filed, Refusal> {
    let found = things::find(db, new.thing).await?.ok_or(Refusal::Gone)?;
    if found.owners.contains(&new.reporter) {
        return Err(Refusal::Own);
    }
    hold_users(db, new.reporter, &found.owners).await?;
    if let Some(id) = find_open(db, new.thing, new.reporter).await? {
        return Ok(Filed { id, is_new: false });
    }
    require_pace(db, new.reporter, bounds.per_hour).await?;
    let weight = weight::weigh(record_of(db, new.reporter).await?, standing_of(db, new.reporter).await?);
    let case = cases::open(db, new.thing, found.owners.first().copied(), weight).await?;
    let id = insert(db, case.id, new, weight).await?;
    if weight::hides(case.weight, bounds.to_hide) {
        quarantine::quarantine(db, case.id, new.thing).await?;
    }
    Ok(Filed { id, is_new: true })
}

/// Locks the reporter, so that reports of one member follow each other, and keeps the owners from being deleted.
async fn hold_users(db: &mut PgConnection, reporter: UserId, owners: &[UserId]) -> Result<(), Refusal> {
    let mut users: Vec<_> = owners.iter().copied().chain([reporter]).collect();
    users.sort_unstable();
    for user in users {
        if user == reporter {
            let found = sqlx::query!(
                "select id from users where id = $1 and name is not null for no key update",
                user.0
            );
            found.fetch_optional(&mut *db).await?.ok_or(Refusal::NoUser)?;
        } else {
            sqlx::query!("select id from users where id = $1 for key share", user.0)
                .fetch_optional(&mut *db)
                .await?;
        }
    }
    Ok(())
}

async fn find_open(db: &mut PgConnection, thing: Thing, reporter: UserId) -> sqlx::Result<Option<ReportId>> {
    sqlx::query_scalar!(
        r#"select reports.id as "id: ReportId" from cases join reports on case_id = cases.id
           where about = $1 and thing_id = $2 and state = 'open' and reporter_id = $3"#,
        thing.about(),
        thing.number(),
        reporter.0,
    )
    .fetch_optional(db)
    .await
}

/// Refuses a member who has filed so many reports within the last hour, by the database's clock.
async fn require_pace(db: &mut PgConnection, reporter: UserId, per_hour: u32) -> Result<(), Refusal> {
    if per_hour == 0 {
        return Ok(());
    }
    let age = sqlx::query_scalar!(
        r#"select extract(epoch from clock_timestamp() - created_at)::double precision as "seconds!"
           from reports where reporter_id = $1 order by id desc offset $2 limit 1"#,
        reporter.0,
        i64::from(per_hour) - 1,
    );
    match age.fetch_optional(db).await? {
        Some(seconds) if seconds < 3600.0 => {
            #[expect(clippy::cast_possible_truncation, reason = "it is less than an hour")]
            let wait = TimeDelta::milliseconds(((3600.0 - seconds) * 1000.0) as i64);
            Err(Refusal::TooFast(wait))
        }
        _ => Ok(()),
    }
}

/// What became of a member's latest reports.
pub async fn record_of(db: &mut PgConnection, reporter: UserId) -> sqlx::Result<Record> {
    let row = sqlx::query!(
        r#"select count(*) filter (where outcome = 'upheld') as "upheld!",
                  count(*) filter (where outcome = 'dismissed') as "dismissed!"
           from (select outcome from reports where reporter_id = $1 and outcome in ('upheld', 'dismissed')
                 order by id desc limit $2) as latest"#,
        reporter.0,
        REMEMBERED,
    )
    .fetch_one(db)
    .await?;
    let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Record { upheld: number(row.upheld), dismissed: number(row.dismissed) })
}

async fn standing_of(db: &mut PgConnection, reporter: UserId) -> sqlx::Result<Standing> {
    let is_verified = sqlx::query_scalar!(
        r#"select email_verified_at is not null as "is_verified!" from users where id = $1"#,
        reporter.0,
    );
    let is_verified = is_verified.fetch_optional(&mut *db).await?.unwrap_or(false);
    Ok(Standing { is_verified, is_new: pace::is_new(db, reporter).await? })
}

async fn insert(
    db: &mut PgConnection,
    case: CaseId,
    new: &NewReport<'_>,
    weight: i32,
) -> sqlx::Result<ReportId> {
    sqlx::query_scalar!(
        r#"with counted as (update cases set reports = reports + 1 where id = $1)
           insert into reports (case_id, reporter_id, category, text, weight) values ($1, $2, $3, $4, $5)
           returning id as "id: ReportId""#,
        case.0,
        new.reporter.0,
        new.category.name(),
        new.text.as_str(),
        weight,
    )
    .fetch_one(db)
    .await
}

/// A report as moderators see it.
#[derive(Clone, Debug)]
pub struct Report {
    /// The report.
    pub id: ReportId,
    /// Who filed it; `None` if the account is gone.
    pub reporter: Option<String>,
    /// What is wrong; `None` for a category that this version doesn't know.
    pub category: Option<Category>,
    /// The same in words; may be empty.
    pub text: String,
    /// What it weighs.
    pub weight: i32,
    /// When it was filed.
    pub at: DateTime<Utc>,
}

/// Lists the reports of a case before one of them, the latest first.
pub async fn list(
    db: &mut PgConnection,
    case: CaseId,
    before: Option<ReportId>,
    limit: i64,
) -> sqlx::Result<Vec<Report>> {
    let rows = sqlx::query!(
        r#"select reports.id as "id!: ReportId", name as "name?", category as "category!", text as "text!",
                  weight as "weight!", reports.created_at as "at!"
           from reports left join users on users.id = reporter_id
           where case_id = $1 and reports.id < $2 order by reports.id desc limit $3"#,
        case.0,
        before.map_or(i64::MAX, |before| before.0),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Report {
            id: row.id,
            reporter: row.name,
            category: row.category.parse().ok(),
            text: row.text,
            weight: row.weight,
            at: row.at,
        })
        .collect())
}

/// A report as its reporter sees it.
#[derive(Clone, Debug)]
pub struct OwnReport {
    /// The report.
    pub id: ReportId,
    /// What was reported; `None` for a kind that this version doesn't know.
    pub thing: Option<Thing>,
    /// What was wrong.
    pub category: Option<Category>,
    /// When it was filed.
    pub at: DateTime<Utc>,
    /// What came of it; `None` while it is open.
    pub outcome: Option<Outcome>,
}

/// Lists a member's reports before one of them, the latest first.
pub async fn list_own(
    db: &mut PgConnection,
    reporter: UserId,
    before: Option<ReportId>,
    limit: i64,
) -> sqlx::Result<Vec<OwnReport>> {
    let rows = sqlx::query!(
        r#"select reports.id as "id: ReportId", about, thing_id, category, reports.created_at as at, reports.outcome
           from reports join cases on cases.id = case_id
           where reporter_id = $1 and reports.id < $2 order by reports.id desc limit $3"#,
        reporter.0,
        before.map_or(i64::MAX, |before| before.0),
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| OwnReport {
            id: row.id,
            thing: Thing::of(&row.about, row.thing_id),
            category: row.category.parse().ok(),
            at: row.at,
            outcome: row.outcome.and_then(|outcome| outcome.parse().ok()),
        })
        .collect())
}

/// Notifies up to `limit` reporters of a closed case, each once. Returns how many reports were left to tell of.
pub async fn tell(db: &mut Tx, case: CaseId, limit: i64) -> sqlx::Result<usize> {
    // Users' rows come first.
    let users = sqlx::query_scalar!(
        r#"select id as "id: UserId" from users
           where id in (select reporter_id from reports
                        where case_id = $1 and outcome is not null and told_at is null order by reports.id limit $2)
           order by id for key share"#,
        case.0,
        limit,
    );
    let users = users.fetch_all(&mut **db).await?;
    let told = sqlx::query!(
        r#"update reports set told_at = now()
           where id in (select id from reports where case_id = $1 and outcome is not null and told_at is null
                        order by id limit $2)
           returning reporter_id as "reporter: UserId", outcome as "outcome!""#,
        case.0,
        limit,
    );
    let told = told.fetch_all(&mut **db).await?;
    let news: Vec<_> = told
        .iter()
        .filter_map(|row| {
            let reporter = row.reporter.filter(|reporter| users.contains(reporter))?;
            let was_right = match row.outcome.parse().ok()? {
                Outcome::Upheld => Some(true),
                Outcome::Dismissed => Some(false),
                Outcome::Void => None,
            };
            Some(News::report_judged(reporter, case, was_right))
        })
        .collect();
    notifications::record(db, &news).await?;
    Ok(told.len())
}
