//! The admin pages in a real browser: open pages update by themselves.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::RefreshRanks;
use sqlx::PgPool;

use crate::harness::Site;

#[sqlx::test(migrator = "MIGRATIONS")]
async fn open_admin_pages_follow_the_queues_and_a_job_without_being_loaded_again(db: PgPool) {
    let mut site = Site::start(db).await;
    let root = site.admin("root").await;
    let browser = site.browser().await;
    browser.log_in(&root.email()).await;
    browser.goto("/admin/queues").await;
    browser.mark().await;
    assert!(!browser.has("[data-refresh=mail-state] .badge.failed").await);
    site.change("update job_queues set paused_at = now() where name = 'mail'").await;
    browser.find("[data-refresh=mail-state] .badge.failed").await;
    site.change("update job_queues set paused_at = null where name = 'mail'").await;
    browser.find("[data-refresh=mail-state]:not(:has(.badge.failed))").await;
    assert!(browser.is_marked().await, "the page was reloaded");

    site.enqueue(RefreshRanks {}).await;
    let job: i64 = site.ask("select id from jobs where kind = 'ranking.refresh.v1'").await;
    browser.goto(&format!("/admin/jobs/{job}")).await;
    browser.mark().await;
    assert_eq!(browser.attribute(".job-status", "data-state").await, "ready");
    site.start_worker();
    browser.find(".job-status[data-state=done]").await;
    assert!(browser.is_marked().await, "the page was reloaded");
    browser.has_no_complaints().await;
}
