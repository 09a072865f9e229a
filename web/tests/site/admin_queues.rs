//! The pages of the queues, schedules and the audit log.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Event, SOON, Site, eventually};

async fn log(site: &Site) -> Vec<(String, String, Value)> {
    let entries =
        sqlx::query_as("select actor, action, detail from audit_log order by id").fetch_all(&site.db);
    entries.await.expect("the log can be read")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pausing_and_resuming_a_queue_is_audited(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    let page = root.pages.get("/admin/queues").await.expect(200);
    assert!(!page.has("[data-refresh=mail-state] .badge.failed"));
    let pause = page.attribute("form[action$='/mail/pause']", "action");
    for _ in 0..2 {
        assert_eq!(root.pages.post(&pause, &[]).await.location(), "/admin/queues");
    }
    let page = root.pages.get("/admin/queues").await.expect(200);
    assert!(page.texts(".flash.good")[0].contains("paused"));
    assert_eq!(page.texts("[data-refresh=mail-state] .badge.failed"), ["paused"]);
    assert!(!page.has("[data-refresh=media-state] .badge.failed"), "the others go on");
    let resume = page.attribute("form[action$='/mail/resume']", "action");
    root.pages.post(&resume, &[]).await.location();
    assert_eq!(site.ask::<i64>("select count(*) from job_queues where paused_at is not null").await, 0);

    // The second pause changed nothing, so it isn't logged.
    let detail = || json!({ "queue": "mail" });
    let entry = |action: &str| ("root".to_owned(), action.to_owned(), detail());
    assert_eq!(log(&site).await, [entry("queue.pause"), entry("queue.resume")]);
    let page = root.pages.get("/admin/audit").await.expect(200);
    assert_eq!(page.texts(".audit li p"), ["root resumed a queue", "root paused a queue"]);
    assert_eq!(page.texts(".audit dd"), ["mail", "mail"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn limits_are_set_shown_and_removed_and_an_invalid_one_changes_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    let form = [("max_running", " 3 "), ("starts_per_minute", "30"), ("partition_max_running", "")];
    assert_eq!(root.pages.post("/admin/queues/media/limits", &form).await.location(), "/admin/queues");
    let page = root.pages.get("/admin/queues").await.expect(200);
    assert_eq!(page.texts("[data-refresh=media-state] .badge"), ["3 at once", "30 a minute"]);
    assert_eq!(page.attribute("#media-max_running", "value"), "3");
    let kept = "select concat_ws(',', max_running, starts_per_minute) from job_queues where name = 'media'";
    assert_eq!(site.ask::<String>(kept).await, "3,30");

    let bad = [("max_running", "4"), ("starts_per_minute", "many")];
    let page = root.pages.post("/admin/queues/media/limits", &bad).await.expect(400);
    assert!(page.has("section.queue details.limits[open] #media-starts_per_minute-error"), "{}", page.text());
    assert_eq!(page.attribute("#media-starts_per_minute", "value"), "many");
    assert_eq!(page.attribute("#media-max_running", "value"), "4");
    assert_eq!(site.ask::<String>(kept).await, "3,30");

    root.pages.post("/admin/queues/media/limits", &[]).await.location();
    assert_eq!(site.ask::<String>(kept).await, "");
    let entries = log(&site).await;
    assert_eq!(entries.len(), 2, "{entries:?}");
    assert_eq!(entries[0].2["limits"]["starts_per_minute"], 30);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_board_shows_figures_of_each_kind(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    site.enqueue(RefreshRanks {}).await;
    site.change(
        "update jobs set created_at = now() - interval '65 seconds' where kind = 'ranking.refresh.v1'",
    )
    .await;
    // Folded into minutes or not yet, both count: 60 of 80 attempts failed, each waited 40 ms and ran for 2 s.
    site.change(
        "insert into job_minutes
         select 'ranking.refresh.v1', date_trunc('minute', now()), 'ranking', 60, 10, 20, 10, 0, 0, 1600, 80000, 99, 5000",
    )
    .await;
    site.change(
        "insert into job_movements (queue, kind, done, retried, waited_ms, ran_ms)
         values ('ranking', 'ranking.refresh.v1', 10, 30, 1600, 80000)",
    )
    .await;
    let page = root.pages.get("/admin/queues/board?window=1h").await.expect(200);
    let row = page.texts("[data-refresh=ranking-kinds] tr:has(a[href$='ranking.refresh.v1']) :is(td, th)");
    assert_eq!(row[0..5], ["ranking.refresh.v1", "1", "0", "0", "0"]);
    assert!(row[5].starts_with("1 min"), "{row:?}");
    assert_eq!(row[9..12], ["75 %", "40 ms", "2.0 s"], "{row:?}");
    let chart = page.attribute("[data-refresh=ranking-figures] svg", "aria-label");
    assert_eq!(chart, "61 enqueued, 20 done, 60 attempts failed");
    assert!(page.attribute("[data-refresh=ranking-figures] .chart-failed", "d").starts_with('M'));
    assert!(!page.has("[style], style, script"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_lost_job_is_an_alarm(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    site.enqueue(RefreshRanks {}).await;
    assert!(!root.pages.get("/admin/queues").await.expect(200).has("[role=alert]"));
    site.change("delete from jobs where kind = 'ranking.refresh.v1'").await;
    let alarm = root.pages.get("/admin/queues").await.expect(200).texts("[role=alert] li");
    assert_eq!(alarm, ["ranking.refresh.v1: 1 missing"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_stream_reports_every_change(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    let mut stream = root.pages.stream("queues=1").await;
    let changed =
        Event { name: "changed".into(), data: json!({ "topic": "queues=1", "spread": 0 }), id: None };
    assert_eq!(stream.next().await.as_ref(), Some(&changed), "the first look");
    site.enqueue(RefreshVirality {}).await;
    assert_eq!(stream.next().await.as_ref(), Some(&changed));
    root.pages.post("/admin/queues/media/pause", &[]).await.location();
    assert_eq!(stream.next().await.as_ref(), Some(&changed));
    // It may have come after a look that another page has heard of.
    let mut second = root.pages.stream("queues=1").await;
    assert_eq!(second.next().await.as_ref(), Some(&changed));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_open_page_updates_without_touching_a_form_in_use(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    let browser = site.browser().await;
    browser.log_in(&root.email()).await;
    browser.goto("/admin/queues").await;
    browser.mark().await;
    browser.click("section[aria-labelledby=queue-media] .limits summary").await;
    browser.fill("#media-max_running", "7").await;
    root.pages.post("/admin/queues/media/pause", &[]).await.location();
    browser.find("[data-refresh=media-state] .badge.failed").await;
    let ready = "[data-refresh=ranking-figures] .queue-figures dd";
    assert_eq!(browser.text(ready).await, "0");
    site.enqueue(RefreshRanks {}).await;
    eventually("the figure moves", SOON, async || (browser.text(ready).await == "1").then_some(())).await;
    assert!(browser.is_marked().await, "the page was never reloaded");
    assert_eq!(
        browser.find("#media-max_running").await.prop("value").await.expect("it is there").as_deref(),
        Some("7")
    );
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_schedule_is_requested_once_and_shows_its_ticks(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    assert!(root.pages.get("/admin/schedules").await.expect(200).text().contains("No schedules yet"));
    site.change(
        "insert into schedules (name, expression, missed, kind, seen_at, next_at)
         values ('upkeep/purge', '0 17 3 * * *', 'one makes up for all', 'upkeep.purge.v1', now(), '2199-01-02 03:17:00Z'),
                ('old', 'every 9 s', 'all', 'x.v1', '2026-01-02 03:04:05Z', now())",
    )
    .await;
    site.change("insert into schedule_ticks values ('upkeep/purge', now() - interval '1 day', '2026-03-02 03:17:01Z')").await;
    let page = root.pages.get("/admin/schedules").await.expect(200);
    let rows = page.texts("tbody tr");
    assert!(
        rows[0].contains("no scheduler since 2 Jan 2026, 03:04:05 UTC") && rows[0].contains("every 9 s"),
        "{rows:?}"
    );
    assert!(rows[1].contains("2 Mar 2026, 03:17:01 UTC 2 Jan 2199, 03:17:00 UTC"), "{rows:?}");

    let run = page.attribute("form[action*='purge']", "action");
    for _ in 0..2 {
        assert_eq!(root.pages.post(&run, &[]).await.location(), "/admin/schedules");
    }
    assert_eq!(
        site.ask::<String>("select string_agg(name, ',') from schedules where requested_at is not null")
            .await,
        "upkeep/purge"
    );
    let detail = json!({ "schedule": "upkeep/purge" });
    assert_eq!(log(&site).await, [("root".to_owned(), "schedule.run".to_owned(), detail)]);
    assert!(root.pages.get("/admin/schedules").await.expect(200).has("button[disabled][aria-label*=purge]"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_audit_log_is_paged_and_cannot_be_changed(db: PgPool) {
    let site = Site::start(db).await;
    let (root, mo) = (site.admin("root").await, site.moderator("mo").await);
    site.change(
        "insert into audit_log (actor, action, detail)
         values ('somebody', 'photo.hide', jsonb_build_object('photo', 1, 'reason', 'to <ada@b.test>'))",
    )
    .await;
    site.change(
        "insert into audit_log (actor, action, detail)
         select 'somebody', 'job.retry', jsonb_build_object('jobs', n, 'filter', jsonb_build_object('error', 'to <ada@b.test>'))
         from generate_series(1, 120) as n",
    )
    .await;
    let (mut path, mut said) = ("/admin/audit".to_owned(), Vec::new());
    loop {
        let page = root.pages.get(&path).await.expect(200);
        said.extend(page.texts(".audit li p"));
        assert!(page.text().contains("ada@b.test"), "admins see addresses");
        if !page.has("a[rel=next]") {
            break;
        }
        path = page.attribute("a[rel=next]", "href");
    }
    assert_eq!(said.pop().as_deref(), Some("somebody hid a photo"));
    let theirs = mo.pages.get("/admin/audit").await.expect(200);
    assert_eq!(theirs.texts(".audit li p"), ["somebody hid a photo"], "moderators see what is about content");
    assert!(!theirs.text().contains("ada@b.test") && theirs.text().contains("a…@b.test"));
    let all: Vec<_> =
        (1..=120).rev().map(|n| if n == 1 { "a job".to_owned() } else { format!("{n} jobs") }).collect();
    assert_eq!(said, all.iter().map(|jobs| format!("somebody retried {jobs}")).collect::<Vec<_>>());
    for change in ["delete from audit_log", "update audit_log set actor = 'me'", "truncate audit_log"] {
        assert!(sqlx::query(change).execute(&site.db).await.is_err(), "{change}");
    }
}
