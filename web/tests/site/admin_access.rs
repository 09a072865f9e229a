//! What moderators find on the admin pages, and strange input there.

use pawdium_shared::db::MIGRATIONS;
use sqlx::PgPool;

use crate::harness::Site;

const PAGES: [&str; 24] = [
    "/admin",
    "/admin/queues",
    "/admin/queues/board",
    "/admin/jobs",
    "/admin/jobs?state=ready",
    "/admin/jobs/1",
    "/admin/jobs/1/status",
    "/admin/schedules",
    "/admin/cache",
    "/admin/cache/board",
    "/admin/cache/1.1",
    "/admin/cache/1.1/reloads",
    "/admin/audit",
    "/admin/audit.csv",
    "/admin/audit.jsonl",
    "/moderation/acts",
    "/moderation",
    "/moderation?page=2",
    "/moderation/review",
    "/moderation/review?about=hub",
    "/moderation/doubtful",
    "/moderation/blocked",
    "/moderation/members",
    "/moderation/topics",
];

/// All acts of admins.
const ACTS: [(&str, &[(&str, &str)]); 9] = [
    ("/admin/queues/mail/pause", &[]),
    ("/admin/queues/mail/resume", &[]),
    ("/admin/queues/mail/limits", &[("max_running", "1")]),
    ("/admin/jobs/1/retry", &[]),
    ("/admin/jobs/1/cancel", &[]),
    ("/admin/jobs/1/delete", &[]),
    ("/admin/jobs/bulk", &[("act", "delete"), ("state", "ready"), ("live", "1")]),
    ("/admin/schedules/tick/run", &[]),
    ("/moderation/blocked/1/unblock", &[]),
];

/// A site whose first job is the mail to its first member, paused mail, a schedule and a blocked picture.
async fn prepared(db: PgPool) -> Site {
    let site = Site::start(db).await;
    site.change("update job_queues set paused_at = now(), max_running = 9 where name = 'mail'").await;
    site.change("insert into schedules (name, expression, missed, kind) values ('tick', '* * * * * *', 'one', 'x.v1')")
        .await;
    site.change(
        "insert into blocked_pictures (reason, blocker, fingerprint) values ('Not an animal', 'mo', 7)",
    )
    .await;
    site
}

