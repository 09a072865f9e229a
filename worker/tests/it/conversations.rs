//! SMTP conversations that are cut midway don't affect other mails.

use std::time::{Duration, Instant};

use futures::future::join_all;
use mail_parser::MessageParser;
use pawdium_kit::operators;
use pawdium_kit::sink::Sink;
use pawdium_kit::waiting::{SOON, find_job, until, until_idle};
use pawdium_kit::workers::enqueue;
use pawdium_queue::JobId;
use pawdium_shared::config::MailConfig;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::mail::{Mail, Mailer, SendError};
use pawdium_worker::runner;
use sqlx::PgPool;
use tempfile::TempDir;

use crate::mails::stored;
use crate::site::Site;
use crate::workers::start_workers;

/// How many copies of a job's mail have arrived.
fn copies(folder: &TempDir, job: JobId) -> usize {
    let of_job = |mail: &Vec<u8>| {
        let mail = MessageParser::default().parse(mail).expect("it is a mail");
        mail.message_id().is_some_and(|id| id.starts_with(&format!("job-{job}@")))
    };
    stored(folder.path()).iter().filter(|mail| of_job(mail)).count()
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_mail_cancelled_at_any_stage_leaves_the_next_one_alone(db: PgPool) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
    let site = Site::with(db, &[("PAWDIUM_MAIL__SMTP_URL", &sink.url())]);
    let user = site.member("ada").await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let mail = || SendMail::Verification { user, domain: None };
    // Send one mail first, so that any connection kept for reuse exists.
    enqueue(&site.db, &mail()).await;
    until_idle(&site.db).await;
    for stage in Sink::STAGES {
        sink.stall_at(stage);
        let cut = enqueue(&site.db, &mail()).await;
        sink.stalled().await;
        operators::cancel(&site.db, &[cut]).await;
        until("it is not running", SOON, async || {
            find_job(&site.db, cut).await.is_none_or(|job| job.state != "running").then_some(())
        })
        .await;
        // Within milliseconds the worker learns of the cancellation and drops the conversation.
        tokio::time::sleep(Duration::from_millis(100)).await;
        sink.fail_with(451);
        sink.go_on();

        let next = enqueue(&site.db, &mail()).await;
        let ended = until("it has had its answer", SOON, async || match find_job(&site.db, next).await {
            None => Some(None),
            Some(job) if job.state == "scheduled" => Some(job.last_error),
            Some(_) => None,
        })
        .await;
        let error = ended.unwrap_or_else(|| panic!("cut at {stage:?}: the next one counts as sent"));
        assert!(error.contains("451"), "cut at {stage:?}: {error}");
        assert_eq!(copies(&folder, next), 0);

        sink.accept();
        operators::retry(&site.db, &[next]).await;
        until_idle(&site.db).await;
        assert_eq!(copies(&folder, next), 1, "cut at {stage:?}");
    }
    workers.stop().await;
}

/// All at once, because each takes the whole timeout.
#[tokio::test]
async fn a_silent_server_takes_one_timeout_and_no_more() {
    let started = Instant::now();
    let sent = join_all(Sink::STAGES.map(async |stage| {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
        sink.stall_at(stage);
        let config = MailConfig { smtp_url: sink.url().into(), timeout_seconds: 1, ..MailConfig::default() };
        let mailer = Mailer::new(&config).expect("the URL is good");
        let mail = Mail {
            to: "ada@example.org".into(),
            subject: "Blep".into(),
            text: "Blep.".into(),
            html: "<p>Blep.</p>".into(),
            unsubscribe: None,
        };
        (stage, mailer.send(mail, JobId(1)).await, stored(folder.path()).len())
    }))
    .await;
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    for (stage, sent, stored) in sent {
        match stage {
            "QUIT" => assert!(sent.is_ok() && stored == 1, "it was accepted: {sent:?}"),
            _ => assert!(matches!(sent, Err(SendError::Later(_))) && stored == 0, "{stage:?}: {sent:?}"),
        }
    }
}
