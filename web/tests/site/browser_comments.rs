//! Comments and notifications in a browser.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use sqlx::PgPool;

use crate::harness::{SOON, Setup, eventually};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_comment_appears_on_an_open_page_and_is_answered_in_place(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    site.rated_by(photo, &[&bob]).await;
    site.settle().await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.goto(&format!("/photos/{photo}")).await;
    browser.find(".comment-list").await;
    browser.mark().await;
    // A text that is being written stays.
    browser.fill("#comment-text", "Thank").await;
    bob.comment(photo, "What a blep.").await;
    browser.find("#comment-1").await;
    eventually("the bar shows it", SOON, async || {
        (browser.text("[data-bell-count]").await == "1").then_some(())
    })
    .await;
    assert_eq!(browser.value("#comment-text").await, "Thank");

    browser.click("#comment-1 [data-reply]").await;
    assert!(browser.has("#comment-1 #comment-form").await, "the form is below what it answers");
    assert_eq!(browser.text("[data-answered-author]").await, "bob");
    browser.fill("#comment-text", " you!").await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    browser.click("#comment-form button[type=submit]").await;
    browser.find("#comment-2.reply").await;
    assert_eq!(ada.texts(photo).await, ["What a blep.", "Thank you!"]);
    assert_eq!(browser.value("#comment-text").await, "");
    assert!(!browser.has("#comment-1 #comment-form").await);
    assert!(browser.is_marked().await, "the page was never loaded again");

    browser.goto("/notifications").await;
    browser.click("[data-read-all] button").await;
    eventually("all is read", SOON, async || {
        (browser.text("[data-bell-count]").await.is_empty() && !browser.has(".notification.unread").await)
            .then_some(())
    })
    .await;
    assert_eq!(ada.unread().await, 0);
    browser.has_no_complaints().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_judge_what_waits_by_keyboard(db: PgPool) {
    let site = Setup::on(db).set("security.hold_first_comments", "true").start().await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    let photo = site.photo().by(&ada).live().await;
    for name in ["bob", "cleo"] {
        site.member(name).await.comment(photo, &format!("Hello from {name}.")).await;
    }
    let browser = site.browser().await;
    browser.log_in(&mo.email()).await;
    browser.goto("/moderation/comments").await;
    browser.find("#held-1").await;
    browser.press('j').await;
    browser.press('a').await;
    let gone =
        async |css: &str| eventually(css, SOON, async || (!browser.has(css).await).then_some(())).await;
    gone("#held-1").await;
    browser.press('r').await;
    gone("#held-2").await;
    browser.find(".nothing").await;
    let states: String = site.ask("select string_agg(state, ' ' order by id) from comments").await;
    assert_eq!(states, "shown removed");
    browser.has_no_complaints().await;
}
