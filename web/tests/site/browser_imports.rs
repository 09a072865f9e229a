//! Imports in a browser.

use pawdium_archive::write::zip_of;
use pawdium_shared::db::MIGRATIONS;
use sqlx::PgPool;

use crate::harness::{SOON, Setup, eventually, pictures};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_archive_is_chosen_and_its_page_shows_progress(db: PgPool) {
    let mut site = Setup::on(db).start().await;
    let ada = site.member("ada").await;
    let browser = site.browser().await;
    browser.log_in(&ada.email()).await;
    browser.goto("/imports").await;
    let pictures = [1, 2].map(|seed| pictures::scene(seed, 240, 80));
    let archive = zip_of(&[("a.jpg", &pictures[0]), ("b.jpg", &pictures[1]), ("c.jpg", b"no picture")]);
    let file = browser.file("photos.zip", &archive);
    browser.choose_files("#archive", &[file]).await;
    browser.choose("#species", "dog").await;
    browser.click(".import-form button[type=submit]").await;
    browser.find(".import[data-state=unpacking] progress").await;
    browser.mark().await;
    site.start_worker();
    browser.find(".import[data-state=done]").await;
    eventually("every file has a receipt", SOON, async || {
        let shown = browser.text("[data-progress]").await;
        (shown == "3 of 3 files done: 2 imported, 1 refused").then_some(())
    })
    .await;
    assert!(browser.is_marked().await, "the page was never loaded again");
    assert!(!browser.has("progress").await);
    browser.click("form[action$='/undo'] button").await;
    browser.find(".import[data-state=undone]").await;
    browser.goto("/drafts").await;
    assert!(!browser.has(".draft").await);
    browser.has_no_complaints().await;
}
