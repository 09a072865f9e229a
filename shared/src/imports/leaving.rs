//! What becomes of imports when accounts go.

use pawdium_queue::Enqueue as _;

use crate::db::Tx;
use crate::ids::UserId;
use crate::jobs::media::DiscardFiles;

/// How many files a job deletes at most.
const FILES: usize = 500;

/// Has the archives of a user deleted who is about to be deleted and whose row is locked, and the pictures that were
/// taken out of them. The rows go with the user's.
pub async fn leave_all(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    sqlx::query!("select id from imports where owner_id = $1 order by id for update", user.0)
        .fetch_all(&mut **db)
        .await?;
    let originals = sqlx::query_scalar!(
        r#"select source_key as "key!" from imports where owner_id = $1 and source_key is not null
           union all
           select import_files.source_key from import_files join imports on imports.id = import_id
           where owner_id = $1 and import_files.source_key is not null"#,
        user.0,
    )
    .fetch_all(&mut **db)
    .await?;
    sqlx::query!("delete from imports where owner_id = $1", user.0).execute(&mut **db).await?;
    for originals in originals.chunks(FILES) {
        DiscardFiles { originals: originals.to_vec(), pictures: Vec::new() }.enqueue(db).await?;
    }
    Ok(())
}
