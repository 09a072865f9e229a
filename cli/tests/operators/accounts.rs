//! Accounts.

use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::accounts::sessions::Token;
use pawdium_shared::accounts::{Role, passwords, queries};
use serde_json::json;
use sqlx::PgPool;

use crate::command::{Ended, audited, connection, pawdium};

async fn create(db: &PgPool, name: &str, email: &str, password: &str) -> Ended {
    let arguments = ["user", "create", "--name", name, "--email", email, "--admin", "--password-stdin"];
    pawdium(db, &arguments, &format!("{password}\n")).await
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn an_account_is_created_promoted_and_given_a_reset_link(db: PgPool) {
    let made = create(&db, "ada", "ada@example.org", "correct horse").await;
    assert!(made.succeeded, "{}", made.err);
    let user = queries::find_by_name(&mut connection(&db).await, "ada")
        .await
        .expect("no error")
        .expect("it is there");
    assert_eq!((user.role, user.verified), (Role::Admin, true));
    let hash = queries::find_password_hash(&mut connection(&db).await, user.id).await.expect("no error");
    assert!(passwords::verify("correct horse", hash).await);

    assert!(pawdium(&db, &["user", "promote", "ADA", "moderator"], "").await.succeeded);
    let user =
        queries::find(&mut connection(&db).await, user.id).await.expect("no error").expect("it is there");
    assert_eq!(user.role, Role::Moderator);

    let link = pawdium(&db, &["user", "reset-link", "ada@example.org"], "").await.out;
    let entries = audited(&db).await;
    let did: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), &entry.detail)).collect();
    assert_eq!(
        did,
        [
            ("user.create", &json!({"user": "ada", "role": "admin"})),
            ("user.role", &json!({"user": "ada", "role": "moderator", "before": "admin"})),
            ("user.reset_link", &json!({"user": "ada"})),
        ]
    );
    if nobody_logged_in() {
        assert!(entries.iter().all(|entry| entry.actor.starts_with("grace@")), "{entries:?}");
    }
    let token = link.trim_end().strip_prefix("https://paw.example/reset/").expect("a link to the form");
    let token = Token::presented(token);
    let found = links::find_user(&mut connection(&db).await, &token, Purpose::Reset).await;
    assert!(found.expect("no error").is_some());
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn second_factors_are_removed_and_their_owner_hears_of_it(db: PgPool) {
    assert!(create(&db, "ada", "ada@example.org", "correct horse").await.succeeded);
    let none = pawdium(&db, &["user", "reset-factors", "ada"], "").await;
    assert!(!none.succeeded && none.err.contains("ada has no second factor"), "{}", none.err);
    for statement in [
        "insert into totp_secrets (user_id, sealed, confirmed_at)
         select id, decode(repeat('00', 48), 'hex'), now() from users",
        "insert into recovery_codes (user_id, code_hash) select id, sha256('') from users",
        "insert into passkeys (user_id, credential_id, credential, name, sign_count, backed_up)
         select id, 'x', '{}', 'Phone', 0, false from users",
    ] {
        sqlx::query(statement).execute(&db).await.expect("the statement is right");
    }
    let done = pawdium(&db, &["user", "reset-factors", "ADA"], "").await;
    assert!(done.succeeded && done.out.contains("the password is enough"), "{}{}", done.out, done.err);
    let entries = audited(&db).await;
    let entry = entries.last().expect("there are entries");
    assert_eq!(entry.action, "user.reset_factors");
    assert_eq!(entry.detail, json!({"user": "ada", "app": true, "passkeys": 1}));
    let left: i64 = sqlx::query_scalar(
        "select (select count(*) from totp_secrets) + (select count(*) from recovery_codes)
              + (select count(*) from passkeys)",
    )
    .fetch_one(&db)
    .await
    .expect("a number");
    assert_eq!(left, 0);
    let mail: serde_json::Value =
        sqlx::query_scalar("select payload from jobs").fetch_one(&db).await.expect("a mail waits");
    assert_eq!((&mail["mail"], &mail["change"]["is"]), (&json!("factors_changed"), &json!("reset")));
    assert!(!pawdium(&db, &["user", "reset-factors", "ada"], "").await.succeeded);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn invalid_accounts_are_refused_with_a_reason(db: PgPool) {
    assert!(create(&db, "ada", "ada@example.org", "correct horse").await.succeeded);
    for (name, email, password, complaint) in [
        ("Ada", "else@example.org", "correct horse", "the name Ada is taken"),
        ("bo", "ADA@example.org", "correct horse", "belongs to an account already"),
        ("bo", "bo@example.org", "short", "at least 8 characters"),
        ("b o", "bo@example.org", "correct horse", "Names have"),
        ("bo", "nonsense", "correct horse", "mail address"),
    ] {
        let ended = create(&db, name, email, password).await;
        assert!(!ended.succeeded && ended.err.contains(complaint), "{}", ended.err);
    }
    assert!(
        pawdium(&db, &["user", "promote", "nobody", "admin"], "").await.err.contains("no account nobody")
    );
    let users: i64 = sqlx::query_scalar("select count(*) from users").fetch_one(&db).await.expect("no error");
    assert_eq!(users, 1);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn control_characters_in_errors_are_escaped(db: PgPool) {
    for arguments in [
        &["user", "promote", "\u{1b}[31mx\nada", "admin"][..],
        &["user", "promote", "ada", "\u{7}\u{1b}[31madmin"],
        &["user", "create", "--name", "\u{1b}[31mx", "--email", "x@example.org", "--password-stdin"],
        &["jobs", "delete", "--member", "\u{1b}[31mx\nada", "--yes"],
        &["schedules", "run", "\u{1b}[31mx\nmoon.land"],
        &["\u{7}\u{1b}[31mx"],
    ] {
        let ended = pawdium(&db, arguments, "correct horse\n").await;
        let raw: String = ended.err.chars().filter(|c| c.is_control() && *c != '\n').collect();
        assert!(!ended.succeeded && raw.is_empty(), "{arguments:?}: {:?}", ended.err);
    }
    let ended = pawdium(&db, &["user", "promote", "\u{1b}[31mx\nada", "admin"], "").await;
    assert!(ended.err.contains("no account \\u{1b}[31mx\\nada;"), "{:?}", ended.err);
}

/// Whether this test runs outside of a login. Within one, the login's user takes precedence over the user who ran
/// sudo.
fn nobody_logged_in() -> bool {
    std::fs::read_to_string("/proc/self/loginuid").is_ok_and(|uid| ["0", "4294967295"].contains(&uid.trim()))
}
