//! The operators' commands, run as operators run them.

use std::io::ErrorKind;
use std::process::Stdio;

use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::accounts::sessions::Token;
use pawdium_shared::accounts::{Role, passwords, queries};
use pawdium_shared::audit;
use pawdium_shared::db::{self, Db, Tx};
use pawdium_shared::ids::{JobId, UserId};
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_shared::jobs::upkeep::Purge;
use pawdium_shared::queue::{Enqueue as _, inspect, schedules};
use serde_json::json;
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
    pawdium_with(db, arguments, input, &[]).await
}

async fn pawdium_with(db: &PgPool, arguments: &[&str], input: &str, settings: &[(&str, &str)]) -> Ended {
    run(&url(db), arguments, input, settings).await
}

async fn pawdium_at(url: &Url, arguments: &[&str], input: &str) -> Ended {
    run(url, arguments, input, &[]).await
}

/// Where the test's database is.
fn url(db: &PgPool) -> Url {
    let mut url: Url = std::env::var("DATABASE_URL").expect("it is set").parse().expect("a URL");
    url.set_path(db.connect_options().get_database().expect("the test has a database"));
    url
}

async fn run(url: &Url, arguments: &[&str], input: &str, settings: &[(&str, &str)]) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pawdium"))
        .args(arguments)
        .env_remove("PAWDIUM_CONFIG")
        .env("PAWDIUM_DATABASE__URL", url.as_str())
        .env("PAWDIUM_SECURITY__SECRET", "a secret for tests, of no worth at all")
        .env("PAWDIUM_WEB__BASE_URL", "https://paw.example")
        .env("SUDO_USER", "grace")
        .envs(settings.iter().copied())
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

/// Has a job fail for good.
async fn kill(db: &PgPool, job: JobId, error: &str) {
    sqlx::query(
        "with gone as (delete from jobs where id = $1 returning *)
         insert into job_history (id, queue, kind, outcome, priority, attempt, max_attempts, claim, created_at,
                                  expires_at, payload, last_error)
         select id, queue, kind, 'dead', priority, 3, max_attempts, claim, created_at,
                now() + interval '1 day', payload, $2 from gone",
    )
    .bind(job.0)
    .bind(error)
    .execute(db)
    .await
    .expect("a job can die");
}

/// Whether this test runs outside of a login, whose user would be named before who used sudo.
fn nobody_logged_in() -> bool {
    std::fs::read_to_string("/proc/self/loginuid").is_ok_and(|uid| ["0", "4294967295"].contains(&uid.trim()))
}

/// What is in the audit log, the oldest first.
async fn audited(db: &PgPool) -> Vec<audit::Entry> {
    let mut entries = audit::list(&mut connection(db).await, None, 100).await.expect("no error");
    entries.reverse();
    entries
}

