//! The queue of open cases: by weight and age, with who works on which.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::category::Category;
use crate::ids::{CaseId, UserId};
use crate::moderation::cases::{Outcome, Thing};

/// The most open cases that are counted.
const MOST: i64 = 100;

/// How many of a case's latest reports a line of the queue counts by category.
const COUNTED: i64 = 50;

/// A place in the queue: the urgency of a case, and the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    urgency: i64,
    id: CaseId,
}

impl Place {
    const BEGIN: Self = Self { urgency: i64::MAX, id: CaseId(i64::MAX) };
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.urgency, self.id)
    }
}

/// The text names no place.
#[derive(Debug, PartialEq, Eq)]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (urgency, id) = text.split_once('.').ok_or(NoPlace)?;
        Ok(Self { urgency: urgency.parse().map_err(|_| NoPlace)?, id: id.parse().map_err(|_| NoPlace)? })
    }
}

/// A moderator's claim on a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// The moderator.
    pub by: UserId,
    /// The moderator's name.
    pub name: String,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// A case.
#[derive(Clone, Debug)]
pub struct Case {
    /// The case.
    pub id: CaseId,
    /// What it is about.
    pub thing: Thing,
    /// Whose thing it is.
    pub owner: Option<UserId>,
    /// The owner's public name.
    pub owner_name: Option<String>,
    /// What its reports weigh together, in thousandths of an ordinary report.
    pub weight: i32,
    /// How many reports it has.
    pub reports: i32,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Since when the site hides the thing until it is judged.
    pub hidden_at: Option<DateTime<Utc>>,
    /// Who works on it.
    pub claim: Option<Claim>,
    /// What became of it; `None` while it is open.
    pub outcome: Option<Outcome>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
    /// Who closed it.
    pub closed_by: Option<String>,
    urgency: i64,
}

impl Case {
    /// Its place in the queue.
    #[must_use]
    pub const fn place(&self) -> Place {
        Place { urgency: self.urgency, id: self.id }
    }
}

struct Row {
    id: CaseId,
    about: String,
    thing_id: i64,
    owner: Option<UserId>,
    owner_name: Option<String>,
    weight: i32,
    reports: i32,
    opened_at: DateTime<Utc>,
    hidden_at: Option<DateTime<Utc>>,
    claimed_by: Option<UserId>,
    claimer: Option<String>,
    claimed_until: Option<DateTime<Utc>>,
    outcome: Option<String>,
    closed_at: Option<DateTime<Utc>>,
    closed_by: Option<String>,
    urgency: i64,
}

impl Row {
    /// `None` if it is about something that this version doesn't know.
    fn case(self) -> Option<Case> {
        let claim = self.claimed_by.zip(self.claimer).zip(self.claimed_until);
        Some(Case {
            id: self.id,
            thing: Thing::of(&self.about, self.thing_id)?,
            owner: self.owner,
            owner_name: self.owner_name,
            weight: self.weight,
            reports: self.reports,
            opened_at: self.opened_at,
            hidden_at: self.hidden_at,
            claim: claim.map(|((by, name), until)| Claim { by, name, until }),
            outcome: self.outcome.and_then(|outcome| outcome.parse().ok()),
            closed_at: self.closed_at,
            closed_by: self.closed_by,
            urgency: self.urgency,
        })
    }
}

/// A query of whole cases. A claim that has expired is none.
macro_rules! cases {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            r#"select cases.id as "id!: CaseId", about as "about!", thing_id as "thing_id!", owner_id as "owner: UserId",
                      owner.name as "owner_name?", weight as "weight!", reports as "reports!", opened_at as "opened_at!",
                      hidden_at, claimer.id as "claimed_by?: UserId", claimer.name as "claimer?", claimed_until, outcome,
                      closed_at, closed_by, urgency as "urgency!"
               from cases
               left join users as owner on owner.id = owner_id
               left join users as claimer on claimer.id = claimed_by and claimed_until > clock_timestamp() "#
                + $rest,
            $($argument),+
        )
    };
}

