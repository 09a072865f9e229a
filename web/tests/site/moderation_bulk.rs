//! Acts on several cases, with a dry run.

use pawdium_shared::db::MIGRATIONS;
use sqlx::PgPool;

use crate::harness::{Person, Site};

/// Four photos of ada's that bob has reported.
async fn stage(db: PgPool) -> (Site, Vec<i64>, Person, Person) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let (mo, root) = (site.moderator("mo").await, site.admin("root").await);
    for number in 0..4 {
        let photo = site.photo().by(&ada).titled(&format!("Cat {number}")).live().await;
        bob.flag(&format!("photos/{photo}")).await;
    }
    let cases =
        sqlx::query_scalar("select id from cases order by id").fetch_all(&site.db).await.expect("cases");
    (site, cases, mo, root)
}

fn query(act: &str, cases: &[i64]) -> String {
    let cases: Vec<_> = cases.iter().map(|case| format!("case={case}")).collect();
    format!("/moderation/review/bulk?act={act}&{}", cases.join("&"))
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_dry_run_says_what_would_happen_and_changes_nothing(db: PgPool) {
    let (site, cases, mo, root) = stage(db).await;
    root.claim(cases[1], "claim").await.location();
    root.judge(cases[2], "dismiss", "").await.location();
    let before: String = site.ask("select string_agg(cases::text, ' ' order by id) from cases").await;
    let page = mo.pages.get(&query("take_down", &cases)).await.expect(200);
    assert_eq!(page.texts("h1"), ["Take down 2 cases?"]);
    let lines = page.texts("[data-preview] p");
    let would = "Would hide the photo and block its picture, and close the case as upheld.";
    assert_eq!(lines, [would, "Skipped: root works on this case.", "Skipped: This case is closed.", would]);
    assert_eq!(
        site.ask::<String>("select string_agg(cases::text, ' ' order by id) from cases").await,
        before
    );
    assert_eq!(site.ask::<i64>("select count(*) from photos where state = 'live'").await, 4);

    let list = page.attribute("input[name=cases]", "value");
    let form = [("act", "take_down"), ("cases", list.as_str()), ("reason", "Spam")];
    let refused = mo.pages.post("/moderation/review/bulk", &[form[0], form[1]]).await.expect(400);
    assert!(!refused.texts("#reason-error").is_empty());
    assert_eq!(mo.pages.post("/moderation/review/bulk", &form).await.location(), "/moderation/review");
    let said = mo.pages.get("/moderation/review").await;
    assert_eq!(said.texts(".flash"), ["2 cases are closed. 2 were skipped, because they had changed."]);
    let states: String = site.ask("select string_agg(state, ' ' order by id) from photos").await;
    assert_eq!(states, "hidden live live hidden");
    // Once more, nothing is left.
    mo.pages.post("/moderation/review/bulk", &form).await.location();
    let said = mo.pages.get("/moderation/review").await;
    assert_eq!(said.texts(".flash.bad"), ["0 cases are closed. 4 were skipped, because they had changed."]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn many_are_dismissed_at_once_and_forged_lists_are_refused(db: PgPool) {
    let (site, cases, mo, _) = stage(db).await;
    for bad in [
        "/moderation/review/bulk".to_owned(),
        "/moderation/review/bulk?act=dismiss".to_owned(),
        query("delete", &cases),
        query("explode", &cases),
        "/moderation/review/bulk?act=dismiss&case=x".to_owned(),
        query("dismiss", &(0..101).collect::<Vec<_>>()),
    ] {
        mo.pages.get(&bad).await.expect(400);
    }
    for list in ["", "1.x", "1,2", "%00"] {
        mo.pages.post("/moderation/review/bulk", &[("act", "dismiss"), ("cases", list)]).await.expect(400);
    }
    let page = mo.pages.get(&query("dismiss", &[cases[0], cases[3], 999])).await.expect(200);
    assert_eq!(page.texts("[data-preview] p").len(), 2);
    let list = page.attribute("input[name=cases]", "value");
    mo.pages.post("/moderation/review/bulk", &[("act", "dismiss"), ("cases", &list)]).await.location();
    assert_eq!(site.ask::<i64>("select count(*) from cases where outcome = 'dismissed'").await, 2);
    assert_eq!(site.ask::<i64>("select count(*) from approvals where approved_by = 'mo'").await, 2);
}
