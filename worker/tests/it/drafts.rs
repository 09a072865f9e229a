//! Drafts that expire: who is told, what is deleted, and how long anything is locked.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use mail_parser::MessageParser;
use pawdium_kit::sink::Sink;
use pawdium_kit::waiting::{count, until_idle};
use pawdium_kit::workers::enqueue;
use pawdium_shared::db::Tx;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::jobs::upkeep::ExpireDrafts;
use pawdium_shared::photos::{Species, drafts, expiry, transitions};
use pawdium_worker::handlers::expire;
use pawdium_worker::runner;
use sqlx::{AssertSqlSafe, PgPool};

use crate::site::{Site, draft, stored};
use crate::workers::start_workers;

/// How many drafts expire in the test of locks. `PAWDIUM_TEST_DRAFTS=100000` measures the full number.
fn many() -> i64 {
    std::env::var("PAWDIUM_TEST_DRAFTS").ok().and_then(|number| number.parse().ok()).unwrap_or(3_000)
}

async fn keep(site: &Site, owner: UserId, key: &str) -> PhotoId {
    let mut tx = Tx::begin(&site.db).await.expect("a transaction");
    let kept = transitions::keep_draft(&mut tx, owner, &draft(Species::Cat), Some(stored(key))).await;
    tx.commit().await.expect("a commit");
    kept.expect("a draft")
}