/// Lists open cases after a place, the most urgent first: all, by `cases_queue`, or those about one kind of things, by
/// `cases_queue_about`.
pub async fn list(
    db: &mut PgConnection,
    about: Option<&str>,
    after: Option<Place>,
    limit: i64,
) -> sqlx::Result<Vec<Case>> {
    let after = after.unwrap_or(Place::BEGIN);
    let rows = match about {
        None => {
            cases!(
                "where state = 'open' and (urgency, cases.id) < ($1, $2) order by urgency desc, cases.id desc limit $3",
                after.urgency,
                after.id.0,
                limit,
            )
            .fetch_all(db)
            .await?
        }
        Some(about) => {
            cases!(
                "where state = 'open' and about = $4 and (urgency, cases.id) < ($1, $2)
                 order by urgency desc, cases.id desc limit $3",
                after.urgency,
                after.id.0,
                limit,
                about,
            )
            .fetch_all(db)
            .await?
        }
    };
    Ok(rows.into_iter().filter_map(Row::case).collect())
}

/// Finds a case, open or closed.
pub async fn find(db: &mut PgConnection, case: CaseId) -> sqlx::Result<Option<Case>> {
    let row = cases!("where cases.id = $1", case.0).fetch_optional(db).await?;
    Ok(row.and_then(Row::case))
}

/// Finds the open case of a thing.
pub async fn find_open(db: &mut PgConnection, thing: Thing) -> sqlx::Result<Option<CaseId>> {
    sqlx::query_scalar!(
        r#"select id as "id: CaseId" from cases where about = $1 and thing_id = $2 and state = 'open'"#,
        thing.about(),
        thing.number(),
    )
    .fetch_optional(db)
    .await
}

/// Lists earlier cases of the same thing, the latest first.
pub async fn list_earlier(db: &mut PgConnection, case: &Case, limit: i64) -> sqlx::Result<Vec<Case>> {
    let rows = cases!(
        "where about = $1 and thing_id = $2 and cases.id < $3 order by cases.id desc limit $4",
        case.thing.about(),
        case.thing.number(),
        case.id.0,
        limit,
    );
    Ok(rows.fetch_all(db).await?.into_iter().filter_map(Row::case).collect())
}

/// How many cases are open, up to a hundred.
pub async fn count_open(db: &mut PgConnection) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from (select from cases where state = 'open' order by urgency desc limit $1) as open"#,
        MOST,
    )
    .fetch_one(db)
    .await
}

/// How many cases about things of a member were upheld, up to a hundred.
pub async fn count_upheld(db: &mut PgConnection, owner: UserId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!"
           from (select from cases where owner_id = $1 and outcome = 'upheld' limit $2) as upheld"#,
        owner.0,
        MOST,
    )
    .fetch_one(db)
    .await
}

/// What the latest reports of each of these cases say is wrong, what most say first.
pub async fn categories(
    db: &mut PgConnection,
    cases: &[CaseId],
) -> sqlx::Result<HashMap<CaseId, Vec<(Category, i64)>>> {
    let ids: Vec<_> = cases.iter().map(|case| case.0).collect();
    let rows = sqlx::query!(
        r#"select asked.id as "case!: CaseId", category as "category!", count(*) as "count!"
           from unnest($1::bigint[]) as asked (id)
           cross join lateral (select category from reports where case_id = asked.id order by reports.id desc limit $2)
                      as latest
           group by asked.id, category order by count(*) desc, category"#,
        &ids,
        COUNTED,
    )
    .fetch_all(db)
    .await?;
    let mut categories: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        if let Ok(category) = row.category.parse() {
            categories.entry(row.case).or_default().push((category, row.count));
        }
    }
    Ok(categories)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_place_comes_back_as_it_went(urgency: i64, id in 0_i64..) {
            let place = Place { urgency, id: CaseId(id) };
            prop_assert_eq!(place.to_string().parse(), Ok(place));
        }

        #[test]
        fn any_text_is_read_without_a_panic(text in "\\PC*") {
            let _: Result<Place, NoPlace> = text.parse();
        }
    }
}
