//! What moderators and reporters hear.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::CaseId;
use pawdium_shared::jobs::moderation::{SendCaseDigests, TellReporters};
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Letter, Person, Setup, Site};
use crate::sanctions::sanction;

async fn stage(db: PgPool) -> (Site, Person, Person, Person) {
    let site = Setup::on(db).worker().start().await;
    let (mo, root) = (site.moderator("mo").await, site.admin("root").await);
    for person in [&mo, &root] {
        site.verify(person).await;
    }
    // One without a verified address gets none.
    site.moderator("max").await;
    let ada = site.member("ada").await;
    site.settle().await;
    (site, mo, root, ada)
}

fn of_cases(site: &Site) -> Vec<Letter> {
    site.letters().into_iter().filter(|letter| letter.text.contains("/moderation/review")).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_get_one_mail_per_case_and_then_a_digest_which_quote_nobody(db: PgPool) {
    let (site, mo, root, ada) = stage(db).await;
    let photo = site.photo().by(&ada).titled("Secret title").live().await;
    let witnesses = site.crowd("witness", 3).await;
    let body = json!({ "category": "hurtful", "text": "Secret words" });
    witnesses[0].report(&format!("photos/{photo}"), body.clone()).await.expect(201);
    site.settle().await;
    let letters = of_cases(&site);
    let mut to: Vec<_> = letters.iter().map(|letter| letter.to.clone()).collect();
    to.sort();
    assert_eq!(to, [mo.email(), root.email()]);
    let case = site.open_case().await;
    assert_eq!(letters[0].link(&site, "/moderation/review"), format!("/moderation/review/{case}"));
    for witness in &witnesses[1..] {
        witness.report(&format!("photos/{photo}"), body.clone()).await.expect(201);
    }
    site.settle().await;
    assert_eq!(of_cases(&site).len(), 2, "one per case");
    site.run(SendCaseDigests {}).await;
    let digest: Vec<_> = of_cases(&site).into_iter().skip(2).collect();
    assert_eq!(digest.len(), 2);
    assert!(digest[0].text.contains("1 case is in the queue.") && digest[0].text.contains("3 reports came"));
    for letter in of_cases(&site) {
        for part in [&letter.text, &letter.html, &letter.subject] {
            assert!(!part.contains("Secret") && !part.contains("witness"), "{part}");
        }
    }
    // At most one a day, and none of nothing.
    site.run(SendCaseDigests {}).await;
    assert_eq!(of_cases(&site).len(), 4);
    site.change("update moderator_mails set sent_at = sent_at - interval '21 hours'").await;
    site.run(SendCaseDigests {}).await;
    assert_eq!(of_cases(&site).len(), 4);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_flood_of_cases_is_left_to_the_digest(db: PgPool) {
    let (site, mo, _, ada) = stage(db).await;
    site.change(
        "insert into cases (about, thing_id, weight) select 'appeal', n, 1 from generate_series(1, 25) as n",
    )
    .await;
    let photo = site.photo().by(&ada).live().await;
    site.member("bob").await.flag(&format!("photos/{photo}")).await;
    site.settle().await;
    assert!(of_cases(&site).is_empty());
    site.run(SendCaseDigests {}).await;
    assert_eq!(of_cases(&site).iter().filter(|letter| letter.to == mo.email()).count(), 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn reporters_hear_once_what_came_of_it(db: PgPool) {
    let (site, mo, _, ada) = stage(db).await;
    let photo = site.photo().by(&ada).live().await;
    let (bob, cleo) = (site.member("bob").await, site.member("cleo").await);
    for reporter in [&bob, &cleo] {
        reporter.flag(&format!("photos/{photo}")).await;
    }
    cleo.pages.post("/settings/notifications", &[("comment", "1")]).await.location();
    let case = site.open_case().await;
    mo.judge(case, "take_down", "Spam").await.location();
    site.settle().await;
    assert_eq!(bob.notifications().await, ["Moderators agreed with your report"]);
    assert_eq!(cleo.notifications().await, Vec::<String>::new(), "cleo doesn't want to know");
    assert!(bob.pages.get("/notifications").await.expect(200).has(".notification-link[href='/reports']"));
    assert!(
        bob.pages.get("/reports").await.expect(200).texts(".notification")[0].contains("agreed with you")
    );
    site.run(TellReporters { case: CaseId(case) }).await;
    assert_eq!(bob.notifications().await.len(), 1);
    assert_eq!(ada.notifications().await, Vec::<String>::new());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_who_are_restricted_hear_of_no_case(db: PgPool) {
    let (site, _, root, ada) = stage(db).await;
    sanction(&root, "mo", "silence", "1", "keep").await.location();
    let photo = site.photo().by(&ada).live().await;
    site.member("bob").await.flag(&format!("photos/{photo}")).await;
    site.settle().await;
    site.run(SendCaseDigests {}).await;
    let to: Vec<_> = of_cases(&site).into_iter().map(|letter| letter.to).collect();
    assert_eq!(to, [root.email(), root.email()]);
}