async fn execute(db: &PgPool, statement: impl Into<String>) {
    sqlx::raw_sql(AssertSqlSafe(statement.into())).execute(db).await.expect("the statement is good");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_draft_touched_a_second_before_the_limit_stays(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = keep(&site, owner, "incoming/none").await;
    let touched: chrono::DateTime<Utc> = sqlx::query_scalar("select touched_at from photos where id = $1")
        .bind(photo.0)
        .fetch_one(&site.db)
        .await
        .expect("it is there");
    let limit = expiry::expires_at(touched, site.env.upkeep.draft_days);
    let done = expire(&site.env, limit - TimeDelta::seconds(1)).await.expect("no error");
    assert_eq!(done.drafts, 0);
    // Looking at it in the last second moves the limit.
    execute(&site.db, "update photos set touched_at = touched_at - interval '10 seconds'").await;
    assert!(
        drafts::touch(&mut site.db.acquire().await.expect("a connection"), photo, owner)
            .await
            .expect("asked")
    );
    assert_eq!(expire(&site.env, limit).await.expect("no error").drafts, 0);
    let done = expire(&site.env, limit + TimeDelta::minutes(1)).await.expect("no error");
    assert_eq!((done.drafts, count(&site.db, "select count(*) from photos").await), (1, 0));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn expired_drafts_go_with_files_that_nobody_else_names(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let (gone, shared) = (site.upload(b"hers alone").await, site.upload(b"two drafts'").await);
    keep(&site, owner, gone.as_str()).await;
    keep(&site, owner, shared.as_str()).await;
    execute(&site.db, "update photos set touched_at = now() - interval '31 days'").await;
    let kept = keep(&site, owner, shared.as_str()).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &ExpireDrafts {}).await;
    until_idle(&site.db).await;
    workers.stop().await;
    let left: Vec<i64> =
        sqlx::query_scalar("select id from photos").fetch_all(&site.db).await.expect("asked");
    assert_eq!(left, [kept.0]);
    assert_eq!(site.files("incoming").len(), 1);
    let name = shared.as_str().trim_start_matches("incoming/");
    assert!(site.files("incoming")[0].ends_with(name));
    assert_eq!(count(&site.db, "select count(*) from job_history where outcome = 'dead'").await, 0);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn many_expired_drafts_are_purged_without_long_locks(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let drafts = many();
    execute(
        &site.db,
        format!(
            "insert into photos (owner_id, title, species, state, source_key, touched_at)
             select {owner}, 'Draft ' || n, 'cat', 'draft', 'incoming/' || n, now() - interval '40 days'
             from generate_series(1, {drafts}) as n;
             insert into photo_stats (photo_id) select id from photos;
             insert into photo_steps (photo_id, step) select id, 'received' from photos;
             analyze"
        ),
    )
    .await;
    let young = keep(&site, owner, "incoming/young").await;
    let began = Instant::now();
    let purge = tokio::spawn({
        let env = site.env.clone();
        async move { expire(&env, Utc::now()).await }
    });
    // Somebody who saves a draft meanwhile never waits.
    let mut longest = Duration::ZERO;
    while !purge.is_finished() {
        let began = Instant::now();
        let mut db = site.db.acquire().await.expect("a connection");
        drafts::touch(&mut db, young, owner).await.expect("no error");
        sqlx::query("select id from users where id = $1 for no key update")
            .bind(owner.0)
            .execute(&mut *db)
            .await
            .expect("no error");
        longest = longest.max(began.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let done = purge.await.expect("it ends").expect("no error");
    let took = began.elapsed();
    println!("{drafts} drafts in {took:?}, longest transaction {:?}, longest wait {longest:?}", done.longest);
    assert_eq!(i64::try_from(done.drafts).expect("few"), drafts);
    assert_eq!(count(&site.db, "select count(*) from photos").await, 1);
    assert!(took < Duration::from_mins(1), "{took:?}");
    // Other tests run beside this one; alone it takes a fraction.
    assert!(longest < Duration::from_millis(500), "{longest:?}");
    let jobs = "select sum(jsonb_array_length(payload->'originals'))::bigint from jobs where kind = 'media.discard.v1'";
    assert_eq!(count(&site.db, jobs).await, drafts);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn owners_get_one_mail_three_days_before(db: PgPool) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
    let site = Site::with(db, &[("PAWDIUM_MAIL__SMTP_URL", &sink.url())]);
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    for key in ["incoming/a", "incoming/b"] {
        keep(&site, ada, key).await;
    }
    keep(&site, bob, "incoming/c").await;
    execute(
        &site.db,
        format!("update photos set touched_at = now() - interval '26 days 23 hours' where owner_id = {ada}"),
    )
    .await;
    let mails = || {
        let files = std::fs::read_dir(folder.path()).into_iter().flatten().flatten();
        files.filter(|file| file.path().extension().is_some_and(|kind| kind == "eml")).count()
    };
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &ExpireDrafts {}).await;
    until_idle(&site.db).await;
    assert_eq!(mails(), 0, "too early");
    execute(&site.db, "update photos set touched_at = touched_at - interval '1 hour 1 minute'").await;
    for _ in 0..2 {
        enqueue(&site.db, &ExpireDrafts {}).await;
        until_idle(&site.db).await;
    }
    assert_eq!(mails(), 1, "one for both drafts, and one only");
    let file = std::fs::read_dir(folder.path()).into_iter().flatten().flatten().next().expect("a mail");
    let mail = std::fs::read(file.path()).expect("it is readable");
    let mail = MessageParser::default().parse(&mail).expect("it is a mail");
    let to = mail.to().and_then(|to| to.first()).and_then(|to| to.address());
    assert_eq!(to, Some("ada@example.org"));
    let text = mail.body_text(0).expect("a text");
    assert!(text.contains("https://paw.example/drafts") && text.matches("- Blep").count() == 2, "{text}");

    // Who touches a draft is told again when it expires the next time.
    execute(&site.db, "update photos set touched_at = now()").await;
    execute(
        &site.db,
        format!(
            "update photos set touched_at = now() - interval '28 days', reminded_at = now() - interval '29 days'
             where owner_id = {ada}"
        ),
    )
    .await;
    enqueue(&site.db, &ExpireDrafts {}).await;
    until_idle(&site.db).await;
    workers.stop().await;
    assert_eq!(mails(), 2);
}
