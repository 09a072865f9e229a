//! Stopping a worker process.

use std::time::Duration;

use pawdium_kit::waiting::{SOON, count, find_job, until, until_job_is, until_listening};
use pawdium_kit::workers::enqueue;
use pawdium_shared::jobs::mail::SendMail;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Child;

use crate::site::Site;

fn terminate(child: &Child) {
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed())).expect("it is running");
    kill_process(pid, Signal::TERM).expect("it can be told");
}

async fn ends_well(mut child: Child, within: Duration) {
    let status =
        tokio::time::timeout(within, child.wait()).await.expect("it ends in time").expect("it is ours");
    assert!(status.success(), "{status}");
}

/// An SMTP server that greets after a delay and accepts everything.
async fn slow_smtp(delay: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("smtp://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                tokio::time::sleep(delay).await;
                let mut reply: &[u8] = b"220 at last\r\n";
                let mut buffer = [0; 4096];
                while stream.write_all(reply).await.is_ok() {
                    let Ok(length @ 1..) = stream.read(&mut buffer).await else { return };
                    let line = &buffer[..length];
                    reply = if line.starts_with(b"DATA") { b"354 go on\r\n" } else { b"250 fine\r\n" };
                }
            });
        }
    });
    url
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn jobs_that_outlast_the_drain_are_handed_back_without_an_attempt(db: PgPool) {
    let smtp = slow_smtp(Duration::from_mins(5)).await;
    let site = Site::with(db, &[("PAWDIUM_MAIL__SMTP_URL", &smtp), ("PAWDIUM_WORKER__DRAIN_SECONDS", "1")]);
    let user = site.member("ada").await;
    let worker = site.spawn_worker();
    let job = enqueue(&site.db, &SendMail::Verification { user, domain: None }).await;
    until_job_is(&site.db, job, "running").await;
    terminate(&worker);
    ends_well(worker, SOON).await;
    let row = find_job(&site.db, job).await.expect("it is not lost");
    assert_eq!((row.state.as_str(), row.attempt), ("ready", 0));
    assert_eq!(count(&site.db, "select count(*) from job_workers where gone_at is null").await, 0);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn jobs_that_end_within_the_drain_finish_before_the_process_stops(db: PgPool) {
    let smtp = slow_smtp(Duration::from_secs(5)).await;
    let site = Site::with(db, &[("PAWDIUM_MAIL__SMTP_URL", &smtp)]);
    let user = site.member("ada").await;
    let worker = site.spawn_worker();
    let job = enqueue(&site.db, &SendMail::Verification { user, domain: None }).await;
    until_job_is(&site.db, job, "running").await;
    until_listening(&site.db, 1).await;
    terminate(&worker);
    until_listening(&site.db, 0).await;
    let late = enqueue(&site.db, &SendMail::PasswordReset { email: "nobody@example.org".into() }).await;
    ends_well(worker, SOON).await;
    assert!(find_job(&site.db, job).await.is_none(), "a mail that was sent leaves nothing");
    let late = find_job(&site.db, late).await.expect("it is not lost");
    assert_eq!((late.state.as_str(), late.attempt), ("ready", 0));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_worker_that_starts_before_its_database_waits_for_it(db: PgPool) {
    let site = Site::new(db);
    sqlx::query("alter table job_workers rename to not_yet")
        .execute(&site.db)
        .await
        .expect("it can be renamed");
    let mut worker = site.spawn_worker();
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(worker.try_wait().expect("it is ours").is_none(), "it still waits");
    sqlx::query("alter table not_yet rename to job_workers")
        .execute(&site.db)
        .await
        .expect("it can be renamed");
    let registered = "select count(*) from job_workers where gone_at is null";
    until("it registers", SOON, async || (count(&site.db, registered).await == 1).then_some(())).await;
    terminate(&worker);
    ends_well(worker, SOON).await;
}
