//! Widgets in frames of a page on another site, in a real browser.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::harness::{Setup, Site, eventually};

/// Well before a frame without a stream looks by itself.
const LIVE: Duration = Duration::from_secs(5);

/// Serves one page on another origin, under another name than the site's. Returns its URL.
async fn elsewhere(html: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("it is bound").port();
    let answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{html}",
        html.len()
    );
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let answer = answer.clone();
            tokio::spawn(async move {
                let _ = socket.read(&mut [0; 4096]).await;
                let _ = socket.write_all(answer.as_bytes()).await;
            });
        }
    });
    format!("http://localhost:{port}/")
}

async fn snippets(site: &Site, kinds: &[&str]) -> String {
    let page = site.get("/h/cats").await.expect(200);
    let all = kinds.iter().map(|kind| page.texts(&format!(".widget-{kind} textarea")).remove(0));
    format!("<!doctype html><title>Elsewhere</title>{}", all.collect::<String>())
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_frame_on_another_site_is_redrawn_after_a_rating(db: PgPool) {
    // Frames of one hub have one stream.
    let site = Setup::on(db).set("web.max_streams", "1").worker().start().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "cats").await;
    for kind in ["histogram", "numbers"] {
        let body = json!({ "kind": kind, "column": "right", "position": 0 });
        ada.api.post("hubs/cats/widgets", body).await.expect(201);
    }
    let photo = site.photo().by(&ada).live().await;
    site.post(&ada, "cats", photo).await;
    site.settle().await;
    let page = elsewhere(snippets(&site, &["histogram", "numbers"]).await).await;
    let browser = site.browser().await;
    browser.goto(&page).await;
    let mut before = Vec::new();
    for frame in 1..=2 {
        browser.enter_frame(&format!("iframe:nth-of-type({frame})")).await;
        browser.find("main[data-hub=cats] .body").await;
        browser.mark().await;
        browser.run("document.querySelector('.home a').focus()").await;
        before.push(browser.text("main").await);
        browser.leave_frame().await;
    }
    // Both frames look once at their beginning.
    tokio::time::sleep(Duration::from_secs(2)).await;
    site.rate(&bob, photo, 9).await;
    for (frame, before) in (1..=2).zip(&before) {
        browser.enter_frame(&format!("iframe:nth-of-type({frame})")).await;
        eventually("the frame is redrawn", LIVE, async || {
            (browser.text("main").await != *before).then_some(())
        })
        .await;
        assert!(browser.is_marked().await, "it was never loaded again");
        let focused = "return document.activeElement === document.querySelector('.home a')";
        // The first lost the focus to the second.
        assert!(frame == 1 || browser.run(focused).await == true, "the focus stays");
        assert_eq!(browser.run("return document.cookie").await, "");
        let loaded = "return performance.getEntriesByType('resource')
            .filter(({ initiatorType, name }) => initiatorType !== 'img' && !/\\/(live|embed\\/h)/.test(new URL(name).pathname))
            .map(({ decodedBodySize }) => decodedBodySize).reduce((sum, size) => sum + size, 0)";
        let bytes = browser.run(loaded).await.as_u64().expect("a number");
        assert!((4_000..=15 * 1024).contains(&bytes), "{bytes} bytes of script and style");
        browser.leave_frame().await;
    }
    browser.has_no_complaints().await;

    // The hub becomes private: the frames say no more than that.
    ada.api.patch("hubs/cats", json!({ "visibility": "private" })).await.expect(200);
    browser.enter_frame("iframe").await;
    eventually("it is gone", LIVE, async || browser.text("main").await.contains("Not here").then_some(()))
        .await;
    assert!(!browser.run("return document.body.textContent").await.to_string().contains("All about cats"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nothing_else_of_the_site_can_be_framed(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let page = elsewhere(format!(
        "<!doctype html><title>Trap</title><iframe src='{}'></iframe>",
        site.url("/h/cats")
    ))
    .await;
    let browser = site.browser().await;
    browser.goto(&page).await;
    browser.enter_frame("iframe").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!browser.has("[data-hub]").await);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_snippet_is_unfolded_and_copied_by_keyboard(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let browser = site.browser().await;
    browser.phone(390, 844).await;
    browser.goto("/h/cats").await;
    let summary = ".widget-newest-photos .widget-embed summary";
    browser.find(summary).await;
    browser.run(&format!("document.querySelector('{summary}').focus()")).await;
    browser.press('\u{e007}').await;
    browser.find(".widget-newest-photos .widget-embed[open] [data-copy]:not([hidden])").await;
    let wide = "return document.documentElement.scrollWidth <= innerWidth";
    assert_eq!(browser.run(wide).await, true);
    browser.click(".widget-newest-photos [data-copy]").await;
    let selected = "const field = document.querySelector('.widget-newest-photos textarea');
        return field.selectionEnd - field.selectionStart === field.value.length && field.value.length > 50";
    eventually("the snippet is selected", LIVE, async || (browser.run(selected).await == true).then_some(()))
        .await;
    browser.has_no_complaints().await;
}
