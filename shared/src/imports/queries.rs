//! Reading imports.

use sqlx::PgConnection;

use super::types::{Counts, FileState, Import, ImportFile, ImportState};
use crate::ids::{ImportId, PhotoId, UserId};

/// Finds an import of this owner.
pub async fn find(db: &mut PgConnection, import: ImportId, owner: UserId) -> sqlx::Result<Option<Import>> {
    Ok(list_where(db, owner, Some(import), 1).await?.pop())
}

/// Lists the latest imports of an owner.
pub async fn list(db: &mut PgConnection, owner: UserId, limit: i64) -> sqlx::Result<Vec<Import>> {
    list_where(db, owner, None, limit).await
}

async fn list_where(
    db: &mut PgConnection,
    owner: UserId,
    import: Option<ImportId>,
    limit: i64,
) -> sqlx::Result<Vec<Import>> {
    let rows = sqlx::query!(
        r#"select id as "id: ImportId", state as "state: ImportState", reason, may_retry, name, bytes,
                  source_key is not null as "has_archive!", created_at, ended_at,
                  files as "files!", open as "open!", imported as "imported!", duplicates as "duplicates!",
                  refused as "refused!", failed as "failed!", retryable as "retryable!"
           from imports
           cross join lateral (
               select count(*) as files,
                      count(*) filter (where file.state in ('waiting', 'stored')) as open,
                      count(*) filter (where file.state = 'imported') as imported,
                      count(*) filter (where file.state = 'duplicate') as duplicates,
                      count(*) filter (where file.state = 'refused') as refused,
                      count(*) filter (where file.state = 'failed') as failed,
                      count(*) filter (where file.may_retry and file.state in ('refused', 'failed')) as retryable
               from import_files as file where import_id = imports.id
           ) as counted
           where owner_id = $1 and ($2::bigint is null or id = $2)
           order by id desc limit $3"#,
        owner.0,
        import.map(|import| import.0),
        limit,
    )
    .fetch_all(db)
    .await?;
    let found = rows.into_iter().map(|row| Import {
        id: row.id,
        state: row.state,
        reason: row.reason,
        may_retry: row.may_retry,
        name: row.name,
        bytes: row.bytes,
        has_archive: row.has_archive,
        created_at: row.created_at,
        ended_at: row.ended_at,
        counts: Counts {
            files: row.files,
            open: row.open,
            imported: row.imported,
            duplicates: row.duplicates,
            refused: row.refused,
            failed: row.failed,
            retryable: row.retryable,
        },
    });
    Ok(found.collect())
}

/// Whether an import is this owner's.
pub async fn is_own(db: &mut PgConnection, import: ImportId, owner: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from imports where id = $1 and owner_id = $2) as "found!""#,
        import.0,
        owner.0,
    )
    .fetch_one(db)
    .await
}

/// Lists up to `limit` files of an import after the one with this number: all, or those in one state.
pub async fn list_files(
    db: &mut PgConnection,
    import: ImportId,
    state: Option<FileState>,
    after: i32,
    limit: i64,
) -> sqlx::Result<Vec<ImportFile>> {
    sqlx::query_as!(
        ImportFile,
        r#"select number, name, state as "state: FileState", reason, may_retry, photo_id as "photo: PhotoId"
           from import_files
           where import_id = $1 and number > $2 and ($3::text is null or state = $3)
           order by number limit $4"#,
        import.0,
        after,
        state.map(FileState::name),
        limit,
    )
    .fetch_all(db)
    .await
}

/// Returns those of the given originals that no import needs.
pub async fn unneeded(db: &mut PgConnection, keys: &[String]) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select key as "key!" from unnest($1::text[]) as given (key)
           where not exists (select from imports where imports.source_key = given.key)
             and not exists (select from import_files where import_files.source_key = given.key)"#,
        keys,
    )
    .fetch_all(db)
    .await
}
