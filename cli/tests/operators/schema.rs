//! `migrations/schema.sql` shows what the migrations add up to.

use std::path::Path;
use std::process::Command;

use pawdium_kit::workers::url;
use pawdium_shared::db::MIGRATIONS;
use sqlx::PgPool;

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_written_schema_is_what_the_migrations_add_up_to(db: PgPool) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let dump = Command::new(root.join("scripts/schema")).env("DATABASE_URL", url(&db)).output();
    let dump = dump.expect("the script runs");
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let written = std::fs::read_to_string(root.join("migrations/schema.sql")).expect("it is committed");
    let dumped = String::from_utf8(dump.stdout).expect("SQL is text");
    let differs = dumped.lines().zip(written.lines()).find(|(dumped, written)| dumped != written);
    assert!(dumped == written, "run `make sqlx`; the first difference: {differs:?}");
}
