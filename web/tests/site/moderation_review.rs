//! The review queue and its cases.

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site, select};

/// Photos of ada's, reported by bob with these weights, and two moderators.
async fn stage(db: PgPool, weights: &[i32]) -> (Site, Vec<i64>, [Person; 4]) {
    let site = Site::start(db).await;
    let people = [
        site.member("ada").await,
        site.member("bob").await,
        site.moderator("mo").await,
        site.admin("root").await,
    ];
    let mut cases = Vec::new();
    for (number, weight) in weights.iter().enumerate() {
        let photo = site.photo().by(&people[0]).titled(&format!("Cat {number}")).live().await;
        people[1].flag(&format!("photos/{photo}")).await;
        let case: i64 = site.ask("select max(id) from cases").await;
        let weighed = sqlx::query("update cases set weight = $2 where id = $1");
        weighed.bind(case).bind(weight).execute(&site.db).await.expect("the statement is right");
        cases.push(case);
    }
    (site, cases, people)
}

fn listed(page: &Answer) -> Vec<String> {
    page.texts(".case h2")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_queue_is_by_weight_and_age_and_a_day_counts_as_an_ordinary_report(db: PgPool) {
    let (site, cases, [_, _, mo, _]) = stage(db, &[1000, 3000, 1500]).await;
    let page = mo.pages.get("/moderation/review").await.expect(200);
    assert_eq!(listed(&page), ["Cat 1", "Cat 2", "Cat 0"]);
    assert_eq!(page.texts(".tab-count"), ["3 open cases"]);
    // Three days old, the lightest is before all others.
    let older = sqlx::query("update cases set opened_at = opened_at - interval '3 days' where id = $1");
    older.bind(cases[0]).execute(&site.db).await.expect("the statement is right");
    assert_eq!(listed(&mo.pages.get("/moderation/review").await), ["Cat 0", "Cat 1", "Cat 2"]);
    assert!(mo.pages.get("/").await.expect(200).texts(".menu-sheet a").contains(&"Review (3)".to_owned()));
    assert!(listed(&mo.pages.get("/moderation/review?about=comment").await.expect(200)).is_empty());
    assert_eq!(listed(&mo.pages.get("/moderation/review?about=photo").await.expect(200)).len(), 3);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_of_the_queue_meet_without_a_gap(db: PgPool) {
    let (site, _, [_, _, mo, _]) = stage(db, &[]).await;
    site.change(
        "insert into cases (about, thing_id, weight, opened_at)
         select 'photo', number, number % 3 * 1000, now() from generate_series(1, 60) as number",
    )
    .await;
    let (mut path, mut seen) = (Some("/moderation/review".to_owned()), Vec::new());
    while let Some(next) = path {
        let page = mo.pages.get(&next).await.expect(200);
        let html = page.html();
        let cases = select("[data-case]");
        let ids = html.select(&cases).filter_map(|line| line.attr("data-case"));
        seen.extend(ids.map(ToOwned::to_owned));
        path = page.has("a[rel=next]").then(|| page.attribute("a[rel=next]", "href"));
    }
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!((seen.len(), unique.len()), (60, 60));
    for broken in ["?after=%00", "?after=1", "?after=9.9.9", "?about=%00", "?after=x.y"] {
        mo.pages.get(&format!("/moderation/review{broken}")).await.expect(200);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nobody_but_moderators_sees_or_judges_cases(db: PgPool) {
    let (site, cases, [ada, bob, mo, root]) = stage(db, &[1000]).await;
    let case = format!("/moderation/review/{}", cases[0]);
    for stranger in [&site.visitor(), &ada.pages, &bob.pages, &site.anonymous().await.pages] {
        for path in ["/moderation/review", &case, "/moderation/review/bulk?act=dismiss&case=1"] {
            stranger.get(path).await.expect(404);
        }
        for path in [case.clone(), format!("{case}/claim"), "/moderation/review/bulk".to_owned()] {
            stranger.post(&path, &[("act", "dismiss"), ("cases", "1")]).await.expect(403);
        }
        assert!(!stranger.get("/").await.text().contains("/moderation/review"));
    }
    for moderator in [&mo, &root] {
        moderator.pages.get(&case).await.expect(200);
        let moved = Answer::to(moderator.pages.request(Method::GET, "/admin/review?about=photo")).await;
        assert_eq!(moved.expect(308).header("location"), "/moderation/review?about=photo");
    }
    let foreign = mo
        .pages
        .request(Method::POST, &case)
        .header("sec-fetch-site", "cross-site")
        .form(&[("act", "dismiss")]);
    Answer::to(foreign).await.expect(403);
    assert_eq!(site.ask::<i64>("select count(*) from cases where state = 'open'").await, 1);
    for path in ["/moderation/review/999", "/moderation/review/x"] {
        mo.pages.get(path).await.expect(404);
        mo.pages.post(path, &[("act", "dismiss")]).await.expect(404);
    }
    mo.judge(cases[0], "explode", "").await.expect(400);
    mo.judge(cases[0], "take_down", "").await.expect(400);
    mo.judge(cases[0], "take_down", &"x".repeat(501)).await.expect(400);
    mo.judge(cases[0], "show", "").await.expect(400);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_case_shows_all_reports_history_and_revisions(db: PgPool) {
    let (site, _, [ada, bob, mo, _]) = stage(db, &[]).await;
    let photo = site.photo().by(&ada).titled("Blep").live().await;
    let what = format!("photos/{photo}");
    bob.report(&what, json!({ "category": "stolen", "text": "This is <b>mine</b>." })).await.expect(201);
    mo.judge(site.open_case().await, "dismiss", "").await.location();
    ada.api.patch(&what, json!({ "title": "Blep again" })).await.expect(200);
    for reporter in [&bob, &site.member("cleo").await] {
        reporter.report(&what, json!({ "category": "hurtful", "text": "Ouch." })).await.expect(201);
    }
    let page = mo.pages.get(&format!("/moderation/review/{}", site.open_case().await)).await.expect(200);
    assert_eq!(page.texts("h1"), ["Blep again"]);
    let reports = page.texts(".case-reports li");
    assert_eq!(reports.len(), 2);
    assert!(
        reports[0].contains("cleo") && reports[1].contains("bob") && reports[0].contains("Ouch."),
        "{reports:?}"
    );
    let history = page.texts("[aria-labelledby=history-title] li");
    assert!(history.len() == 1 && history[0].starts_with("mo closed a case"), "{history:?}");
    assert_eq!(page.texts("[aria-labelledby=revisions-title] li").len(), 2);
    assert!(page.texts("[aria-labelledby=earlier-title] li")[0].contains("Dismissed"));
    let earlier = page.attribute("[aria-labelledby=earlier-title] a", "href");
    let closed = mo.pages.get(&earlier).await.expect(200);
    assert!(closed.text().contains("This is &#60;b&#62;mine") && !closed.has("form.case-acts"));
    assert!(closed.texts(".flash")[0].starts_with("Dismissed by mo"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn two_who_claim_at_once_are_one_and_an_expired_claim_is_free(db: PgPool) {
    let (site, cases, [_, _, mo, root]) = stage(db, &[1000]).await;
    let case = cases[0];
    let both = join_all([&mo, &root, &mo, &root].map(|moderator| moderator.claim(case, "claim"))).await;
    let (won, lost): (Vec<_>, Vec<_>) = both.iter().partition(|answer| answer.status == 303);
    assert_eq!((won.len(), lost.len()), (2, 2), "one of them has it, twice");
    assert!(lost.iter().all(|answer| answer.status == 409));
    let owner: String = site.ask("select name from users join cases on claimed_by = users.id").await;
    let (holder, other) = if owner == "mo" { (&mo, &root) } else { (&root, &mo) };
    let seen = other.pages.get(&format!("/moderation/review/{case}")).await.expect(200);
    assert!(seen.text().contains(&format!("{owner} works on this case")) && !seen.has("form.case-acts"));
    assert!(other.pages.get("/moderation/review").await.text().contains(&format!("{owner} works on it")));
    let refused = other.judge(case, "dismiss", "").await.expect(409);
    assert!(refused.texts(".flash.bad")[0].contains("works on this case"));
    // Somebody else can't give it back, and expired claims are free.
    other.claim(case, "give_back").await.location();
    other.judge(case, "dismiss", "").await.expect(409);
    site.change("update cases set claimed_until = now() - interval '1 second'").await;
    other.claim(case, "claim").await.location();
    holder.judge(case, "dismiss", "").await.expect(409);
    other.claim(case, "give_back").await.location();
    assert_eq!(holder.judge(case, "dismiss", "").await.location(), "/moderation/review");
    other.claim(case, "claim").await.expect(409);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn several_acts_are_done_in_one_case_and_each_is_audited(db: PgPool) {
    let (site, cases, [ada, bob, mo, _]) = stage(db, &[1000]).await;
    let case = cases[0];
    let path = format!("/moderation/review/{case}");
    let form = [("act", "take_down"), ("reason", "Not an animal"), ("keep", "1")];
    assert_eq!(mo.pages.post(&path, &form).await.location(), path);
    assert_eq!(site.ask::<String>("select state from photos").await, "hidden");
    assert!(mo.judge(case, "take_down", "Again").await.expect(409).text().contains("taken down already"));
    mo.pages.post(&path, &[("act", "delete"), ("reason", "All of it"), ("keep", "1")]).await.location();
    assert_eq!(site.ask::<String>("select state from photos").await, "deleted");
    let gone = mo.judge(case, "take_down", "Again").await.expect(409);
    assert!(gone.text().contains("nothing to take down"));
    assert_eq!(mo.judge(case, "uphold", "").await.location(), "/moderation/review");
    // The same form once more.
    assert_eq!(mo.judge(case, "uphold", "").await.location(), path);
    assert!(mo.pages.get(&path).await.texts(".flash")[0].contains("closed already"));
    let acts: String = site.ask("select string_agg(action, ' ' order by id) from audit_log").await;
    assert_eq!(acts, "picture.block photo.delete case.close");
    let detail: String =
        site.ask("select (detail - 'photo')::text from audit_log where action = 'case.close'").await;
    assert!(detail.contains("\"upheld\"") && detail.contains("\"reports\": 1"), "{detail}");
    let settled: String = site.ask("select string_agg(outcome, ' ') from reports").await;
    assert_eq!(settled, "upheld");
    assert_eq!((ada.unread().await, bob.unread().await), (0, 0), "the job tells them");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn of_two_who_judge_at_once_one_does(db: PgPool) {
    let (site, cases, [_, _, mo, root]) = stage(db, &[1000]).await;
    let acts = [(&mo, "dismiss"), (&root, "take_down"), (&mo, "uphold"), (&root, "dismiss")];
    let answers = join_all(acts.map(|(moderator, act)| moderator.judge(cases[0], act, "Spam"))).await;
    assert!(answers.iter().all(|answer| matches!(answer.status, 303 | 409)), "{answers:?}");
    assert_eq!(site.ask::<i64>("select count(*) from audit_log where action = 'case.close'").await, 1);
    let agree =
        "select count(*) from cases join reports on case_id = cases.id where cases.outcome = reports.outcome";
    assert_eq!(site.ask::<i64>(agree).await, 1);
    let blocked: bool = site.ask("select exists (select from blocked_pictures) from cases").await;
    let upheld: bool = site.ask("select outcome = 'upheld' from cases").await;
    assert!(!blocked || upheld, "who was too late did nothing");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn comments_talks_and_hubs_are_taken_down_by_their_own_acts(db: PgPool) {
    let (site, _, [ada, bob, mo, _]) = stage(db, &[]).await;
    let photo = site.photo().by(&bob).live().await;
    site.rated_by(photo, &[&ada]).await;
    let comment = ada.comment(photo, "Buy this.").await;
    site.hub_of("cats", &[&ada]).await;
    let call = site.open_call(&ada, "cats", json!({})).await;
    let talk = ada.pitch(call, "On bleps").await;
    for (what, act, left) in [
        (format!("comments/{comment}"), "take_down", "select state from comments"),
        (format!("talks/{talk}"), "take_down", "select state from talks"),
        ("hubs/cats".to_owned(), "delete", "select count(*)::text from hubs where slug is not null"),
    ] {
        bob.flag(&what).await;
        let case = site.open_case().await;
        mo.judge(case, if act == "delete" { "take_down" } else { "delete" }, "Spam").await.expect(400);
        mo.judge(case, act, "Spam").await.location();
        let left: String = site.ask(left).await;
        assert!(matches!(left.as_str(), "removed" | "hidden" | "0"), "{what}: {left}");
    }
    bob.flag("users/ada").await;
    let case = site.open_case().await;
    let page = mo.pages.get(&format!("/moderation/review/{case}")).await.expect(200);
    assert!(!page.has("button[value=take_down]") && page.has("button[value=uphold]"));
    mo.judge(case, "uphold", "").await.location();
    assert!(
        !site.ask::<String>("select string_agg(detail::text, ' ') from audit_log").await.contains("Buy this")
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_the_site_hid_is_taken_down_or_shown_while_the_case_stays(db: PgPool) {
    let (site, _, [ada, _, mo, _]) = stage(db, &[]).await;
    let witnesses = site.trusted("witness", 3).await;
    let photo = site.photo().by(&ada).live().await;
    for witness in &witnesses {
        witness.flag(&format!("photos/{photo}")).await;
    }
    let state = "select state from photos where id = $1";
    assert_eq!(site.ask_of::<String>(state, photo).await, "hidden");
    let case = site.open_case().await;
    assert_eq!(mo.judge(case, "show", "").await.location(), format!("/moderation/review/{case}"));
    assert_eq!(site.ask_of::<String>(state, photo).await, "live");
    assert_eq!(site.ask::<String>("select concat(state, hidden_at) from cases").await, "open");
    // Another report hides it again, since nobody has dismissed the others.
    site.crowd("late", 1).await[0].flag(&format!("photos/{photo}")).await;
    assert_eq!(site.ask_of::<String>(state, photo).await, "hidden");
    mo.judge(case, "take_down", "Spam").await.location();
    assert_eq!(site.ask_of::<String>(state, photo).await, "hidden");
    let acts = site.ask::<String>("select string_agg(act, ' ') from acts where undone_at is null").await;
    assert_eq!(acts, "block_picture");
    // Undoing that shows it, though it had been hidden before.
    let act: i64 = site.ask("select id from acts").await;
    let undo = format!("/moderation/acts/{act}/undo");
    let own = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert_eq!(own.texts("#status blockquote"), ["Spam"]);
    mo.pages.post(&undo, &[]).await.location();
    assert_eq!(site.ask_of::<String>(state, photo).await, "live");
}