/// The state that the acts would change.
async fn state(site: &Site) -> (String, String, i64) {
    let queue: String = site.ask("select job_queues::text from job_queues where name = 'mail'").await;
    let job: String = site
        .ask(
            "select concat(state, requested_at, (select count(*) from blocked_pictures)) from jobs, schedules
             where jobs.id = 1 and name = 'tick'",
        )
        .await;
    (queue, job, site.ask("select count(*) from audit_log").await)
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_find_no_forms_and_what_admins_do_is_in_the_audit_log(db: PgPool) {
    let site = prepared(db).await;
    let (mo, root) = (site.moderator("mo").await, site.admin("root").await);
    let before = state(&site).await;
    for path in PAGES {
        let page = mo.pages.get(path).await.expect(200);
        // Moderators tend topics and hide photos, which takes one form, and do nothing else here.
        let has_forms = page.has("main form[method=post]:not([data-block])");
        assert_eq!(has_forms, path == "/moderation/topics", "{path}");
    }
    for (act, form) in ACTS {
        assert!(mo.pages.post(act, form).await.expect(403).text().contains("Only admins can do that."));
    }
    assert_eq!(state(&site).await, before);

    for (act, form) in ACTS {
        root.pages.post(act, form).await.location();
    }
    // The second act cancels the job, so it is no longer live for the bulk act and doesn't run twice.
    let entries: Vec<String> = sqlx::query_scalar("select action from audit_log order by id")
        .fetch_all(&site.db)
        .await
        .expect("the log");
    assert_eq!(
        entries,
        ["queue.resume", "queue.limit", "job.cancel", "job.delete", "schedule.run", "picture.unblock"]
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn strange_input_never_breaks_an_admin_page(db: PgPool) {
    let site = prepared(db).await;
    let root = site.admin("root").await;
    for (path, status) in [
        ("/admin/jobs/x", 404),
        ("/admin/jobs/99999999999999999999", 404),
        ("/admin/jobs/-1", 404),
        ("/admin/jobs/9223372036854775807", 404),
        ("/admin/jobs/1%00", 404),
        ("/admin/jobs/1/nothing", 405),
        ("/admin/jobs?id=%00", 200),
        ("/admin/jobs?id=1e3&photo=-5&before=x", 200),
        ("/admin/jobs?kind=%00&error=abc%00def&member=%00&group=%00&state=%00", 200),
        ("/admin/jobs?state=exploded", 200),
        ("/admin/jobs?member=nobody-at-all", 200),
        ("/admin/jobs?member=99999999999999999999", 200),
        ("/admin/jobs?error=%25%25", 200),
        ("/admin/jobs?before=9223372036854775807", 200),
        ("/admin/jobs?error=%FF%FE%FD", 200),
        ("/admin/jobs/bulk", 400),
        ("/admin/jobs/bulk?act=explode&state=dead", 400),
        ("/admin/jobs/bulk?act=delete", 400),
        ("/admin/jobs/bulk?act=delete&id=x", 400),
        ("/admin/jobs/bulk?act=delete&kind=%00", 400),
        ("/admin/queues?window=%00", 200),
        ("/admin/queues/board?window=9999h", 200),
        ("/admin/cache?hub=%00", 200),
        ("/admin/cache?hub=nothing", 200),
        ("/admin/cache?hub=members/%00", 200),
        ("/admin/cache/x", 404),
        ("/admin/cache/1", 404),
        ("/admin/cache/1.999", 404),
        ("/admin/cache/2.1", 404),
        ("/admin/cache/+1.1", 404),
        ("/admin/cache/1.1%00", 404),
        ("/admin/cache/99999999999999999999.1/reloads", 404),
        ("/admin/audit?before=%00", 200),
        ("/admin/audit?before=-7", 200),
        ("/moderation?page=-7", 200),
        ("/moderation?page=%00", 200),
        ("/moderation?page=99999999999999999999", 200),
        ("/moderation/blocked?before=%00", 200),
        ("/moderation/comments?after=%00", 200),
        ("/moderation/review?after=%00", 200),
        ("/moderation/review/%00", 404),
        ("/moderation/comments?after=99999999999999999999", 200),
    ] {
        assert_eq!(root.pages.get(path).await.status, status, "{path}");
    }
    let before = state(&site).await;
    for (path, form, status) in [
        ("/admin/queues/nothing/pause", vec![], 404),
        ("/admin/jobs/1/nothing", vec![], 404),
        ("/admin/queues/%00/pause", vec![], 404),
        ("/admin/queues/mail/limits", vec![("max_running", "0")], 400),
        ("/admin/queues/mail/limits", vec![("max_running", "2147483648")], 400),
        ("/admin/queues/mail/limits", vec![("starts_per_minute", "\0")], 400),
        ("/admin/schedules/nothing/run", vec![], 404),
        ("/admin/schedules/%00/run", vec![], 404),
        ("/admin/jobs/x/retry", vec![], 404),
        ("/moderation/blocked/7/unblock", vec![], 404),
        ("/moderation/blocked/x/unblock", vec![], 404),
        ("/admin/jobs/bulk", vec![("act", "delete"), ("state", "ready"), ("live", "1.x")], 400),
        ("/admin/jobs/bulk", vec![("act", "delete"), ("live", "1")], 400),
        ("/admin/jobs/bulk", vec![("state", "ready"), ("live", "1")], 400),
    ] {
        assert_eq!(root.pages.post(path, &form).await.status, status, "{path} {form:?}");
    }
    for back in ["//evil.test", "https://evil.test", "/\\evil.test", "/admin/jobs?\r\nx: y", "/top"] {
        let answer = root.pages.post("/admin/jobs/404/retry", &[("back", back)]).await;
        assert_eq!(answer.location(), "/admin", "{back:?}");
    }
    assert_eq!(state(&site).await, before);
    assert!(!site.log().contains("request failed"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_menu_leads_to_what_the_viewer_may_see(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, mo, root) = (site.member("ada").await, site.moderator("mo").await, site.admin("root").await);
    for (person, leads) in [(&ada, false), (&mo, true), (&root, true)] {
        let page = person.pages.get("/").await.expect(200);
        for path in ["/moderation", "/admin"] {
            assert_eq!(page.has(&format!(".menu-sheet a[href='{path}']")), leads, "{} {path}", person.name);
        }
        assert!(page.has(&format!(".menu-sheet a[href='/members/{}']", person.name)));
    }
    assert!(!site.get("/").await.has(".menu-sheet a[href='/moderation'], .menu-sheet a[href='/feed']"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_old_addresses_of_blocked_pictures_still_work(db: PgPool) {
    let site = prepared(db).await;
    let root = site.admin("root").await;
    let moved = root.pages.get("/admin/blocked?before=9").await.expect(308);
    assert_eq!(moved.header("location"), "/moderation/blocked?before=9");
    let moved = root.pages.post("/admin/blocked/1/unblock", &[]).await.expect(308);
    assert_eq!(moved.header("location"), "/moderation/blocked/1/unblock");
}
