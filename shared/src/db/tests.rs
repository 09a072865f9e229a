//! Migrations have no statement timeout.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgPoolOptions;
use sqlx::{PgPool, SqlSafeStr as _};

use super::migrate_with;

#[sqlx::test(migrations = false)]
async fn a_migration_takes_as_long_as_it_takes(db: PgPool) {
    let options = (*db.connect_options()).clone().options([("statement_timeout", "100ms")]);
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with(options);
    let slow =
        Migration::new(1, "slow".into(), MigrationType::Simple, "select pg_sleep(0.3)".into_sql_str(), false);
    migrate_with(&pool, &Migrator::with_migrations(vec![slow])).await.expect("nothing ends it");
}