fn read(ended: &Ended) -> serde_json::Value {
    assert!(ended.succeeded, "{}", ended.err);
    serde_json::from_str(&ended.out).expect("JSON")
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn jobs_are_listed_shown_brought_back_and_deleted(db: PgPool) {
    let ready =
        RefreshRanks {}.enqueue_alone(&Db::from(db.clone())).await.expect("no error").expect("no other");
    let dead = Purge {}.enqueue_alone(&Db::from(db.clone())).await.expect("no error").expect("no other");
    kill(&db, dead, "the disk is full").await;
    let (ready, dead) = (ready.to_string(), dead.to_string());

    let list = pawdium(&db, &["jobs", "list", "--state", "dead"], "").await.out;
    assert!(list.contains("upkeep.purge.v1") && list.contains("the disk is full"), "{list}");
    assert!(!list.contains("ranking.refresh.v1"), "{list}");
    let all = pawdium(&db, &["jobs", "list", "--json"], "").await.out;
    let all: serde_json::Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    let shown = pawdium(&db, &["jobs", "show", &dead], "").await.out;
    assert!(shown.contains("It failed for good") && shown.contains("the disk is full"), "{shown}");
    let shown = read(&pawdium(&db, &["jobs", "show", &ready, "--json"], "").await);
    assert_eq!(shown["state"], "ready");
    assert_eq!(shown["why"], "It is waiting because no worker is alive.");
    assert_eq!(shown["timeline"][0]["what"], "enqueued");
    let errors = read(&pawdium(&db, &["jobs", "errors", "--json"], "").await);
    assert_eq!((&errors[0]["error"], &errors[0]["count"]), (&"the disk is full".into(), &1.into()));

    let retried = pawdium(&db, &["jobs", "retry", &ready, &dead], "").await;
    assert!(
        !retried.succeeded && retried.err.contains(&format!("job {ready} is not there, or not dead")),
        "{}",
        retried.err
    );
    assert!(retried.out.contains(&format!("{dead} is ready")), "{}", retried.out);
    assert!(pawdium(&db, &["jobs", "delete", &ready], "").await.succeeded);
    let deleted = ready.parse().expect("an id");
    assert!(
        inspect::find(&mut Tx::begin(&db).await.expect("a connection"), deleted)
            .await
            .expect("no error")
            .is_none()
    );
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn what_is_done_to_a_selection_of_jobs_is_previewed_confirmed_and_audited(db: PgPool) {
    let mut dead = Vec::new();
    for user in 1..=3 {
        let mail = SendMail::verification(UserId(user), "ada@example.org");
        dead.push(mail.enqueue_alone(&Db::from(db.clone())).await.expect("no error").expect("no other"));
    }
    for job in &dead[..2] {
        kill(&db, *job, "550 mailbox full").await;
    }
    kill(&db, dead[2], "451 try again later").await;
    let full = ["--state", "dead", "--error", "Mailbox FULL"];

    let dry = pawdium(&db, &[&["jobs", "retry", "--dry-run"], &full[..]].concat(), "").await;
    assert!(dry.out.starts_with("2 jobs (2 dead) would be brought back"), "{}{}", dry.out, dry.err);
    let dry = read(&pawdium(&db, &[&["jobs", "retry", "--dry-run", "--json"], &full[..]].concat(), "").await);
    assert_eq!(dry["states"]["dead"], 2);
    let asked = pawdium(&db, &[&["jobs", "retry"], &full[..]].concat(), "").await;
    assert!(!asked.succeeded && asked.err.contains("Retry 2 jobs (2 dead)? Say --yes"), "{}", asked.err);
    assert!(audited(&db).await.is_empty(), "nothing was done yet");

    let retried = pawdium(&db, &[&["jobs", "retry", "--yes"], &full[..]].concat(), "").await;
    assert_eq!(retried.out, "2 jobs brought back.\n", "{}", retried.err);
    let cancelled =
        read(&pawdium(&db, &["jobs", "cancel", "--kind", "mail.send.v1", "--yes", "--json"], "").await);
    assert_eq!(cancelled["jobs"].as_array().map(Vec::len), Some(2));
    let first = dead[0].to_string();
    let shown = read(&pawdium(&db, &["jobs", "show", &first, "--json"], "").await);
    assert_eq!(shown["state"], "cancelled");
    let deleted = pawdium(&db, &["jobs", "delete", "--error-group", "# try again later", "--yes"], "").await;
    assert_eq!(deleted.out, "1 job deleted.\n", "{}", deleted.err);

    let entries = audited(&db).await;
    let did: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), &entry.detail["jobs"])).collect();
    assert_eq!(did, [("job.retry", &2.into()), ("job.cancel", &2.into()), ("job.delete", &1.into())]);
    assert_eq!(entries[0].detail["filter"]["error"], "Mailbox FULL");
    assert!(entries.iter().all(|entry| entry.user.is_none() && entry.actor.contains('@')), "{entries:?}");
    let listed = pawdium(&db, &["audit"], "").await.out;
    assert!(listed.contains("job.delete") && listed.contains('@'), "{listed}");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_selection_that_says_nothing_or_nonsense_does_nothing(db: PgPool) {
    let job = Purge {}.enqueue_alone(&Db::from(db.clone())).await.expect("no error").expect("no other");
    let id = job.to_string();
    for (arguments, complaint) in [
        (&["jobs", "delete", "--yes"][..], "it would be every job there is"),
        (&["jobs", "delete", &id, "--state", "ready"], "not both"),
        (&["jobs", "delete", "--error", "50", "--yes"], "three letters or digits"),
        (&["jobs", "delete", "--member", "nobody", "--yes"], "no member is called nobody"),
        (&["jobs", "delete", "--state", "asleep", "--yes"], "possible values"),
        (&["jobs", "cancel", "999999"], "job 999999 is not there"),
        (&["queues", "pause", "moon"], "possible values"),
        (&["queues", "limit", "mail"], "say which limit"),
        (&["queues", "limit", "mail", "--max-running", "0"], "a whole number from 1"),
        (&["schedules", "run", "moon.land"], "there is no schedule moon.land"),
    ] {
        let ended = pawdium(&db, arguments, "").await;
        assert!(
            !ended.succeeded && ended.err.contains(complaint),
            "{arguments:?}: {}{}",
            ended.out,
            ended.err
        );
    }
    let still = inspect::find(&mut Tx::begin(&db).await.expect("a connection"), job)
        .await
        .expect("no error")
        .expect("it is there");
    assert_eq!(still.state, "ready");
    assert!(audited(&db).await.is_empty());
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn queues_are_paused_resumed_and_limited_and_all_of_it_audited(db: PgPool) {
    Purge {}.enqueue_alone(&Db::from(db.clone())).await.expect("no error");
    assert_eq!(pawdium(&db, &["queues", "pause", "upkeep"], "").await.out, "upkeep is paused\n");
    assert_eq!(
        pawdium(&db, &["queues", "pause", "upkeep"], "").await.out,
        "upkeep is paused, and was before\n"
    );
    let limits = ["queues", "limit", "mail", "--max-running", "3", "--partition-starts-per-minute", "20"];
    assert!(pawdium(&db, &limits, "").await.succeeded);
    let limited =
        pawdium(&db, &["queues", "limit", "mail", "--partition-starts-per-minute", "none"], "").await;
    assert_eq!(limited.out, "mail: 3 at once, each share 2 at once\n", "{}", limited.err);

    let list = pawdium(&db, &["queues", "list"], "").await.out;
    assert!(list.contains("upkeep is paused since") && list.contains("mail is limited: 3 at once"), "{list}");
    let list = read(&pawdium(&db, &["queues", "list", "--json"], "").await);
    let queue = |name: &str| {
        let queues = list.as_array().expect("a list");
        queues.iter().find(|queue| queue["name"] == name).expect("every queue").clone()
    };
    assert_eq!(queue("upkeep")["kinds"][0]["ready"], 1);
    assert!(queue("upkeep")["paused_at"].is_string() && queue("mail")["paused_at"].is_null());
    assert_eq!(queue("mail")["max_running"], 3);
    assert_eq!(pawdium(&db, &["queues", "resume", "upkeep"], "").await.out, "upkeep runs again\n");
    for (arguments, said) in [
        (
            &["queues", "pause", "upkeep", "--json"][..],
            json!({"name": "upkeep", "paused": true, "changed": true}),
        ),
        (
            &["queues", "resume", "upkeep", "--json"],
            json!({"name": "upkeep", "paused": false, "changed": true}),
        ),
        (
            &["queues", "limit", "mail", "--max-running", "none", "--json"],
            json!({"name": "mail", "max_running": null, "starts_per_minute": null, "partition_max_running": 2,
                   "partition_starts_per_minute": null}),
        ),
    ] {
        assert_eq!(read(&pawdium(&db, arguments, "").await), said);
    }

    let did: Vec<_> = audited(&db).await.into_iter().map(|entry| entry.action).collect();
    assert_eq!(
        did,
        [
            "queue.pause",
            "queue.limit",
            "queue.limit",
            "queue.resume",
            "queue.pause",
            "queue.resume",
            "queue.limit"
        ]
    );
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_schedules_job_is_asked_for_now(db: PgPool) {
    let none = pawdium(&db, &["schedules", "list"], "").await.out;
    assert!(none.contains("is pawdium-scheduler running?"), "{none}");
    let schedule = schedules::Announcement {
        name: "upkeep.purge",
        expression: "17 3 * * *".to_owned(),
        missed: "once".to_owned(),
        kind: "upkeep.purge.v1",
        next_at: None,
    };
    schedules::announce(&mut connection(&db).await, &[schedule]).await.expect("no error");
    let asked = pawdium(&db, &["schedules", "run", "upkeep.purge"], "").await;
    assert!(asked.out.contains("a scheduler enqueues its job"), "{}", asked.err);
    let again = pawdium(&db, &["schedules", "run", "upkeep.purge"], "").await;
    assert!(again.succeeded && again.out.contains("was asked for before"), "{}", again.out);
    let again = pawdium(&db, &["schedules", "run", "upkeep.purge", "--json"], "").await;
    assert_eq!(read(&again), json!({"name": "upkeep.purge", "changed": false}));
    let list = pawdium(&db, &["schedules", "list"], "").await.out;
    assert!(list.contains("17 3 * * *") && list.contains("now"), "{list}");
    let list = read(&pawdium(&db, &["schedules", "list", "--json"], "").await);
    assert!(list[0]["requested_at"].is_string());
    let did: Vec<_> = audited(&db).await.into_iter().map(|entry| entry.action).collect();
    assert_eq!(did, ["schedule.run"]);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn the_media_store_is_adopted_when_that_is_confirmed_and_the_log_knows(db: PgPool) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = format!("file://{}", folder.path().display());
    let adopt = async |arguments: &[&str]| {
        pawdium_with(&db, arguments, "", &[("PAWDIUM_MEDIA__STORE", &store)]).await
    };
    let asked = adopt(&["media", "adopt"]).await;
    assert!(!asked.succeeded && asked.err.contains("--yes"), "{}", asked.err);
    let first = adopt(&["media", "adopt", "--yes"]).await;
    assert!(first.succeeded && first.out.contains("already"), "{}{}", first.out, first.err);
    sqlx::query("update site set id = gen_random_uuid()").execute(&db).await.expect("it can be changed");
    let second = adopt(&["media", "adopt", "--yes"]).await;
    assert!(
        second.succeeded && second.out.contains("belongs to another site"),
        "{}{}",
        second.out,
        second.err
    );
    let did: Vec<_> =
        audited(&db).await.into_iter().map(|entry| (entry.action, entry.detail["was"].clone())).collect();
    let was = json!("the media store belongs to another site");
    assert_eq!(did, [("media.adopt".to_owned(), json!(null)), ("media.adopt".to_owned(), was)]);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_database_url_without_a_user_means_the_one_who_asks(db: PgPool) {
    let id = std::process::Command::new("id").arg("-un").output().expect("there is id");
    let user = String::from_utf8(id.stdout).expect("a name");
    // The role is the server's; another run may have made it.
    let _ = sqlx::query(sqlx::AssertSqlSafe(format!("create role \"{}\" superuser login", user.trim())))
        .execute(&db)
        .await;
    let mut without_user = url(&db);
    without_user.set_username("").expect("a URL may have no user");
    let listed = pawdium_at(&without_user, &["queues", "list"], "").await;
    assert!(listed.succeeded && listed.out.contains("mail"), "{}", listed.err);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn migrating_does_not_wait_for_what_will_not_heal(db: PgPool) {
    let begin = std::time::Instant::now();
    let wait = ["migrate", "--wait", "300"];
    let mut stranger = url(&db);
    stranger.set_username("nobody-such").expect("a user");
    let ended = pawdium_at(&stranger, &wait, "").await;
    assert!(!ended.succeeded && ended.err.contains("createuser nobody-such"), "{}", ended.err);
    let mut nowhere = url(&db);
    nowhere.set_path("nowhere");
    let ended = pawdium_at(&nowhere, &wait, "").await;
    assert!(!ended.succeeded && ended.err.contains("There is no database nowhere"), "{}", ended.err);
    assert!(begin.elapsed().as_secs() < 60, "it waited");

    let mut away = url(&db);
    away.set_query(Some("host=/nowhere/at/all"));
    let ended = pawdium_at(&away, &["migrate", "--wait", "2"], "").await;
    assert!(!ended.succeeded && ended.err.contains("waiting for the database"), "{}", ended.err);
    assert!(ended.err.contains("the database does not answer"), "{}", ended.err);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_schema_of_a_later_version_stays_as_it_is_and_is_good_enough(db: PgPool) {
    let note = |version: i64| {
        sqlx::query(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values ($1, 'later', true, '', 0)",
        )
        .bind(version)
        .execute(&db)
    };
    note(999_999).await.expect("it is noted");
    let ended = pawdium(&db, &["migrate"], "").await;
    assert!(
        ended.succeeded && ended.out.contains("newer than this program, by 1 migration,"),
        "{}",
        ended.err
    );
    assert!(db::is_migrated(&db).await.expect("no error"));

    // Another program's migrations, and not a later version of ours.
    note(0).await.expect("it is noted");
    let ended = pawdium(&db, &["migrate"], "").await;
    assert!(!ended.succeeded && ended.err.contains("missing in the resolved migrations"), "{}", ended.err);
}
