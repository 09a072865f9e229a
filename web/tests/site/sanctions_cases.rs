//! Sanctions and appeals in the review of cases.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::RefreshRanks;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site};
use crate::sanctions::{lift, message, sanction};

/// Imposes a sanction from the page of a case.
async fn sanction_in(case: i64, by: &Person, name: &str, kind: &str, days: &str) -> Answer {
    let case = case.to_string();
    let form = [("case", &*case), ("kind", kind), ("days", days), ("content", "keep"), ("reason", "Spam")];
    by.pages.post(&format!("/moderation/members/{name}/sanctions"), &form).await
}

fn page_of(case: i64) -> String {
    format!("/moderation/review/{case}")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_owner_is_sanctioned_from_a_case_which_stays_open_and_remembers_it(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let (mo, root) = (site.moderator("mo").await, site.admin("root").await);
    let photo = site.photo().by(&ada).live().await;
    bob.flag(&format!("photos/{photo}")).await;
    let case = site.open_case().await;
    let path = page_of(case);
    let form = "form[action='/moderation/members/ada/sanctions']";
    let page = mo.pages.get(&path).await.expect(200);
    assert_eq!(page.attribute(&format!("{form} input[name=case]"), "value"), case.to_string());

    assert_eq!(sanction_in(case, &mo, "ada", "silence", "3").await.location(), path);
    let page = mo.pages.get(&path).await.expect(200);
    let history = page.texts("[aria-labelledby=history-title] li");
    assert!(history.len() == 1 && history[0].starts_with("mo silenced a member: Spam"), "{history:?}");
    assert!(page.has("button[value=give_back]"), "the case is mo's now");
    let refused = sanction_in(case, &root, "ada", "ban", "").await.expect(409);
    assert!(refused.texts(".flash.bad")[0].contains("works on this case"), "{:?}", refused.texts(".flash"));
    assert!(!root.pages.get(&path).await.expect(200).has(form));
    assert_eq!(site.ask::<i64>("select count(*) from sanctions").await, 1);

    // What is refused is shown with the case, which the next try goes back to.
    let refused = sanction_in(case, &mo, "ada", "warn", "3").await.expect(400);
    assert_eq!(refused.attribute("#impose input[name=case]", "value"), case.to_string());
    for forged in ["x", "0", "-1", "99999999999999999999", "999"] {
        let form = [("case", forged), ("kind", "warn"), ("reason", "Spam")];
        let status = mo.pages.post("/moderation/members/ada/sanctions", &form).await.status;
        assert!([400, 404].contains(&status), "{forged}: {status}");
    }
    mo.judge(case, "take_down", "Spam").await.location();
    let acts: String = site.ask("select string_agg(action, ' ' order by id) from audit_log").await;
    assert_eq!(acts, "user.silence picture.block case.close");
    // A closed case may still be the reason of a sanction.
    assert_eq!(sanction_in(case, &root, "ada", "suspend", "3").await.location(), path);
    let cases = "select count(*) from audit_log where detail @> jsonb_build_object('case', $1::bigint)";
    assert_eq!(site.ask_of::<i64>(cases, case).await, 3);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_appeal_is_found_and_judged_in_the_queue_by_who_has_the_case(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let (mo, root) = (site.moderator("mo").await, site.admin("root").await);
    for (member, text) in [(&ada, "It was my <i>sister</i>."), (&bob, "No!")] {
        sanction(&mo, &member.name, "silence", "2", "keep").await.location();
        let standing = member.pages.get("/settings/standing").await.expect(200);
        let way = standing.attribute(".sanction .actions a", "href");
        member.pages.post(&way, &[("text", text)]).await.location();
    }
    let queue = mo.pages.get("/moderation/review?about=appeal").await.expect(200);
    let mut titles = queue.texts(".case h2");
    titles.sort();
    assert_eq!(titles, ["Appeal of ada", "Appeal of bob"]);
    let case: i64 =
        site.ask("select cases.id from cases join users on owner_id = users.id where name = 'ada'").await;
    let number: i64 = site.ask_of("select thing_id from cases where id = $1", case).await;
    let path = page_of(case);
    let page = mo.pages.get(&path).await.expect(200);
    assert_eq!(page.texts("h1"), ["Appeal of ada"]);
    assert_eq!(page.texts(".held-text"), ["It was my <i>sister</i>."]);
    assert_eq!(page.texts(".sanction-reason"), ["Spam & noise"]);
    assert_eq!(
        mo.pages.get(&format!("/moderation/sanctions/{number}")).await.location(),
        format!("/moderation/members/ada#sanction-{number}")
    );
    // The acts on other cases do nothing to an appeal.
    for act in ["dismiss", "uphold", "take_down", "delete", "show"] {
        mo.judge(case, act, "Spam").await.expect(400);
    }
    let preview = mo.pages.get(&format!("/moderation/review/bulk?act=dismiss&case={case}")).await.expect(200);
    assert!(preview.text().contains("Skipped"), "{}", preview.text());

    let judge = format!("/moderation/sanctions/{number}/appeal");
    assert!(page.has(&format!("form[action='{judge}']")));
    root.claim(case, "claim").await.location();
    let seen = mo.pages.get(&path).await.expect(200);
    assert!(!seen.has(&format!("form[action='{judge}']")) && seen.text().contains("root works on this case"));
    let number = case.to_string();
    let form = [("case", &*number), ("decision", "accept"), ("answer", "Sorry.")];
    let refused = mo.pages.post(&judge, &form).await.expect(409);
    assert!(refused.texts(".flash.bad")[0].contains("works on this case"));
    assert_eq!(site.ask::<i64>("select count(*) from appeals where accepted is not null").await, 0);
    assert_eq!(root.pages.post(&judge, &form).await.location(), "/moderation/review");
    let closed = mo.pages.get(&path).await.expect(200);
    assert!(closed.texts(".flash")[0].starts_with("Upheld by root") && !closed.has("form.case-acts"));
    ada.api
        .post("hubs", json!({ "slug": "dogs", "name": "Dogs", "join": "open", "visibility": "public" }))
        .await
        .expect(201);

    // The other is refused from the record, and leaves the queue as well.
    let other: i64 = site.ask("select thing_id from cases where state = 'open'").await;
    let form = [("decision", "refuse"), ("answer", "Three warnings.")];
    let back = mo.pages.post(&format!("/moderation/sanctions/{other}/appeal"), &form).await;
    assert_eq!(back.location(), "/moderation/members/bob");
    assert!(mo.pages.get("/moderation/review").await.expect(200).has(".nothing"));
    let outcomes: String = site.ask("select string_agg(outcome, ' ' order by id) from cases").await;
    assert_eq!(outcomes, "upheld dismissed");
    assert_eq!(site.ask::<i64>("select count(*) from approvals").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_appeal_and_its_case_go_with_the_account(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    sanction(&mo, "ada", "silence", "2", "hide").await.location();
    let standing = ada.pages.get("/settings/standing").await.expect(200);
    let way = standing.attribute(".sanction .actions a", "href");
    ada.pages.post(&way, &[("text", "No!")]).await.location();
    let case = site.open_case().await;
    ada.api.delete("users/me", json!({ "password": crate::harness::PASSWORD })).await.expect(204);
    site.visitor().get(&way).await.expect(404);
    assert_eq!(site.ask::<i64>("select count(*) from sanctions").await, 0);
    assert_eq!(site.ask::<i64>("select count(*) from appeals").await, 0);
    assert_eq!(site.ask::<String>("select outcome from cases").await, "void");
    assert!(mo.pages.get("/moderation/review").await.expect(200).has(".nothing"));
    assert!(!mo.pages.get(&page_of(case)).await.expect(200).has("form.case-acts"));
    site.run(pawdium_shared::jobs::sanctions::SettleSanctions {
        user: Some(pawdium_shared::ids::UserId(ada.id)),
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_dont_judge_what_is_their_own(db: PgPool) {
    let site = Site::start(db).await;
    let (mo, max, root) = (site.moderator("mo").await, site.moderator("max").await, site.admin("root").await);
    let bob = site.member("bob").await;
    site.hub_of("cats", &[&mo, &max]).await;
    let photo = site.photo().by(&mo).live().await;
    for what in [format!("photos/{photo}"), "users/mo".to_owned(), "hubs/cats".to_owned()] {
        bob.flag(&what).await;
        let case = site.open_case().await;
        let page = mo.pages.get(&page_of(case)).await.expect(200);
        assert!(
            !page.has("form.case-acts") && page.text().contains("Another moderator has to decide"),
            "{what}"
        );
        mo.judge(case, "dismiss", "").await.expect(409);
        let preview =
            mo.pages.get(&format!("/moderation/review/bulk?act=dismiss&case={case}")).await.expect(200);
        assert!(preview.text().contains("Skipped"), "{what}");
        max.judge(case, "dismiss", "").await.location();
    }
    // Admins may: there may be nobody else.
    let own = site.photo().by(&root).live().await;
    bob.flag(&format!("photos/{own}")).await;
    assert_eq!(root.judge(site.open_case().await, "dismiss", "").await.location(), "/moderation/review");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_moderators_give_back_stays_hidden_while_a_sanction_hides_its_owner(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob, mo) = (site.member("ada").await, site.member("bob").await, site.moderator("mo").await);
    let hidden = site.photo().by(&ada).titled("Hidden").live().await;
    let reported = site.photo().by(&ada).titled("Reported").live().await;
    site.rate(&ada, site.photo().by(&bob).titled("Other").live().await, 5).await;
    let form = [("reason", "Not an animal")];
    mo.pages.post(&format!("/photos/{hidden}/hide"), &form).await.location();
    for witness in &site.trusted("witness", 3).await {
        witness.flag(&format!("photos/{reported}")).await;
    }
    sanction(&mo, "ada", "suspend", "2", "hide").await.location();
    site.settle().await;
    let act: i64 = site.ask("select id from acts").await;
    mo.pages.post(&format!("/moderation/acts/{act}/undo"), &[]).await.location();
    mo.judge(site.open_case().await, "dismiss", "").await.location();
    site.hurry().await;
    site.settle().await;
    let states = "select string_agg(state, ' ' order by id) from photos where owner_id = $1";
    assert_eq!(site.ask_of::<String>(states, ada.id).await, "hidden hidden");
    for photo in [hidden, reported] {
        site.get(&format!("/photos/{photo}")).await.expect(404);
    }
    assert_eq!(site.ask::<i64>("select count(*) from withheld").await, 2);
    lift(&site, &mo).await;
    site.settle().await;
    site.run(RefreshRanks {}).await;
    assert_eq!(site.ask_of::<String>(states, ada.id).await, "live live");
    assert_eq!(site.ask::<i64>("select count(*) from withheld").await, 0);
    for photo in [hidden, reported] {
        let shown = site.get(&format!("/photos/{photo}")).await.expect(200);
        site.get(&shown.attribute(".photo-page img, main img", "src")).await.expect(200);
    }
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_suspension_ends_sessions_and_streams_and_api_tokens_rest_until_its_end(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    let photo = site.photo().live().await;
    let token = ada.api_token(&["read", "rate", "submit"]).await;
    let program = site.api().with_token(&token);
    program.get("users/me").await.expect(200);
    let mut stream = ada.pages.stream(&format!("photo={photo}")).await;
    stream.begin().await;
    sanction(&mo, "ada", "suspend", "2", "keep").await.location();
    while stream.next().await.is_some() {}
    assert_eq!(ada.api.get("users/me").await.error(401).0, "must provide a valid access token");
    for answer in [
        program.get("users/me").await,
        program.get("rate/next").await,
        program.put(&format!("photos/{photo}/rating"), json!({ "value": 3 })).await,
        program.post("photos", Value::Null).await,
    ] {
        let says = message(answer, 403);
        assert!(
            says.starts_with("You are suspended until ") && says.ends_with("Reason: Spam & noise"),
            "{says}"
        );
    }
    lift(&site, &mo).await;
    program.get("users/me").await.expect(200);
    ada.api.get("users/me").await.error(401);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_silenced_member_leaves_hubs_and_joins_none_and_reports_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, mo) = (site.member("ada").await, site.member("bob").await, site.moderator("mo").await);
    site.hub_of("cats", &[&bob, &ada]).await;
    site.hub_of("dogs", &[&bob]).await;
    let photo = site.photo().by(&bob).live().await;
    ada.pages.post("/members/bob/roles/subscriber", &[("act", "take")]).await.location();
    sanction(&mo, "ada", "silence", "3", "keep").await.location();
    let roles = "select count(*) from hub_roles join hubs on hubs.id = hub_id
                 where user_id = $1 and profile_of is distinct from $1";
    assert!(site.ask_of::<i64>(roles, ada.id).await >= 2);
    for path in ["/h/dogs/roles/member", "/h/dogs/roles/stargazer", "/members/mo/roles/subscriber"] {
        ada.pages.post(path, &[("act", "take")]).await.expect(403);
    }
    let says = message(ada.report(&format!("photos/{photo}"), json!({ "category": "spam" })).await, 403);
    assert!(says.starts_with("You are silenced until "), "{says}");
    ada.pages.post(&format!("/photos/{photo}/report"), &[("category", "spam")]).await.expect(403);
    for path in ["/h/cats/roles/member", "/h/cats/roles/subscriber", "/members/bob/roles/subscriber"] {
        ada.pages.post(path, &[("act", "drop")]).await.location();
    }
    assert_eq!(site.ask_of::<i64>(roles, ada.id).await, 0);
    // Looking after the account goes on.
    ada.api.get("users/me/sessions").await.expect(200);
    ada.pages.post("/settings/sessions/end-others", &[]).await.location();
    ada.pages.get("/settings/security").await.expect(200);
}
