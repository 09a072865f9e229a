//! Pictures that haven't loaded yet: their placeholders and lazy loading.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use serde::Deserialize;
use sqlx::PgPool;

use crate::harness::{Answer, Browser, SOON, Site, eventually, pictures, select, submission};

/// Returns whether the picture of `photo`'s card has loaded, and what is painted behind it.
const LOOK: &str = r#"
    const image = document.querySelector(`.card-picture[href^="/photos/${photo}?"] img`);
    const arrived = image.complete && image.naturalWidth > 0;
    const [, url] = getComputedStyle(image).backgroundImage.match(/^url\("(data:[^"]+)"\)$/) ?? [];
    if (!url) return { arrived, behind: null };
    return (async () => {
        const drawn = new Image();
        drawn.src = url;
        await drawn.decode();
        const { naturalWidth: width, naturalHeight: height } = drawn;
        const canvas = Object.assign(document.createElement('canvas'), { width, height });
        const context = canvas.getContext('2d');
        context.drawImage(drawn, 0, 0);
        const at = (right, down) => [...context.getImageData(width * right, height * down, 1, 1).data];
        return { arrived, behind: [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)] };
    })();
"#;

/// The state of a card's picture in the browser.
#[derive(Debug, Deserialize)]
struct Seen {
    arrived: bool,
    /// Red, green, blue and opacity in the middles of the quarters of what is painted behind it.
    behind: Option<[[u8; 4]; 4]>,
}

async fn look(browser: &Browser, photo: i64) -> Seen {
    let seen = browser.run(&format!("const photo = {photo};{LOOK}")).await;
    serde_json::from_value(seen).expect("the script's result")
}

/// Whether it is a blurred version of the picture of four quarters.
fn is_blurred_quarters(behind: [[u8; 4]; 4]) -> bool {
    behind.into_iter().zip(pictures::QUARTERS).all(|([red, green, blue, opacity], quarter)| {
        opacity == 255 && [red, green, blue].into_iter().zip(quarter).all(|(a, b)| a.abs_diff(b) < 80)
    })
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_blurred_picture_stands_in_until_the_picture_arrives(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let mut photos = Vec::new();
    // Use a different file for each, because the same one would load only once.
    for side in [400, 420, 440] {
        let form = submission("Far below", pictures::quarters(side, side));
        let taken = ada.api.upload(form).await.expect(202).json();
        let photo = taken["id"].as_i64().expect("an id");
        assert_eq!(site.processed(photo).await, "live");
        photos.push(photo);
    }
    // The newest come first, so these fill the list far beyond the window.
    for _ in 0..21 {
        site.photo().by(&ada).live().await;
    }

    let browser = site.browser().await;
    browser.resize(700, 600).await;
    browser.slow_network(Duration::from_millis(250), 200_000).await;
    browser.goto("/members/ada/photos").await;
    for photo in &photos {
        let seen = look(&browser, *photo).await;
        assert!(!seen.arrived, "nobody came near photo {photo}");
        assert!(seen.behind.is_some_and(is_blurred_quarters), "photo {photo}: {seen:?}");
    }

    browser.run("document.querySelector('.site-foot').scrollIntoView()").await;
    for photo in photos {
        eventually("the picture has replaced the preview", SOON, async || {
            let seen = look(&browser, photo).await;
            assert!(seen.arrived || seen.behind.is_some(), "nothing stands in for photo {photo}");
            (seen.arrived && seen.behind.is_none()).then_some(())
        })
        .await;
    }
    browser.has_no_complaints().await;
}

/// What the pictures of a list say of when they are to be loaded, in their order; none says nothing, which is at once.
fn loading(page: &Answer) -> Vec<Option<String>> {
    let html = page.html();
    let images = select(".podium-picture img, .card-picture img");
    html.select(&images).map(|image| image.attr("loading").map(str::to_owned)).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_first_rows_are_loaded_at_once_and_the_others_when_somebody_comes_near(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    for _ in 0..14 {
        let photo = site.photo().by(&ada).live().await;
        site.rate(&bob, photo, 7).await;
        ada.api.post(&format!("photos/{photo}/shares"), serde_json::Value::Null).await.expect(201);
    }
    site.run(RefreshRanks {}).await;
    site.run(RefreshVirality {}).await;

    // At the top the podium's three, and four below them.
    for (path, at_once) in [("/top", 7), ("/trending", 4), ("/members/ada/photos", 8)] {
        let page = site.get(path).await.expect(200);
        let expected: Vec<_> = (0..14).map(|place| (place >= at_once).then(|| "lazy".to_owned())).collect();
        assert_eq!(loading(&page), expected, "{path}");
    }
}
