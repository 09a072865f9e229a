use std::time::Duration;

use askama::Template;
use pawdium_web::views::admin::{AdminPage, JobFailure, JobKind, WaitingMail, WorkerProcess};
use pawdium_web::views::api::ApiPage;
use pawdium_web::views::demo::{MailPage, MailRow, MailboxPage};
use pawdium_web::views::errors::ErrorPage;

use super::{Sample, Samples, moment, page};

impl Samples {
    pub(super) fn admin_pages(&self) -> askama::Result<Vec<Sample>> {
        let text = |usual: &str| self.text.clone().unwrap_or_else(|| usual.to_owned());
        let kind = |queue: &str, kind: &str, figures: [i64; 4], oldest: Option<u64>| JobKind {
            queue: queue.to_owned(),
            kind: kind.to_owned(),
            ready: figures[0],
            running: figures[1],
            scheduled: figures[2],
            dead: figures[3],
            oldest: oldest.map(Duration::from_secs),
        };
        let failure = |id, kind: &str, error: &str, dead| JobFailure {
            id,
            kind: kind.to_owned(),
            error: text(error),
            at: moment(),
            attempts: 3,
            max_attempts: 8,
            dead,
        };
        let admin = AdminPage {
            chrome: self.member(),
            mail: Some(WaitingMail {
                count: 2,
                oldest: Duration::from_mins(7),
                error: Some("the mail could not be sent: connection refused".to_owned()),
            }),
            kinds: vec![
                kind("media", "media.process.v1", [14, 2, 0, 1], Some(8)),
                kind("mail", "mail.send.v1", [0, 0, 2, 0], None),
                kind("ranking", "ranking.refresh.v1", [0, 1, 1, 0], None),
                kind("ranking", "virality.refresh.v1", [1, 0, 1, 0], Some(1)),
                kind("cache", "cache.invalidate.v1", [1_240, 4, 0, 0], Some(75)),
                kind("metrics", "metrics.report.v1", [0, 0, 1, 2], None),
                kind("upkeep", "upkeep.purge.v1", [0, 0, 1, 0], None),
            ],
            failures: vec![
                failure(48_213, "mail.send.v1", "connection refused (os error 111)", false),
                failure(48_102, "media.process.v1", "decoder ended by signal 31 (bad system call)", true),
            ],
            workers: vec![worker(2_211, 5), worker(2_305, 2)],
            at: moment(),
            may_act: true,
        };
        let idle = AdminPage {
            mail: None,
            chrome: self.member(),
            kinds: Vec::new(),
            failures: Vec::new(),
            workers: Vec::new(),
            at: moment(),
            may_act: false,
        };
        let row = MailRow {
            id: "1".to_owned(),
            to: "ada@example.org".to_owned(),
            subject: text("Your new password"),
            at: moment(),
        };
        let mail = MailPage {
            chrome: self.nobody(),
            from: "Pawdium <noreply@pawdium.test>".to_owned(),
            to: "ada@example.org".to_owned(),
            subject: text("Choose a new password"),
            at: moment(),
            text: text(
                "Hello ada,\n\nsomebody asked for a new password. If it was you, open\nhttp://127.0.0.1:8080/reset/abc.\n\nPawdium",
            ),
        };
        let broken = ErrorPage { id: Some("01J9Z3K8Q2X7".to_owned()), ..ErrorPage::new(self.nobody(), 500) };
        let busy = ErrorPage { may_pass: true, ..ErrorPage::new(self.nobody(), 429) };
        let error = |code| ErrorPage::new(self.nobody(), code).render();
        Ok(vec![
            page("/admin", admin.render()?),
            page("/admin-idle", idle.render()?),
            page(
                "/demo/mail",
                MailboxPage { chrome: self.nobody(), mails: vec![row.clone(), row] }.render()?,
            ),
            page("/demo/mail/1", mail.render()?),
            page("/demo/mail-empty", MailboxPage { chrome: self.nobody(), mails: Vec::new() }.render()?),
            page(
                "/api",
                ApiPage { chrome: self.nobody(), origin: "http://127.0.0.1:8080".to_owned() }.render()?,
            ),
            page("/404", error(404)?),
            page("/403", error(403)?),
            page("/413", error(413)?),
            page("/429", busy.render()?),
            page("/500", broken.render()?),
            page("/503", error(503)?),
        ])
    }
}

fn worker(pid: i32, running: i64) -> WorkerProcess {
    WorkerProcess {
        name: format!("host-1:{pid}:01J9Z3K8Q2"),
        host: "host-1".to_owned(),
        pid,
        since: moment(),
        running,
        beat: Duration::from_secs(3),
    }
}
