//! What moderators have found to be right, in which version. The site hides such a thing only after it has changed.

use sqlx::PgConnection;

use crate::moderation::cases::Thing;

/// Whether a moderator has approved a thing since it last changed.
pub(super) async fn holds(db: &mut PgConnection, thing: Thing, version: &str) -> sqlx::Result<bool> {
    let approved = sqlx::query_scalar!(
        r#"select version from approvals where about = $1 and thing_id = $2"#,
        thing.about(),
        thing.number()
    );
    Ok(approved.fetch_optional(db).await?.is_some_and(|approved| approved == version))
}

/// Records that a moderator of this name has approved a thing as it is.
pub(super) async fn record(
    db: &mut PgConnection,
    thing: Thing,
    version: &str,
    moderator: &str,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into approvals (about, thing_id, version, approved_by) values ($1, $2, $3, $4)
         on conflict (about, thing_id) do update
         set version = excluded.version, approved_at = now(), approved_by = excluded.approved_by",
        thing.about(),
        thing.number(),
        version,
        moderator,
    )
    .execute(db)
    .await?;
    Ok(())
}
