//! Imports and exports of the owner's.

use super::Named;
use crate::matrix::row::Role;
use crate::matrix::scene::Scene;

pub(super) const NAMES: &[Named] = &[
    ("import", "an import of the owner's that is under way"),
    ("import-ended", "an import of the owner's that is done, in which a file failed"),
    ("export", "an archive of the owner's that is being made"),
];

pub(super) async fn make(scene: &mut Scene<'_>, name: &str) -> String {
    match name {
        "import" => import(scene, "unpacking").await.to_string(),
        "import-ended" => {
            let import = import(scene, "done").await;
            let failed = "insert into import_files (import_id, number, name, state, reason, may_retry)
                          values ($1, 0, 'Tom.jpg', 'failed', 'It took too long.', true)";
            sqlx::query(failed).bind(import).execute(&scene.site.db).await.expect("it is new");
            import.to_string()
        }
        _ => scene.person(Role::Owner).await.ask_for_export().await.to_string(),
    }
}

async fn import(scene: &mut Scene<'_>, state: &str) -> i64 {
    let owner = scene.person(Role::Owner).await;
    let insert = "insert into imports (owner_id, state, name, bytes, print, species, source_key, listed_at)
                  values ($1, $2, 'photos.zip', 1000, decode(md5('x'), 'hex'), 'other', 'incoming/none', now())
                  returning id";
    let insert = sqlx::query_scalar(insert).bind(owner.id).bind(state);
    insert.fetch_one(&scene.site.db).await.expect("it is new")
}
