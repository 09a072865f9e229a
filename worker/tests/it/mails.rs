//! Mails over a real SMTP conversation.

use std::path::Path;

use mail_parser::MessageParser;
use pawdium_kit::operators;
use pawdium_kit::sink::Sink;
use pawdium_kit::waiting::{SOON, find_job, until, until_idle, until_job_is};
use pawdium_kit::workers::enqueue;
use pawdium_queue::JobId;
use pawdium_queue::inspect;
use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::accounts::sessions::Token;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_worker::runner;
use sqlx::PgPool;

use crate::site::Site;
use crate::workers::start_workers;

pub(crate) fn stored(folder: &Path) -> Vec<Vec<u8>> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mails = entries.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
    mails.map(|path| std::fs::read(path).expect("a mail can be read")).collect()
}

/// Extracts the token of the link that starts with this text.
fn token_in(text: &str, link: &str) -> Token {
    let (_, rest) = text.split_once(link).expect("the link is there");
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(rest.len());
    Token::presented(&rest[..end])
}

async fn works(db: &PgPool, token: &Token, purpose: Purpose) -> bool {
    let mut db = db.acquire().await.expect("a connection");
    links::find_user(&mut db, token, purpose).await.expect("no error").is_some()
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_reset_mail_arrives_with_a_link_that_works(db: PgPool) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
    let site = Site::with(
        db,
        &[("PAWDIUM_MAIL__SMTP_URL", &sink.url()), ("PAWDIUM_MAIL__FROM", "Paw <paw@paw.example>")],
    );
    site.member("ada").await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let job = enqueue(&site.db, &SendMail::PasswordReset { email: "ADA@example.org".into() }).await;
    let mails = until("the mail is there", SOON, async || {
        Some(stored(folder.path())).filter(|mails| mails.len() == 1)
    })
    .await;
    until_idle(&site.db).await;
    assert!(find_job(&site.db, job).await.is_none(), "an address is kept no longer than it takes");

    let mail = MessageParser::default().parse(&mails[0]).expect("it is a mail");
    let addresses = |list: Option<&mail_parser::Address<'_>>| {
        list.and_then(|list| list.first()).and_then(|one| one.address()).map(str::to_owned)
    };
    assert_eq!(addresses(mail.to()).as_deref(), Some("ada@example.org"));
    assert_eq!(addresses(mail.from()).as_deref(), Some("paw@paw.example"));
    assert_eq!(mail.message_id(), Some(format!("job-{job}@paw.example").as_str()));
    let (text, html) = (mail.body_text(0).expect("a text part"), mail.body_html(0).expect("an HTML part"));
    for part in [&text, &html] {
        let token = token_in(part, "https://paw.example/reset/");
        assert!(works(&site.db, &token, Purpose::Reset).await);
        assert!(!works(&site.db, &token, Purpose::Verify).await);
    }
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_verification_mail_is_sent_until_the_address_is_verified(db: PgPool) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
    let site = Site::with(db, &[("PAWDIUM_MAIL__SMTP_URL", &sink.url())]);
    let user = site.member("ada").await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &SendMail::Verification { user, domain: None }).await;
    until_idle(&site.db).await;
    let mails = stored(folder.path());
    assert_eq!(mails.len(), 1);
    let mail = MessageParser::default().parse(&mails[0]).expect("it is a mail");
    let token = token_in(&mail.body_text(0).expect("a text part"), "https://paw.example/verify/");
    assert!(works(&site.db, &token, Purpose::Verify).await);

    let mut connection = site.db.acquire().await.expect("a connection");
    pawdium_shared::accounts::queries::verify_email(&mut connection, user).await.expect("no error");
    drop(connection);
    enqueue(&site.db, &SendMail::Verification { user, domain: None }).await;
    until_idle(&site.db).await;
    assert_eq!(stored(folder.path()).len(), 1);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn an_address_that_belongs_to_nobody_gets_no_mail(db: PgPool) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
    let site = Site::with(db, &[("PAWDIUM_MAIL__SMTP_URL", &sink.url())]);
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let job = enqueue(&site.db, &SendMail::PasswordReset { email: "nobody@example.org".into() }).await;
    until_idle(&site.db).await;
    assert!(find_job(&site.db, job).await.is_none(), "that is success");
    assert!(stored(folder.path()).is_empty());
    workers.stop().await;
}

/// Makes a job this old and due now.
async fn hurry(db: &PgPool, job: JobId, minutes: i32) {
    let aged = sqlx::query("update jobs set created_at = now() - make_interval(mins => $2) where id = $1");
    aged.bind(job.0).bind(minutes).execute(db).await.expect("jobs can be changed");
    operators::retry(db, &[job]).await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_mail_is_retried_while_it_is_useful_and_then_dead_and_visible(db: PgPool) {
    let site = Site::with(db, &[("PAWDIUM_MAIL__SMTP_URL", "smtp://127.0.0.1:9")]);
    let user = site.member("ada").await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    for (mail, minutes) in [
        (SendMail::Verification { user, domain: None }, 24 * 60),
        (SendMail::PasswordReset { email: "ada@example.org".into() }, 30),
    ] {
        let job = enqueue(&site.db, &mail).await;
        for _ in 0..12 {
            let waiting = until_job_is(&site.db, job, "scheduled").await;
            assert_eq!(waiting.attempt, 0, "it doesn't count");
            assert!(waiting.last_error.is_some_and(|error| error.contains("could not be sent")));
            hurry(&site.db, job, minutes - 2).await;
        }
        for attempt in 0..3 {
            assert_eq!(until_job_is(&site.db, job, "scheduled").await.attempt, attempt);
            hurry(&site.db, job, minutes + 1).await;
        }
        assert_eq!(until_job_is(&site.db, job, "dead").await.attempt, 3);
    }
    let mut connection = site.db.acquire().await.expect("a connection");
    let kinds = inspect::count_kinds(&mut connection).await.expect("no error");
    assert_eq!(
        kinds.iter().map(|kind| (kind.kind.as_str(), kind.dead)).collect::<Vec<_>>(),
        [("mail.send.v1", 2)]
    );
    drop(connection);
    workers.stop().await;
}

/// Delays a job's next attempt by an hour. Returns false if the job isn't waiting for one.
async fn postpone(db: &PgPool, job: JobId) -> bool {
    let postponed = sqlx::query(
        "update jobs set run_at = now() + interval '1 hour' where id = $1 and state = 'scheduled'",
    );
    postponed.bind(job.0).execute(db).await.expect("jobs can be changed").rows_affected() == 1
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_temporary_refusal_is_retried_and_a_permanent_one_is_not(db: PgPool) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let sink = Sink::bind_anywhere(folder.path()).await.expect("a port is free");
    let site = Site::with(db, &[("PAWDIUM_MAIL__SMTP_URL", &sink.url())]);
    let user = site.member("ada").await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    sink.fail_with(451);
    let later = enqueue(&site.db, &SendMail::Verification { user, domain: None }).await;
    until("it is to be tried again", SOON, async || postpone(&site.db, later).await.then_some(())).await;
    sink.fail_with(550);
    let never = enqueue(&site.db, &SendMail::Verification { user, domain: None }).await;
    assert_eq!(until_job_is(&site.db, never, "dead").await.attempt, 1);
    sink.accept();
    sqlx::query("update jobs set run_at = now()").execute(&site.db).await.expect("a job");
    until_idle(&site.db).await;
    assert_eq!(stored(folder.path()).len(), 1);
    workers.stop().await;
}
