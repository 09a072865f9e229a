//! The time zones that Postgres knows, which are those of the IANA's database.

use sqlx::PgConnection;

/// Whether there is a zone of that name.
pub async fn exists(db: &mut PgConnection, name: &str) -> sqlx::Result<bool> {
    let exists = sqlx::query_scalar!(
        r#"select exists (select from pg_timezone_names where name = $1) as "exists!""#,
        name,
    );
    exists.fetch_one(db).await
}

/// Lists the zones that owners choose from, by name. Reads a folder of files, so it takes some tens of milliseconds.
pub async fn list(db: &mut PgConnection) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select name as "name!" from pg_timezone_names
           where name ~ '^[A-Z][A-Za-z]+/' and name !~ '^(Etc|SystemV)/' or name = 'UTC'
           order by 1"#,
    )
    .fetch_all(db)
    .await
}
