use std::time::Duration;

use askama::Template;
use pawdium_shared::operate::Act;
use pawdium_web::views::admin::{
    AuditLine, AuditPage, AuditSearch, BulkPage, BulkState, Chart, ErrorLine, JobFacts, JobGonePage, JobLine,
    JobPage, JobStatus, JobsPage, KindLine, LimitFields, MissingJobs, Point, PointKind, QueueBoard,
    QueueCard, QueueFigures, QueuesPage, ScheduleLine, SchedulesPage, SearchFields, Stretch, Window,
};
use pawdium_web::views::{Field, Fragment};
use strum::VariantArray as _;

use super::{Sample, Samples, moment, page};

impl Samples {
    pub(super) fn admin_queue_pages(&self) -> askama::Result<Vec<Sample>> {
        Ok(vec![
            page("/admin/queues", self.queues()?.render()?),
            page("/admin/jobs", self.jobs(true).render()?),
            page("/admin/jobs-none", self.jobs(false).render()?),
            page("/admin/jobs/bulk", self.bulk(312).render()?),
            page("/admin/jobs/bulk-none", self.bulk(0).render()?),
            page("/admin/jobs/48102", self.job()?.render()?),
            page("/admin/jobs/1", JobGonePage { chrome: self.member(), id: 1 }.render()?),
            page("/admin/schedules", self.schedules().render()?),
            page("/admin/audit", self.audit().render()?),
        ])
    }

    fn say(&self, usual: &str) -> String {
        self.text.clone().unwrap_or_else(|| usual.to_owned())
    }

    fn queues(&self) -> askama::Result<QueuesPage> {
        let kind = |kind: &str, busy: i64| KindLine { kind: kind.to_owned(), figures: figures(busy) };
        let queue = |name: &str, kinds: Vec<KindLine>, busy| QueueCard {
            name: name.to_owned(),
            paused_at: (name == "mail").then(moment),
            limits: if name == "mail" { vec!["each partition 2 at once".to_owned()] } else { Vec::new() },
            form: LimitFields {
                max_running: Field::refused(self.say("x"), "A whole number from 1 to 1,000,000."),
                ..LimitFields::default()
            },
            figures: figures(busy),
            kinds,
        };
        let board = QueueBoard {
            queues: vec![
                queue("media", vec![kind("media.process.v1", 40)], 40),
                queue("mail", vec![kind("mail.send.v1", 3)], 3),
                queue("ranking", vec![kind("ranking.refresh.v1", 9), kind("virality.refresh.v1", 0)], 9),
            ],
            window: Window::SixHours,
            missing: vec![MissingJobs { kind: "mail.send.v1".to_owned(), jobs: -2 }],
            workers: 0,
            may_act: true,
            at: moment(),
        };
        Ok(QueuesPage { chrome: self.member(), board: Fragment::render(&board)?, window: Window::SixHours })
    }

    fn line(&self, id: i64, state: &'static str, acts: Vec<Act>) -> JobLine {
        JobLine {
            id,
            kind: "media.process.v1".to_owned(),
            state,
            attempt: 4,
            max_attempts: 4,
            subject: Some(self.say("photo 12")),
            created_at: moment(),
            at: Some(moment()),
            error: (state == "dead").then(|| self.say("decoder ended by signal 31 (bad system call)")),
            acts,
        }
    }

    fn search(&self) -> SearchFields {
        SearchFields {
            id: Field::refused(self.say("twelve"), "Enter a number."),
            state: Field::of("dead"),
            error: Field::of(self.say("signal")),
            group: self.say("decoder ended by signal #"),
            kinds: vec!["mail.send.v1".to_owned(), self.say("media.process.v1")],
            ..SearchFields::default()
        }
    }

    fn jobs(&self, found: bool) -> JobsPage {
        let group = ErrorLine {
            kind: "media.process.v1".to_owned(),
            error: self.say("decoder ended by signal # (bad system call)"),
            count: 1_312,
            last: moment(),
            address: Some("/admin/jobs?state=dead".to_owned()),
        };
        let jobs = vec![
            self.line(48_213, "scheduled", Act::VARIANTS.to_vec()),
            self.line(48_102, "dead", vec![Act::Retry, Act::Delete]),
            self.line(48_101, "running", vec![Act::Cancel]),
            self.line(48_100, "done", Vec::new()),
        ];
        JobsPage {
            chrome: self.member(),
            search: if found { self.search() } else { SearchFields::default() },
            errors: if found { vec![group] } else { Vec::new() },
            jobs: if found { jobs } else { Vec::new() },
            older: found.then(|| "/admin/jobs?before=48100".to_owned()),
            later: found,
            may_act: true,
        }
    }

