//! The operators' commands, run as operators run them.

use std::io::ErrorKind;
use std::process::Stdio;

use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::accounts::sessions::Token;
use pawdium_shared::accounts::{Role, passwords, queries};
use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_shared::jobs::upkeep::Purge;
use pawdium_shared::queue::{Enqueue as _, inspect};
use sqlx::{PgConnection, PgPool};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use url::Url;

/// What a command ended with.
struct Ended {
    succeeded: bool,
    out: String,
    err: String,
}

async fn pawdium(db: &PgPool, arguments: &[&str], input: &str) -> Ended {
    let mut url: Url = std::env::var("DATABASE_URL").expect("it is set").parse().expect("a URL");
    url.set_path(db.connect_options().get_database().expect("the test has a database"));
    let mut child = Command::new(env!("CARGO_BIN_EXE_pawdium"))
        .args(arguments)
        .env_remove("PAWDIUM_CONFIG")
        .env("PAWDIUM_DATABASE__URL", url.as_str())
        .env("PAWDIUM_SECURITY__SECRET", "a secret for tests, of no worth at all")
        .env("PAWDIUM_WEB__BASE_URL", "https://paw.example")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command starts");
    let mut stdin = child.stdin.take().expect("it has an input");
    // A command that refuses its arguments may have ended without reading.
    match stdin.write_all(input.as_bytes()).await {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => {}
        written => written.expect("it reads"),
    }
    drop(stdin);
    let output = child.wait_with_output().await.expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes UTF-8");
    Ended { succeeded: output.status.success(), out: text(output.stdout), err: text(output.stderr) }
}

async fn connection(db: &PgPool) -> PgConnection {
    db.acquire().await.expect("a connection").detach()
}

async fn create(db: &PgPool, name: &str, email: &str, password: &str) -> Ended {
    let arguments = ["user", "create", "--name", name, "--email", email, "--admin", "--password-stdin"];
    pawdium(db, &arguments, &format!("{password}\n")).await
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn an_account_is_made_promoted_and_let_in_again(db: PgPool) {
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
    let token = link.trim_end().strip_prefix("https://paw.example/reset/").expect("a link to the form");
    let token = Token::presented(token);
    assert!(links::valid(&mut connection(&db).await, &token, Purpose::Reset).await.expect("no error"));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn what_is_wrong_with_an_account_is_said_and_nothing_is_made(db: PgPool) {
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
async fn jobs_are_listed_shown_brought_back_and_deleted(db: PgPool) {
    let ready =
        RefreshRanks {}.enqueue(&mut connection(&db).await).await.expect("no error").expect("no other");
    let dead = Purge {}.enqueue(&mut connection(&db).await).await.expect("no error").expect("no other");
    sqlx::query(
        "with gone as (delete from jobs where id = $1 returning *)
         insert into job_history (id, queue, kind, outcome, priority, attempt, max_attempts, claim, created_at,
                                  expires_at, payload, last_error)
         select id, queue, kind, 'dead', priority, 3, max_attempts, claim, created_at,
                now() + interval '1 day', payload, 'the disk is full' from gone",
    )
    .bind(dead.0)
    .execute(&db)
    .await
    .expect("a job can die");
    let (ready, dead) = (ready.to_string(), dead.to_string());

    let list = pawdium(&db, &["jobs", "list", "--state", "dead"], "").await.out;
    assert!(list.contains("upkeep.purge.v1") && list.contains("the disk is full"), "{list}");
    assert!(!list.contains("ranking.refresh.v1"), "{list}");
    let all = pawdium(&db, &["jobs", "list", "--json"], "").await.out;
    let all: serde_json::Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    assert!(pawdium(&db, &["jobs", "show", &dead], "").await.out.contains("the disk is full"));

    let retried = pawdium(&db, &["jobs", "retry", &ready, &dead], "").await;
    assert!(
        !retried.succeeded && retried.err.contains(&format!("job {ready} is neither")),
        "{}",
        retried.err
    );
    assert!(retried.out.contains(&format!("{dead} is ready")), "{}", retried.out);
    assert!(pawdium(&db, &["jobs", "delete", &ready], "").await.succeeded);
    let deleted = ready.parse().expect("an id");
    assert!(inspect::find(&mut connection(&db).await, deleted).await.expect("no error").is_none());
}
