//! Appeals: made once, without logging in, and answered by moderators.

use pawdium_shared::db::MIGRATIONS;
use sqlx::PgPool;

use crate::harness::{PASSWORD, Person, SOON, Setup, Site, eventually};
use crate::sanctions::sanction;

/// The path of the page that a refused login leads to.
async fn way(site: &Site, member: &Person) -> String {
    let form = [("email", &*member.email()), ("password", PASSWORD)];
    let page = site.visitor().post("/login", &form).await.expect(403);
    page.attribute(r#".actions a[href^="/appeals/"]"#, "href")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_suspended_member_appeals_once_and_is_let_in_when_a_moderator_accepts(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, mo, root) = (site.member("ada").await, site.moderator("mo").await, site.admin("root").await);
    sanction(&mo, "ada", "suspend", "2", "keep").await.location();
    let way = way(&site, &ada).await;
    let visitor = site.visitor();
    for (text, says) in [("", "Say why"), ("\u{200b}", "Say why"), (&*"x".repeat(2001), "2,000 characters")] {
        let page = visitor.post(&way, &[("text", text)]).await.expect(400);
        assert!(page.texts("#text-error")[0].contains(says), "{text}");
    }
    assert_eq!(visitor.post(&way, &[("text", "It was <b>my sister</b>.")]).await.location(), way);
    let page = visitor.get(&way).await.expect(200);
    assert!(!page.has("form[action^='/appeals/']"));
    assert_eq!(page.texts(".sanction-text"), ["It was <b>my sister</b>."]);
    visitor.post(&way, &[("text", "Again!")]).await.expect(409);
    assert_eq!(
        site.ask::<i64>("select count(*) from cases where about = 'appeal' and state = 'open'").await,
        1
    );

    let sanction: i64 = site.ask("select sanction_id from appeals").await;
    let judge = format!("/moderation/sanctions/{sanction}/appeal");
    visitor.post(&judge, &[("decision", "accept"), ("answer", "Fine.")]).await.expect(403);
    let record = mo.pages.get("/moderation/members/ada").await.expect(200);
    assert!(record.has(&format!("form[action='{judge}']")));
    mo.pages.post(&judge, &[("decision", "accept"), ("answer", " ")]).await.expect(400);
    mo.pages.post(&judge, &[("decision", "maybe"), ("answer", "Fine.")]).await.expect(400);
    // Two moderators at once: one decides.
    let form = [("decision", "accept"), ("answer", "Sorry for that.")];
    let answers = tokio::join!(mo.pages.post(&judge, &form), root.pages.post(&judge, &form));
    let mut statuses = [answers.0.status, answers.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
    site.log_in("ada").await;
    let outcome: String = site.ask("select outcome from cases where about = 'appeal'").await;
    assert_eq!(outcome, "upheld");
    let letter = eventually("the answer arrives", SOON, async || {
        site.letters().into_iter().find(|letter| letter.text.contains("Sorry for that."))
    })
    .await;
    assert!(letter.text.contains("Your appeal was accepted. You are not suspended any more."));
    let acts: Vec<String> = sqlx::query_scalar("select action from audit_log order by id")
        .fetch_all(&site.db)
        .await
        .expect("the log");
    assert_eq!(acts, ["user.suspend", "case.close", "appeal.accept", "user.lift"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_refused_appeal_leaves_the_sanction_and_is_the_last(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    sanction(&mo, "ada", "silence", "2", "keep").await.location();
    let way = ada.pages.get("/top").await.expect(200).attribute(r#".flash a[href^="/appeals/"]"#, "href");
    ada.pages.post(&way, &[("text", "No!")]).await.location();
    let id: i64 = site.ask("select sanction_id from appeals").await;
    let judge = format!("/moderation/sanctions/{id}/appeal");
    mo.pages.post(&judge, &[("decision", "refuse"), ("answer", "Three warnings.")]).await.location();
    mo.pages.post(&judge, &[("decision", "accept"), ("answer", "Oh well.")]).await.expect(409);
    let page = ada.pages.get("/settings/standing").await.expect(200);
    assert_eq!(page.texts(".sanction-text"), ["No!", "Three warnings."]);
    ada.pages.post(&way, &[("text", "Please!")]).await.expect(409);
    assert_eq!(ada.pages.post("/hubs/new", &[("slug", "dogs")]).await.status, 403);
    // Nobody judges an appeal of their own.
    let max = site.moderator("max").await;
    sanction(&mo, "max", "warn", "", "keep").await.location();
    let warned: i64 = site.ask("select max(id) from sanctions").await;
    let token = mo.pages.get("/moderation/members/max").await.expect(200);
    assert!(token.has(&format!("form[action='/moderation/sanctions/{warned}/lift']")));
    max.pages.post(&format!("/moderation/sanctions/{warned}/lift"), &[]).await.expect(403);
    let way = max.pages.get("/settings/standing").await.expect(200).attribute(".sanction .actions a", "href");
    max.pages.post(&way, &[("text", "No!")]).await.location();
    let form = [("decision", "accept"), ("answer", "I agree with myself.")];
    max.pages.post(&format!("/moderation/sanctions/{warned}/appeal"), &form).await.expect(403);
}
