//! Jobs, by id and by selection.

use pawdium_queue::JobId;
use pawdium_queue::{Enqueue as _, inspect};
use pawdium_shared::db::{Db, Tx};
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_shared::jobs::upkeep::Purge;
use sqlx::PgPool;

use crate::command::{audited, pawdium, read};

/// Makes a job dead.
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

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn jobs_are_listed_shown_retried_and_deleted(db: PgPool) {
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
        !retried.succeeded && retried.err.contains(&format!("job {ready} doesn't exist, or is not dead")),
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
async fn acting_on_a_selection_is_previewed_confirmed_and_audited(db: PgPool) {
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
    assert!(dry.out.starts_with("2 jobs (2 dead) would be retried"), "{}{}", dry.out, dry.err);
    let dry = read(&pawdium(&db, &[&["jobs", "retry", "--dry-run", "--json"], &full[..]].concat(), "").await);
    assert_eq!(dry["states"]["dead"], 2);
    let asked = pawdium(&db, &[&["jobs", "retry"], &full[..]].concat(), "").await;
    assert!(!asked.succeeded && asked.err.contains("Retry 2 jobs (2 dead)? Pass --yes"), "{}", asked.err);
    assert!(audited(&db).await.is_empty(), "nothing was changed yet");

    let retried = pawdium(&db, &[&["jobs", "retry", "--yes"], &full[..]].concat(), "").await;
    assert_eq!(retried.out, "2 jobs retried.\n", "{}", retried.err);
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
async fn an_empty_or_invalid_selection_changes_nothing(db: PgPool) {
    let job = Purge {}.enqueue_alone(&Db::from(db.clone())).await.expect("no error").expect("no other");
    let id = job.to_string();
    for (arguments, complaint) in [
        (&["jobs", "delete", "--yes"][..], "it would be every job there is"),
        (&["jobs", "delete", &id, "--state", "ready"], "not both"),
        (&["jobs", "delete", "--error", "50", "--yes"], "three letters or digits"),
        (&["jobs", "delete", "--member", "nobody", "--yes"], "there is no member nobody"),
        (&["jobs", "delete", "--state", "asleep", "--yes"], "possible values"),
        (&["jobs", "cancel", "999999"], "job 999999 doesn't exist"),
        (&["queues", "pause", "moon"], "possible values"),
        (&["queues", "limit", "mail"], "name a limit"),
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
