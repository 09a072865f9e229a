//! Processing: from an upload to three pictures, or to a reason for the failure.

use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use pawdium_shared::db::MIGRATIONS;
use reqwest::multipart::Form;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, SOON, Site, eventually, pictures, submission, with_file};

const EDGES: [usize; 3] = [1080, 540, 160];

async fn upload(site: &Site, owner: &Person, form: Form) -> i64 {
    let taken = owner.api.upload(form).await.expect(202).json();
    let id = taken["id"].as_i64().expect("an id");
    assert_eq!(taken, json!({ "id": id, "state": "processing", "url": site.url(&format!("/photos/{id}")) }));
    id
}

async fn steps(owner: &Person, photo: i64) -> Vec<String> {
    let shape = owner.api.get(&format!("photos/{photo}")).await.expect(200).json();
    let steps = shape["timeline"].as_array().expect("it is the owner's").clone();
    steps.iter().map(|step| step["step"].as_str().expect("a name").to_owned()).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_cameras_jpeg_becomes_three_upright_squares_without_metadata(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let camera = pictures::quarters_on_their_side(4000, 3000);
    assert!(camera.windows(4).any(|bytes| bytes == b"Exif"), "the test's own picture has metadata");
    let photo = upload(&site, &ada, submission("On its side", camera)).await;
    assert_eq!(site.processed(photo).await, "live");

    let shape = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
    assert_eq!(shape["sizes"].as_object().expect("sizes").len(), 3);
    for edge in EDGES {
        let size = &shape["sizes"][edge.to_string()];
        let url = size["url"].as_str().expect("an address");
        let file = site.get(&url.replace(site.base.as_str(), "/")).await.expect(200);
        assert_eq!(file.header("content-type"), "image/jpeg");
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, s-maxage=300, immutable");
        let again = site.visitor().request(reqwest::Method::GET, &url.replace(site.base.as_str(), "/"));
        assert_eq!(Answer::to(again.header("if-none-match", file.header("etag"))).await.status, 304);
        ranges_of(&site, &url.replace(site.base.as_str(), "/"), &file).await;
        assert_eq!(size["bytes"], file.body.len());
        let (width, height, quarters) = pictures::look(&file.body);
        assert_eq!((width, height), (edge, edge));
        assert_eq!((&size["width"], &size["height"]), (&json!(edge), &json!(edge)));
        for (seen, expected) in quarters.into_iter().zip(pictures::QUARTERS) {
            assert!(pictures::is_close(seen, expected), "{edge}: {quarters:?} is not upright");
        }
        // JFIF, tables, frame, scan: no EXIF, XMP, ICC profile (so it is sRGB) or comment.
        let allowed = [0xE0, 0xDB, 0xC0, 0xC2, 0xC4, 0xDD, 0xDA];
        let markers = pictures::markers(&file.body);
        assert!(markers.iter().all(|marker| allowed.contains(marker)), "{markers:x?}");
        assert!(!file.body.windows(4).any(|bytes| bytes == b"Exif" || bytes == b"Paw\0"));
    }
    assert!(shape["placeholder"].as_str().is_some_and(|hash| !hash.is_empty()));
    assert_eq!(steps(&ada, photo).await, ["received", "checked", "decoded", "cropped", "stored", "live"]);
    assert_eq!(shape.get("timeline"), None, "the timeline is for its owner");
    site.until_discarded().await;
    assert_eq!(site.media("pictures").len(), 3);
}

async fn ranges_of(site: &Site, path: &str, whole: &Answer) {
    let length = whole.body.len();
    for (asked, expected) in
        [("bytes=0-9", 0..10), ("bytes=-7", length - 7..length), ("bytes=20-", 20..length)]
    {
        let request = site.visitor().request(reqwest::Method::GET, path).header("range", asked);
        let part = Answer::to(request.header("if-range", whole.header("etag"))).await.expect(206);
        assert_eq!(part.body, whole.body[expected.clone()], "{asked}");
        let place = format!("bytes {}-{}/{length}", expected.start, expected.end - 1);
        assert_eq!(part.header("content-range"), place);
    }
    for (asked, changed, status) in
        [("bytes=99999999-", "", 416), ("bytes=0-9", "\"other\"", 200), ("lines=1-2", "", 200)]
    {
        let request = site.visitor().request(reqwest::Method::GET, path).header("range", asked);
        let request = if changed.is_empty() { request } else { request.header("if-range", changed) };
        Answer::to(request).await.expect(status);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_chosen_square_is_shown_and_never_enlarged(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    // Upright it is 600 × 800; this square is within the lower right quarter.
    let form = submission("Cropped", pictures::quarters_on_their_side(800, 600)).text("crop", "300,500,300");
    let photo = upload(&site, &ada, form).await;
    assert_eq!(site.processed(photo).await, "live");
    let shape = site.api().get(&format!("photos/{photo}")).await.expect(200).json();
    let edges: Vec<_> = EDGES.iter().map(|edge| shape["sizes"][edge.to_string()]["width"].as_u64()).collect();
    assert_eq!(edges, [Some(300), Some(300), Some(160)]);
    for edge in EDGES {
        let size = &shape["sizes"][edge.to_string()];
        assert_eq!(size["height"], size["width"], "{size}");
    }
    let page = site.get(&format!("/photos/{photo}")).await.expect(200);
    let at = |name| page.attribute("img.full", name);
    assert_eq!((at("width").as_str(), at("height").as_str()), ("300", "300"));
    let widths: Vec<_> =
        at("srcset").split(", ").filter_map(|size| Some(size.split_once(' ')?.1.to_owned())).collect();
    assert_eq!(widths, ["160w", "300w"], "srcset has each size once, with its true width");
    let url = shape["sizes"]["1080"]["url"].as_str().expect("an address").replace(site.base.as_str(), "/");
    let (_, _, quarters) = pictures::look(&site.get(&url).await.expect(200).body);
    assert!(
        quarters.into_iter().all(|colour| pictures::is_close(colour, pictures::QUARTERS[3])),
        "{quarters:?}"
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_file_that_is_no_picture_fails_with_a_reason_and_is_never_served(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let whole = pictures::quarters(600, 600);
    let cases = [
        ("a text", b"Dear diary, the cat fell off the sofa.".to_vec(), "JPEG, PNG, WebP, AVIF or GIF"),
        ("a truncated file", whole[..whole.len() / 2].to_vec(), "damaged or incomplete"),
        ("a huge claim", pictures::png_claiming(50_000, 50_000), "50000 × 50000"),
        ("too small", pictures::quarters(100, 100), "at least 200"),
    ];
    for (title, file, reason) in cases {
        let photo = upload(&site, &ada, submission(title, file)).await;
        assert_eq!(site.processed(photo).await, "failed", "{title}");
        let shape = ada.api.get(&format!("photos/{photo}")).await.expect(200).json();
        let said = shape["reason"].as_str().expect("a reason");
        assert!(said.contains(reason), "{title}: {said}");
        let page = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
        assert_eq!(page.attribute("[data-status]", "data-state"), "failed");
        assert!(page.text().contains(reason), "{title}");
        assert_eq!(steps(&ada, photo).await.last().map(String::as_str), Some("failed"));
        bob.api.get(&format!("photos/{photo}")).await.error(404);
        bob.pages.get(&format!("/photos/{photo}")).await.expect(404);
        let mut stream = bob.pages.stream(&format!("photo={photo}")).await;
        assert_eq!(stream.next().await.map(|event| event.name).as_deref(), Some("gone"));
    }
    bob.api.get("rate/next").await.expect(204);
    site.settle().await;
    eventually("unusable files aren't kept", SOON, async || site.media("").is_empty().then_some(())).await;
    let profile = ada.pages.get("/members/ada/photos").await.expect(200);
    assert_eq!(profile.texts(".pending li").len(), 4);
    assert!(!site.get("/members/ada/photos").await.has(".pending"));
}

type MakeForm = fn() -> Form;

fn small() -> Vec<u8> {
    pictures::quarters(300, 300)
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_incomplete_form_is_refused_and_leaves_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let cases: [(&str, MakeForm); 14] = [
        ("photo", || Form::new().text("title", "No file").text("species", "cat")),
        ("photo", || submission("Empty", Vec::new())),
        ("title", || with_file(small()).text("species", "cat")),
        ("title", || with_file(small()).text("species", "cat").text("title", "x".repeat(121))),
        ("title", || with_file(small()).text("species", "cat").text("title", "\u{200b}\u{3164}")),
        ("alt", || submission("Unseen", small()).text("alt", "\u{2800}\u{200f}")),
        ("tags", || submission("Unseen", small()).text("tags", "\u{3164}")),
        ("species", || with_file(small()).text("title", "No species")),
        ("species", || with_file(small()).text("title", "A dragon").text("species", "dragon")),
        ("alt", || submission("Long", small()).text("alt", "x".repeat(501))),
        ("tags", || submission("Many", small()).text("tags", "a,b,c,d,e,f,g,h,i,j,k")),
        ("crop", || submission("Bad crop", small()).text("crop", "1,2")),
        ("crop", || submission("Bad crop", small()).text("crop", "-1,0,200")),
        ("crop", || submission("No crop", small()).text("crop", "5,5,0")),
    ];
    for (field, form) in cases {
        let (message, refused) = ada.api.upload(form()).await.error(400);
        assert_eq!(refused.as_deref(), Some(field), "{message}");
        let page = ada.pages.upload(form()).await.expect(400);
        assert!(page.text().contains(message.split('.').next().expect("a sentence")), "{field}: {message}");
    }
    let json = ada.api.post("photos", json!({ "title": "no form" })).await;
    json.error(400);
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 0);
    assert_eq!(site.ask::<i64>("select count(*) from jobs where queue = 'media'").await, 0);
    assert!(site.media("incoming").is_empty());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_crop_outside_the_picture_is_refused(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let form = submission("Outside", pictures::quarters(300, 300)).text("crop", "200,200,300");
    let photo = upload(&site, &ada, form).await;
    assert_eq!(site.processed(photo).await, "failed");
    let shape = ada.api.get(&format!("photos/{photo}")).await.expect(200).json();
    assert!(shape["reason"].as_str().expect("a reason").contains("crop"), "{shape}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_file_beyond_the_limit_is_413_and_names_it(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let (message, _) = ada.api.upload(submission("Large", vec![0xFF; 20_000_001])).await.error(413);
    assert!(message.contains("20 MB"), "{message}");
    let page = ada.pages.upload(submission("Large", vec![0xFF; 20_000_001])).await.expect(413);
    assert!(page.text().contains("20 MB"));

    // Far beyond it, known from the length alone or only while it streams.
    let far = || submission("Huge", vec![0xFF; 25_000_000]);
    let (message, _) = ada.api.upload(far()).await.error(413);
    assert!(message.contains("20 MB"), "{message}");
    let chunked = ada.api.call(reqwest::Method::POST, "photos");
    let chunked =
        chunked.header("content-type", "multipart/form-data; boundary=x").body(streamed(25_000_000));
    let (message, _) = Answer::to(chunked).await.error(413);
    assert!(message.contains("20 MB"), "{message}");

    // The same if the request is refused before the file is read.
    site.api().upload(far()).await.error(401);
    site.anonymous().await.api.upload(far()).await.error(413);

    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 0);
    assert!(site.media("incoming").is_empty());
    ada.api.upload(submission("At the limit", vec![0xFF; 20_000_000])).await.expect(202);
}

/// A form with a file of that many bytes, streamed without a content length.
fn streamed(bytes: usize) -> reqwest::Body {
    let head = "--x\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"a.jpg\"\r\n\r\n";
    let mut pieces = vec![Bytes::from_static(head.as_bytes())];
    pieces.extend(std::iter::repeat_n(Bytes::from(vec![0x55; 50_000]), bytes / 50_000));
    pieces.push(Bytes::from_static(b"\r\n--x--\r\n"));
    reqwest::Body::wrap_stream(futures::stream::iter(pieces.into_iter().map(Ok::<_, std::io::Error>)))
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_upload_that_breaks_off_leaves_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let head = "--x\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"a\"\r\n\r\n";
    let arrived = futures::stream::iter([
        Bytes::from(head),
        Bytes::from([vec![0xFF, 0xD8, 0xFF], vec![0x55; 700_000]].concat()),
    ])
    .map(Ok);
    let (cut, is_cut) = tokio::sync::oneshot::channel::<()>();
    let cable = futures::stream::once(async {
        let _ = is_cut.await;
        Err(std::io::Error::other("the cable was pulled"))
    });
    let cut_short = reqwest::Body::wrap_stream(arrived.chain(cable));
    let call = ada.api.call(reqwest::Method::POST, "photos");
    let call = call.header("content-type", "multipart/form-data; boundary=x").body(cut_short);
    let watch = async {
        eventually("it is arriving", SOON, async || (!site.media("incoming").is_empty()).then_some(())).await;
        drop(cut);
    };
    let (answer, ()) = tokio::join!(Answer::try_to(call), watch);
    assert!(answer.is_err());
    eventually("the partial upload is deleted", SOON, async || site.media("").is_empty().then_some(())).await;
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 0);

    // A form that ends without its end.
    let call = ada
        .api
        .call(reqwest::Method::POST, "photos")
        .header("content-type", "multipart/form-data; boundary=x");
    Answer::to(call.body(format!("{head}abc"))).await.error(400);
    assert_eq!(site.media(""), Vec::<std::path::PathBuf>::new());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photos_page_is_notified_of_each_change_until_it_is_live(db: PgPool) {
    let mut site = Site::start(db).await;
    let ada = site.member("ada").await;
    let address =
        ada.pages.upload(submission("Live", pictures::quarters(1200, 1200))).await.location().to_owned();
    let page = ada.pages.get(&address).await.expect(200);
    assert_eq!(page.attribute("[data-status]", "data-state"), "processing");
    assert_eq!(page.attribute("li.done", "data-step"), "received");

    let photo = address.rsplit('/').next().expect("an id");
    let topic = format!("photo={photo}");
    let mut stream = ada.pages.stream(&topic).await;
    site.start_worker();
    let mut last_state = String::new();
    while last_state != "live" {
        let event = stream.until("changed").await;
        assert_eq!(event.data["topic"], topic.as_str());
        let status = ada.pages.get(&format!("{address}/status")).await.expect(200);
        last_state = status.attribute("[data-status]", "data-state");
    }
    let page = ada.pages.get(&address).await.expect(200);
    assert_eq!(page.texts("li.done .timeline-label").len(), 6);
    assert!(page.has("img.full"));

    // Who reconnects is told what it missed, and who has seen all of it is not.
    site.settle().await;
    let mut lost = ada.pages.resume(&topic, "0-1").await;
    assert_eq!(lost.next().await.map(|event| event.name).as_deref(), Some("reset"), "it is told at once");
    eventually("resuming after the last change gets no event", SOON, async || {
        while stream.within(Duration::from_secs(1)).await.is_some() {}
        let mut back = ada.pages.resume(&topic, &stream.last_id).await;
        back.within(Duration::from_secs(2)).await.is_none().then_some(())
    })
    .await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_deleted_photo_is_gone_from_everywhere(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let (gone, kept) = (site.photo().by(&ada).live().await, site.photo().by(&ada).live().await);
    for photo in [gone, kept] {
        site.rate(&bob, photo, 9).await;
    }
    let share = bob.api.post(&format!("photos/{gone}/shares"), Value::Null).await.expect(201).json();
    let link = share["url"].as_str().expect("an address").replace(site.base.as_str(), "/");
    site.run(pawdium_shared::jobs::ranking::RefreshRanks {}).await;
    site.run(pawdium_shared::jobs::ranking::RefreshVirality {}).await;
    let count = async |path: &str| {
        site.api().get(path).await.expect(200).json()["data"].as_array().map_or(0, Vec::len)
    };
    assert_eq!((count("top").await, count("trending").await), (2, 1));
    assert_eq!(
        site.get("/top").await.texts(".podium-place h2").len()
            + site.get("/top").await.texts(".card h2").len(),
        2
    );

    bob.api.delete(&format!("photos/{gone}"), Value::Null).await.error(403);
    site.api().delete(&format!("photos/{gone}"), Value::Null).await.error(401);
    assert_eq!(bob.pages.post(&format!("/photos/{gone}/delete"), &[]).await.status, 403);
    let page = ada.pages.post(&format!("/photos/{gone}/delete"), &[]).await;
    assert_eq!(page.location(), "/members/ada");

    assert_eq!((count("top").await, count("trending").await), (1, 0));
    for path in [format!("photos/{gone}"), "photos/0".into(), "photos/x".into()] {
        ada.api.get(&path).await.error(404);
    }
    for path in [format!("/photos/{gone}"), format!("/photos/{gone}/status"), link] {
        ada.pages.get(&path).await.expect(404);
    }
    ada.api.delete(&format!("photos/{gone}"), Value::Null).await.error(404);
    let rated = site.anonymous().await.api.rate_all(|_| 5).await;
    assert_eq!(rated, [kept]);
    assert!(!site.get("/top").await.text().contains(&format!("/photos/{gone}\"")));
    let profile = site.api().get("users/ada").await.expect(200).json();
    assert_eq!(profile["photos"].as_array().map(Vec::len), Some(1));

    let moderator = site.admin("mod").await;
    moderator.api.delete(&format!("photos/{kept}"), Value::Null).await.expect(204);
    site.api().get(&format!("photos/{kept}")).await.error(404);
}
