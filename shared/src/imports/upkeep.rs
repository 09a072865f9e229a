//! Giving up archives, and forgetting receipts.

use pawdium_queue::{Enqueue as _, Job as _, Subject};
use sqlx::PgConnection;

use super::drafting::{self, Outcome};
use super::types::ImportState;
use super::{acts, unpacking};
use crate::db::Tx;
use crate::ids::ImportId;
use crate::jobs::imports::{ImportFile, SettleImport, UndoImport, UnpackImport};
use crate::jobs::media::DiscardFiles;

/// What owners read after a fault of ours.
const BROKEN: &str = "Something broke on our side. Try again.";

/// Gives up the archives of up to `limit` imports that ended `days` ago, and enqueues the job that deletes them.
/// Returns how many.
pub async fn give_up_archives(db: &mut Tx, days: i32, limit: i64) -> sqlx::Result<u64> {
    let originals = sqlx::query_scalar!(
        r#"update imports as old set source_key = null
           from (select id, source_key from imports
                 where source_key is not null and ended_at < now() - make_interval(days => $1)
                 order by id limit $2 for update skip locked) as before
           where old.id = before.id
           returning before.source_key as "key!""#,
        days,
        limit,
    )
    .fetch_all(&mut **db)
    .await?;
    let given_up = originals.len() as u64;
    if given_up > 0 {
        DiscardFiles { originals, pictures: Vec::new() }.enqueue(db).await?;
    }
    Ok(given_up)
}

/// Deletes up to `limit` imports that ended `days` ago, with their receipts. Their drafts stay. Returns how many.
pub async fn purge(db: &mut PgConnection, days: i32, limit: i64) -> sqlx::Result<u64> {
    let purged = sqlx::query!(
        "delete from imports where id in (
             select id from imports
             where ended_at < now() - make_interval(days => $1) and source_key is null
             order by id limit $2 for update skip locked)",
        days,
        limit,
    );
    Ok(purged.execute(db).await?.rows_affected())
}

/// Gives an import, or a file of one, an outcome whose job has ended without it. Returns false if another job is there.
pub async fn settle(db: &mut Tx, job: &SettleImport) -> sqlx::Result<bool> {
    let import = job.import;
    if is_worked_on(db, job).await? {
        return Ok(false);
    }
    match (job.ended.as_str(), job.number) {
        (ImportFile::KIND, Some(number)) => {
            drafting::settle(db, import, number, &Outcome::Failed(BROKEN.to_owned())).await
        }
        (UnpackImport::KIND, _) => unpacking::refuse(db, import, BROKEN, true).await,
        (UndoImport::KIND, _) => acts::end_undoing(db, import).await,
        _ => Ok(false),
    }
}

async fn is_worked_on(db: &mut PgConnection, job: &SettleImport) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from jobs where subject = $1 and kind = $2
                            and ($3::text is null or payload->>'number' = $3)) as "worked_on!""#,
        Subject::from(job.import).to_string(),
        job.ended,
        job.number.map(|number| number.to_string()),
    )
    .fetch_one(db)
    .await
}

/// Lists imports that are under way without a job, and stored files without one, as the jobs that settle them.
pub async fn list_abandoned(db: &mut PgConnection) -> sqlx::Result<Vec<SettleImport>> {
    let rows = sqlx::query!(
        r#"select id as "import!: ImportId", null::int as "number", state as "state!: ImportState" from imports
           where state in ('unpacking', 'undoing')
             and not exists (select from jobs where subject = 'import:' || id
                               and kind = case imports.state when 'unpacking' then $1 else $2 end)
           union all
           select import_id, number, 'importing' from import_files join imports on imports.id = import_id
           where import_files.state = 'stored' and imports.state in ('unpacking', 'importing')
             and not exists (select from jobs where subject = 'import:' || import_id and kind = $3
                               and payload->>'number' = number::text)"#,
        UnpackImport::KIND,
        UndoImport::KIND,
        ImportFile::KIND,
    )
    .fetch_all(db)
    .await?;
    let job = |ended: &str, import, number| SettleImport { import, number, ended: ended.to_owned() };
    let jobs = rows.into_iter().map(|row| match row.state {
        ImportState::Unpacking => job(UnpackImport::KIND, row.import, None),
        ImportState::Undoing => job(UndoImport::KIND, row.import, None),
        _ => job(ImportFile::KIND, row.import, row.number),
    });
    Ok(jobs.collect())
}