    fn bulk(&self, count: i64) -> BulkPage {
        let dead = BulkState { state: "dead", count };
        BulkPage {
            chrome: self.member(),
            act: Act::Retry,
            search: SearchFields { id: Field::default(), ..self.search() },
            states: if count > 0 {
                vec![dead, BulkState { state: "scheduled", count: 2 }]
            } else {
                Vec::new()
            },
            capped: true,
            jobs: vec![self.line(48_102, "dead", Vec::new())],
            live: "48213.48212".to_owned(),
            ended: "48102".to_owned(),
            back: "/admin/jobs?state=dead".to_owned(),
        }
    }

    fn job(&self) -> askama::Result<JobPage> {
        let plain = |kind, label: &str| Point {
            kind,
            label: label.to_owned(),
            at: moment(),
            ms: None,
            worker: None,
            error: None,
        };
        let failed = Point {
            ms: Some(1_240.0),
            worker: Some("host-1-2211-01J9Z3K8Q2".to_owned()),
            error: Some(self.say("connection refused (os error 111)")),
            ..plain(PointKind::Failed, "Attempt 1 failed")
        };
        let status = JobStatus {
            id: 48_102,
            state: "scheduled",
            live: true,
            attempt: 1,
            max_attempts: 8,
            why: self.say("It is scheduled for 12 May 2026, 14:10:00 UTC because attempt 1 of 8 failed with “connection refused”."),
            timeline: vec![
                plain(PointKind::Done, "Enqueued"),
                failed,
                plain(PointKind::Current, "Attempt 2 started"),
                plain(PointKind::Waiting, "Attempt 3 is due"),
            ],
            acts: Act::VARIANTS.to_vec(),
        };
        Ok(JobPage {
            chrome: self.member(),
            id: 48_102,
            kind: "mail.send.v1".to_owned(),
            status: Fragment::render(&status)?,
            facts: JobFacts {
                queue: "mail".to_owned(),
                priority: 0,
                subject: Some((self.say("photo 12"), Some("/photos/12".to_owned()))),
                partition: Some(self.say("example.org")),
                unique_key: Some(self.say("12")),
                group: Some(4),
                kept_until: Some(moment()),
            },
            payload: self.say("{\n  \"mail\": \"verification\",\n  \"user\": 12\n}"),
            masked: true,
        })
    }

    fn schedules(&self) -> SchedulesPage {
        let line = |name: &str, requested, silent: bool| ScheduleLine {
            name: self.say(name),
            expression: self.say("0 * * * * *"),
            missed: self.say("the last one"),
            kind: "ranking.refresh.v1".to_owned(),
            last: Some(moment()),
            next: Some(moment()),
            silent_since: silent.then(moment),
            requested,
        };
        let schedules = vec![line("ranking.refresh", false, false), line("upkeep.purge", true, true)];
        SchedulesPage { chrome: self.member(), schedules, may_act: true }
    }

    fn audit(&self) -> AuditPage {
        let line = |did: &str| AuditLine {
            at: moment(),
            actor: self.owner(1),
            did: did.to_owned(),
            detail: vec![
                ("kind".to_owned(), self.say("media.process.v1")),
                ("ids".to_owned(), "48102, 48101".to_owned()),
            ],
        };
        AuditPage {
            chrome: self.member(),
            lines: vec![line("retried 312 jobs"), line("paused a queue")],
            older: Some("/admin/audit?before=1".to_owned()),
            newest: Some("/admin/audit".to_owned()),
            exported: "actor=ada".to_owned(),
            search: AuditSearch {
                actor: self.say("ada"),
                action: "job.retry".to_owned(),
                thing: String::new(),
                from: String::new(),
                until: "2026-05-12".to_owned(),
                is_admin: true,
            },
        }
    }
}

fn figures(busy: i64) -> QueueFigures {
    let stretch = |number: i64| Stretch {
        enqueued: busy + number * 7 % 11,
        done: busy * (number % 5) / 4,
        failed: i64::from(number % 9 == 3) * busy / 3,
    };
    QueueFigures {
        ready: busy * 31,
        running: busy.min(2),
        scheduled: busy / 2,
        dead: busy / 3,
        oldest: (busy > 0).then(|| Duration::from_secs(75)),
        enqueued: 12.4,
        done: 11.9,
        failed: 0.04,
        failure_share: (busy > 0).then_some(0.034),
        wait_ms: (busy > 0).then_some(1_240.0),
        run_ms: (busy > 0).then_some(312.0),
        chart: Chart { stretches: (0..72).map(stretch).collect(), minutes: 5 },
    }
}
