//! Acts on many jobs: a preview with the count, then the act.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use serde_json::Value;
use sqlx::PgPool;

use crate::admin_jobs::dead;
use crate::harness::{Answer, Pages, Site, select};

/// The preview's form, as a browser would send it.
fn form(preview: &Answer) -> Vec<(String, String)> {
    let (html, inputs) = (preview.html(), select("form.bulk-act input"));
    let fields = html.select(&inputs).map(|input| {
        (input.attr("name").expect("a name").to_owned(), input.attr("value").unwrap_or_default().to_owned())
    });
    fields.collect()
}

async fn send(pages: &Pages, form: &[(String, String)]) -> Answer {
    Answer::to(pages.own("/admin/jobs/bulk").form(form)).await
}

async fn count(site: &Site, kind: &'static str) -> (i64, i64) {
    let count = async |statement: &'static str| {
        let query = sqlx::query_scalar(statement).bind(kind);
        let count: i64 = query.fetch_one(&site.db).await.expect("a count");
        count
    };
    (
        count("select count(*) from jobs where kind = $1").await,
        count("select count(*) from job_history where kind = $1").await,
    )
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_bulk_act_changes_exactly_the_previewed_jobs(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    dead(&site, "a.v1", 1000, 130, "timed out").await;
    dead(&site, "a.v1", 2000, 3, "another reason").await;
    dead(&site, "b.v1", 3000, 5, "timed out").await;
    site.change("update job_history set outcome = 'done' where id = 1000").await;
    let list = "/admin/jobs?kind=a.v1&error=timed+out";
    let page = root.pages.get(list).await.expect(200);
    assert_eq!(page.texts(".bulk-bar button"), ["Retry…", "Cancel…", "Delete…"]);
    assert!(!root.pages.get("/admin/jobs").await.expect(200).has(".bulk-bar"), "an empty search is refused");

    let preview = root.pages.get("/admin/jobs/bulk?act=retry&kind=a.v1&error=timed+out").await.expect(200);
    assert_eq!(preview.texts("h1"), ["Retry 129 jobs?"], "an act isn't repeated");
    assert_eq!(preview.texts(".bulk-states li"), ["129 dead"]);
    assert_eq!(preview.texts(".bulk-act button"), ["Retry 129 jobs"]);
    assert_eq!(preview.texts(".jobs li").len(), 5);
    assert_eq!(count(&site, "a.v1").await, (0, 133), "looking changes nothing");

    assert_eq!(send(&root.pages, &form(&preview)).await.location(), list);
    assert_eq!(root.pages.get(list).await.texts(".flash"), ["129 jobs will be retried."]);
    assert_eq!((count(&site, "a.v1").await, count(&site, "b.v1").await), ((129, 4), (0, 5)));
    let (action, detail): (String, Value) =
        sqlx::query_as("select action, detail from audit_log").fetch_one(&site.db).await.expect("one entry");
    assert_eq!(
        (action.as_str(), &detail["jobs"], &detail["filter"]["kind"]),
        ("job.retry", &129.into(), &"a.v1".into())
    );
    assert_eq!(detail["ids"].as_array().map(Vec::len), Some(100), "the log names no more than a hundred");

    let again = send(&root.pages, &form(&preview)).await;
    assert_eq!(again.status, 303, "sent twice");
    let told = root.pages.get(list).await.texts(".flash.bad");
    assert_eq!(told, ["0 jobs will be retried. 129 changed in the meantime and were skipped."]);
    assert_eq!(site.ask::<i64>("select count(*) from audit_log").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn jobs_that_change_after_the_preview_are_skipped(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    dead(&site, "a.v1", 1000, 10, "timed out").await;
    let preview = root.pages.get("/admin/jobs/bulk?act=delete&kind=a.v1").await.expect(200);
    assert_eq!(preview.texts("h1"), ["Delete 10 jobs?"]);

    for job in [1000, 1001] {
        root.pages.post(&format!("/admin/jobs/{job}/retry"), &[]).await.location();
    }
    root.pages.post("/admin/jobs/1002/delete", &[]).await.location();
    dead(&site, "a.v1", 900, 3, "timed out").await;
    dead(&site, "a.v1", 1100, 3, "timed out").await;

    send(&root.pages, &form(&preview)).await.location();
    let told = root.pages.get("/admin/jobs?kind=a.v1").await.texts(".flash");
    assert_eq!(told, ["7 jobs are deleted. 3 changed in the meantime and were skipped."]);
    let left: Vec<i64> = sqlx::query_scalar("select id from job_history where kind = 'a.v1' order by id")
        .fetch_all(&site.db)
        .await
        .expect("ids");
    assert_eq!(left, [900, 901, 902, 1100, 1101, 1102], "newer jobs are not included");
    assert_eq!(count(&site, "a.v1").await.0, 2, "the restored account stays");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn live_jobs_are_cancelled_in_any_state(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    site.change("delete from jobs").await;
    site.enqueue(RefreshRanks {}).await;
    site.enqueue(RefreshVirality {}).await;
    site.change("update jobs set queue = 'ranking', kind = 'c.v1', unique_key = null").await;
    site.change("update jobs set state = 'scheduled', run_at = now() + interval '1 hour' where id = (select max(id) from jobs)").await;
    let preview = root.pages.get("/admin/jobs/bulk?act=cancel&kind=c.v1").await.expect(200);
    assert_eq!(preview.texts(".bulk-states li"), ["1 scheduled", "1 ready"]);
    site.change("update jobs set state = 'running', worker_id = 7, claimed_at = now(), attempt = 1 where state = 'ready'").await;
    send(&root.pages, &form(&preview)).await.location();
    assert_eq!(count(&site, "c.v1").await, (0, 2));
    assert_eq!(site.ask::<i64>("select count(*) from job_history where outcome = 'cancelled'").await, 2);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_bulk_act_changes_at_most_ten_thousand_jobs(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    dead(&site, "a.v1", 1_000_000_000_000, 10_050, "timed out").await;
    let preview = root.pages.get("/admin/jobs/bulk?act=delete&kind=a.v1").await.expect(200);
    assert_eq!(preview.texts("h1"), ["Delete 10,000 jobs?"]);
    assert!(preview.texts(".flash.info")[0].contains("These are the newest"));
    let mut form = form(&preview);
    send(&root.pages, &form).await.location();
    assert_eq!(count(&site, "a.v1").await, (0, 50));
    assert_eq!(
        site.ask::<i64>("select max(id) from job_history").await,
        1_000_000_000_049,
        "the oldest are left"
    );

    let ended = form.iter_mut().find(|(name, _)| name == "ended").expect("a field");
    ended.1.push_str(".1");
    send(&root.pages, &form).await.expect(400);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_preview_without_possible_jobs_offers_no_act(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    dead(&site, "a.v1", 1000, 3, "timed out").await;
    for query in
        ["act=cancel&kind=a.v1", "act=retry&kind=b.v1", "act=retry&state=done", "act=delete&state=running"]
    {
        let preview = root.pages.get(&format!("/admin/jobs/bulk?{query}")).await.expect(200);
        assert!(preview.texts("h1")[0].starts_with("Nothing to") && !preview.has("form.bulk-act"), "{query}");
    }
}
