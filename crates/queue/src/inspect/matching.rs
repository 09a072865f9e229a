//! Finding the ids of the jobs that match a filter.

use std::collections::HashSet;

use pawdium_db::Tx;
use sqlx::PgConnection;

use super::filter::{BULK, EndedState, Filter, LiveState, MASKED, Party};

/// Finds the newest matching ids below `before`, at most `limit`; of `among` only, if that is given.
///
/// A custom plan is forced: the parts of the filter that are not set are constant in it, and it can use partial indexes. A
/// generic plan would read the whole history. Bitmaps of many errors need more memory than the default, and prefetching
/// their pages is faster.
pub(super) async fn find_ids(
    db: &mut Tx,
    filter: &Filter,
    among: Option<&[i64]>,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<i64>> {
    let mut planned = db.savepoint().await?;
    sqlx::query!(
        "select set_config('plan_cache_mode', 'force_custom_plan', true) as plan,
                set_config('work_mem', '32MB', true) as memory,
                set_config('effective_io_concurrency', '256', true) as pages_ahead",
    )
    .fetch_one(&mut *planned)
    .await?;
    let ids = match &filter.party {
        None => query_ids(&mut planned, filter, among, before, limit).await?,
        Some(party) => {
            let theirs = find_ids_of_party(&mut planned, party, among, before).await?;
            query_ids(&mut planned, filter, Some(&theirs), before, limit).await?
        }
    };
    // Nothing was written. The rollback resets the settings inside the caller's transaction.
    planned.rollback().await?;
    Ok(ids)
}

/// Finds the jobs of a party in a statement of its own. In a join, the planner may walk the whole history instead. Each
/// part has an index: `jobs_partition` and `jobs_subject`, `job_history_partition` and `job_history_subject`.
async fn find_ids_of_party(
    db: &mut PgConnection,
    party: &Party,
    among: Option<&[i64]>,
    before: i64,
) -> sqlx::Result<Vec<i64>> {
    let mut ids = sqlx::query_scalar!(
        r#"with thing as materialized (select subject from unnest($2::text[]) as things (subject))
           (select id as "id!" from jobs where partition_key = $1 and id < $3 order by id desc limit $4)
           union (select id from jobs where subject = $1 and id < $3 order by id desc limit $4)
           union (select id from thing join jobs using (subject) where id < $3)
           union (select id from job_history where partition_key = $1 and id < $3 order by id desc limit $4)
           union (select id from job_history where subject = $1 and id < $3 order by id desc limit $4)
           union (select about.id
                  from thing
                  cross join lateral (
                      select id from job_history where job_history.subject = thing.subject and id < $3
                      order by id desc limit 100) as about)"#,
        party.own,
        &party.things,
        before,
        BULK + 1,
    )
    .fetch_all(db)
    .await?;
    if let Some(among) = among {
        let among: HashSet<&i64> = among.iter().collect();
        ids.retain(|id| among.contains(id));
    }
    Ok(ids)
}

/// Finds live jobs, then ended ones by their columns, then ended ones by their error's text. The arguments exclude at least
/// one of the last two parts when the statement is planned.
async fn query_ids(
    db: &mut PgConnection,
    filter: &Filter,
    among: Option<&[i64]>,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<i64>> {
    let (live, ended) = (filter.live(), filter.ended());
    sqlx::query_scalar!(
        r#"(select id as "id!" from jobs
            where $1 and id < $3 and ($5::bigint is null or id = $5) and ($6::bigint[] is null or id = any($6))
              and ($7::job_state is null or state = $7) and ($9::text is null or kind = $9)
              and ($7::job_state is distinct from 'scheduled' or not open)
              and ($7::job_state is distinct from 'running' or $6 is not null
                   or id = any(array(select unnest(jobs) from job_batches)))
              and ($10::text is null or subject = $10) and ($11::text is null or partition_key = $11)
              and ($12::text is null or last_error ilike $12)
              and ($14::text is null or $12 is null or regexp_replace(last_error, $14, '\1…@', 'g') ilike $12)
            order by id desc limit $4)
           union all
           (select id from job_history
            where $2 and $12::text is null
              and id < $3 and ($5::bigint is null or id = $5) and ($6::bigint[] is null or id = any($6))
              and ($8::job_outcome is null or outcome = $8) and ($9::text is null or kind = $9)
              and ($10::text is null or subject = $10) and ($11::text is null or partition_key = $11)
              and ($13::text is null or error_group = $13)
            order by id desc limit $4)
           union all
           (select id from job_errors left join job_history using (id)
            where $2 and error ilike $12::text
              and ($14::text is null or regexp_replace(error, $14, '\1…@', 'g') ilike $12)
              and id < $3 and ($5::bigint is null or id = $5) and ($6::bigint[] is null or id = any($6))
              and ($8::job_outcome is null or job_errors.outcome = $8) and ($9::text is null or job_errors.kind = $9)
              and ($10::text is null or subject = $10) and ($11::text is null or partition_key = $11)
              and ($13::text is null or error_group = $13)
            order by id desc limit $4)
           order by 1 desc limit $4"#,
        live.is_some(),
        ended.is_some(),
        before,
        limit,
        filter.id.map(|id| id.0),
        among,
        live.only() as Option<LiveState>,
        ended.only() as Option<EndedState>,
        filter.kind,
        filter.subject,
        filter.partition,
        filter.pattern(),
        filter.error_group,
        filter.is_masked.then_some(MASKED),
    )
    .fetch_all(db)
    .await
}
