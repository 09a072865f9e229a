//! Reports on a site with a million of them: what is there, and what the review asks.

use anyhow::{Context as _, Result};
use pawdium_shared::audit;
use pawdium_shared::ids::CaseId;
use pawdium_shared::moderation::review::queue::{self, Place};
use pawdium_shared::moderation::review::{reports, things};
use sqlx::{Executor as _, PgConnection};

/// Reports of a case, but for the busiest, which every member has reported.
const PER_CASE: i32 = 5;

/// Cases on a page, and one more.
const PER_PAGE: i64 = 26;

/// Adds `count` reports by the members who comment, about photos and comments. Every second case is closed. A case in
/// twenty thousand has an entry in the audit log.
pub(crate) async fn fill(db: &mut PgConnection, count: i32) -> Result<()> {
    sqlx::query(
        "with known as (
             select array(select id from photos where state = 'live' order by id limit $1) as photos,
                    array(select id from comments where state = 'shown' order by id limit $1) as comments,
                    array(select id from users where name like 'commenter%' order by id) as authors
         )
         insert into cases (about, thing_id, owner_id, weight, reports, opened_at, state, outcome, closed_at, closed_by)
         select case when number % 4 = 0 then 'photo' else 'comment' end,
                case when number % 4 = 0 then photos[1 + number / 4 % cardinality(photos)]
                     else comments[1 + number % cardinality(comments)] end,
                authors[1 + number % cardinality(authors)],
                250 + (hashint4(number)::bigint & 1023)::integer, $2,
                now() - number * interval '7 seconds', case when number % 2 = 0 then 'open' else 'closed' end,
                case when number % 2 = 1 then 'upheld' end, case when number % 2 = 1 then now() end,
                case when number % 2 = 1 then 'mo' end
         from generate_series(0, $1 - 1) as number, known
         on conflict do nothing",
    )
    .bind(count / PER_CASE)
    .bind(PER_CASE)
    .execute(&mut *db)
    .await?;
    sqlx::query(
        "with known as (
             select array(select id from cases order by id) as cases,
                    array(select id from users where name like 'commenter%' order by id) as authors
         ), written as (
             select number, cases[1 + number % cardinality(cases)] as case_id, number / cardinality(cases) as turn,
                    authors, cardinality(authors) as many
             from generate_series(0, $1 - 1) as number, known
         )
         insert into reports (case_id, reporter_id, category, text, weight, created_at, outcome, settled_at, told_at)
         select case_id, authors[1 + (case_id * 7 + turn) % many],
                (array['spam', 'hurtful', 'stolen', 'other'])[1 + number % 4], repeat('It is not right. ', 1 + number % 9),
                250 + number % 1000, now() - ($1 - number) * interval '1 second', outcome, closed_at, closed_at
         from written join cases on cases.id = case_id
         on conflict do nothing",
    )
    .bind(count)
    .execute(&mut *db)
    .await?;
    // The busiest case.
    db.execute(
        "insert into reports (case_id, reporter_id, category, weight)
         select busiest.id, users.id, 'spam', 1000
         from (select min(id) as id from cases where state = 'open') as busiest, users where name like 'commenter%'
         on conflict do nothing",
    )
    .await?;
    db.execute(
        "update cases set reports = (select count(*) from reports where case_id = cases.id), weight = 1000000
         where id = (select min(id) from cases where state = 'open')",
    )
    .await?;
    db.execute(
        "insert into audit_log (actor, action, detail)
         select 'mo', 'case.close', jsonb_build_object('case', id, about, thing_id, 'outcome', outcome)
         from cases where id % 20 = 0",
    )
    .await?;
    db.execute("vacuum analyze cases").await?;
    db.execute("vacuum analyze reports").await?;
    db.execute("analyze audit_log").await?;
    Ok(())
}

/// Where pages of the queue begin: at its head, and throughout it.
pub(crate) async fn list_places(db: &mut PgConnection) -> Result<Vec<Option<Place>>> {
    let places: Vec<String> = sqlx::query_scalar(
        "select format('%s.%s', urgency, id)
         from (select urgency, id, row_number() over (order by urgency desc, id desc) as place,
                      count(*) over () as count from cases where state = 'open') as queue
         where place % greatest(count / 10, 1) = 0 and place < count - 30",
    )
    .fetch_all(db)
    .await?;
    let places = places.iter().map(|place| place.parse().ok());
    Ok([None].into_iter().chain(places).collect())
}

/// Cases: the busiest, which is the most urgent, and others throughout the queue.
pub(crate) async fn list_cases(db: &mut PgConnection) -> Result<Vec<CaseId>> {
    let cases: Vec<i64> = sqlx::query_scalar(
        "select id from (select id, row_number() over (order by urgency desc, id desc) as place, count(*) over () as count
                         from cases where state = 'open') as queue
         where place % greatest(count / 10, 1) = 1 or count < 10",
    )
    .fetch_all(db)
    .await?;
    Ok(cases.into_iter().map(CaseId).collect())
}

/// A page of the queue with what its lines say, and the number in the tab.
pub(crate) async fn page(db: &mut PgConnection, about: Option<&str>, after: Option<Place>) -> Result<usize> {
    let cases = queue::list(db, about, after, PER_PAGE).await?;
    let (subjects, ids): (Vec<_>, Vec<_>) = cases.iter().map(|case| (case.thing, case.id)).unzip();
    things::describe(db, &subjects).await?;
    queue::categories(db, &ids).await?;
    queue::count_open(db).await?;
    Ok(cases.len())
}

/// A case's page.
pub(crate) async fn case(db: &mut PgConnection, case: CaseId) -> Result<usize> {
    let case = queue::find(db, case).await?.context("it was seeded")?;
    let filed = reports::list(db, case.id, None, 51).await?;
    audit::list_about(db, &case.thing.detail(), 30).await?;
    queue::list_earlier(db, &case, 30).await?;
    things::describe(db, &[case.thing]).await?;
    queue::categories(db, &[case.id]).await?;
    if let Some(owner) = case.owner {
        queue::count_upheld(db, owner).await?;
        reports::record_of(db, owner).await?;
    }
    Ok(filed.len())
}
