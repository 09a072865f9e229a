//! The pages of drafts, editing and revisions, without scripts.

use pawdium_shared::db::MIGRATIONS;
use reqwest::multipart::Part;
use sqlx::PgPool;

use crate::drafts::draft;
use crate::harness::{Answer, Site, pictures, submission};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_form_keeps_a_draft_and_the_list_leads_to_all_that_can_be_done(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    assert_eq!(site.get("/drafts").await.location(), "/login?next=%2Fdrafts");
    assert!(ada.pages.get("/drafts").await.expect(200).has(".nothing"));
    assert!(ada.pages.get("/submit").await.expect(200).has("button[name=draft][value='1']"));
    let form = submission("Kept", pictures::quarters(400, 300)).text("draft", "1");
    let photo = ada.pages.upload(form).await.location().to_owned();
    let page = ada.pages.get("/drafts").await.expect(200);
    assert_eq!(page.texts(".draft h2"), ["Kept"]);
    assert!(page.texts(".draft-expiry")[0].contains("Deleted in"), "{:?}", page.texts(".draft-expiry"));
    let original = page.attribute(".draft-picture img", "src");
    let picture = ada.pages.get(&original).await.expect(200);
    assert_eq!(picture.header("content-type"), "image/jpeg");
    assert_eq!(picture.header("cache-control"), "private, no-store");
    assert_eq!(picture.body, pictures::quarters(400, 300));

    site.change("update photos set touched_at = now() - interval '28 days'").await;
    assert!(ada.pages.get("/drafts").await.expect(200).has(".draft.urgent"));
    assert_eq!(ada.pages.post(&format!("{photo}/keep"), &[]).await.location(), "/drafts");
    let page = ada.pages.get("/drafts").await.expect(200);
    assert!(!page.has(".draft.urgent") && page.texts(".flash")[0].contains("kept"));
    assert_eq!(ada.pages.post(&format!("{photo}/publish"), &[]).await.location(), photo);
    site.processed(photo[8..].parse().expect("an id")).await;
    assert!(ada.pages.get("/drafts").await.expect(200).has(".nothing"));

    let other = draft(&ada, "Unwanted").await;
    ada.pages.post(&format!("/photos/{other}/delete"), &[]).await.location();
    assert!(ada.pages.get("/drafts").await.expect(200).has(".nothing"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_late_tab_sees_both_versions_and_can_save_its_own(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let photo = site.photo().by(&ada).titled("First").live().await;
    let edit = format!("/photos/{photo}/edit");
    let page = ada.pages.get(&edit).await.expect(200);
    assert_eq!(page.attribute("[name=title]", "value"), "First");
    assert_eq!(page.attribute("[name=tags]", "value"), "tongue, sofa");
    let version = page.attribute("[name=version]", "value");
    let form = |version: &str, title: &str| -> Vec<(&'static str, String)> {
        vec![
            ("version", version.to_owned()),
            ("title", title.to_owned()),
            ("alt", "A cat".to_owned()),
            ("species", "cat".to_owned()),
            ("tags", "tongue, sofa".to_owned()),
            ("offers-hubs", "1".to_owned()),
            ("hubs", "cats".to_owned()),
            ("comments", "1".to_owned()),
        ]
    };
    let send = async |form: Vec<(&'static str, String)>| Answer::to(ada.pages.own(&edit).form(&form)).await;
    assert_eq!(send(form(&version, "Second")).await.location(), format!("/photos/{photo}"));
    let page = ada.pages.get(&edit).await.expect(200);
    assert!(page.has("[name=hubs][value=cats][checked]") && page.has("[name=comments][checked]"));
    assert!(!page.has("[name=remixes][checked]"));

    let late = send(form(&version, "Third")).await.expect(409);
    let rows = late.texts(".compare .differs td");
    assert_eq!(rows, ["Second", "Third"]);
    let now = late.attribute("[name=version]", "value");
    assert_eq!(late.attribute("[name=title]", "value"), "Third");
    send(form(&now, "Third")).await.location();
    assert_eq!(site.ask_of::<String>("select title from photos where id = $1", photo).await, "Third");

    let refused = send(form("3", " ")).await.expect(400);
    assert!(refused.has("[name=title][aria-invalid]"), "{}", refused.text());
    let other = site.photo().by(&ada).titled("Taken").live().await;
    let refused = send(form("3", "taken")).await.expect(409);
    assert_eq!(refused.attribute("[role=alert] a", "href"), site.url(&format!("photos/{other}")));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn revisions_can_be_compared_and_restored_on_a_page(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, mallory) = (site.member("ada").await, site.moderator("mallory").await);
    let photo = site.photo().by(&ada).titled("First").live().await;
    let page = format!("/photos/{photo}");
    assert!(!ada.pages.get(&page).await.expect(200).has("a[href$='/revisions']"));
    let body = serde_json::json!({ "title": "Second", "crop": "0,0,500" });
    ada.api.patch(&format!("photos/{photo}"), body).await.expect(200);
    site.settle().await;
    let list = ada.pages.get(&format!("{page}/revisions")).await.expect(200);
    assert_eq!(list.texts(".revision h2"), ["Second", "First"], "one save is one revision");
    let compared = ada.pages.get(&format!("{page}/revisions?compare=1")).await.expect(200);
    assert_eq!(compared.texts(".compare .differs td"), ["Second", "First"]);
    assert_eq!(compared.texts(".compared figcaption"), ["Now", "Revision 1"]);
    assert!(
        !mallory.pages.get(&format!("{page}/revisions")).await.expect(200).has("form[action$='/restore']")
    );
    let restore = compared.attribute(".compared form", "action");
    assert_eq!(ada.pages.post(&restore, &[]).await.location(), format!("{page}/revisions"));
    assert_eq!(ada.pages.get(&page).await.expect(200).texts("h1"), ["First"]);
    assert!(!ada.pages.get(&format!("{page}/revisions?compare=x")).await.expect(200).has(".compared"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_tell_the_owner_that_a_crop_is_being_made(db: PgPool) {
    // Without a worker, so that it stays so.
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    ada.api.patch(&format!("photos/{photo}"), serde_json::json!({ "crop": "0,0,500" })).await.expect(200);
    for (path, says) in [("", "The new crop is being made."), ("/edit", "A new crop is being made.")] {
        let page = ada.pages.get(&format!("/photos/{photo}{path}")).await.expect(200);
        assert!(page.texts(".hush").iter().any(|text| text.starts_with(says)), "{:?}", page.texts(".hush"));
    }
    let page = bob.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(!page.texts(".hush").iter().any(|text| text.contains("crop")), "{:?}", page.texts(".hush"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_draft_without_a_picture_gets_one_on_its_page(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let form =
        reqwest::multipart::Form::new().text("title", "Later").text("species", "cat").text("draft", "1");
    let photo = ada.api.upload(form).await.expect(202).json()["id"].as_i64().expect("an id");
    let add = format!("/photos/{photo}/picture");
    let upload = |file: Vec<u8>| {
        let part = Part::bytes(file).file_name("photo.jpg").mime_str("image/jpeg").expect("a type");
        reqwest::multipart::Form::new().part("photo", part)
    };
    Answer::to(bob.pages.own(&add).multipart(upload(pictures::quarters(400, 300)))).await.expect(404);
    Answer::to(ada.pages.own(&add).multipart(upload(b"text".to_vec()))).await.expect(400);
    assert!(site.media("incoming").is_empty());
    let added = Answer::to(ada.pages.own(&add).multipart(upload(pictures::quarters(400, 300)))).await;
    assert_eq!(added.location(), format!("/photos/{photo}/edit"));
    assert!(ada.pages.get(&format!("/photos/{photo}/edit")).await.expect(200).has("[data-crop-source]"));
    Answer::to(ada.pages.own(&add).multipart(upload(pictures::quarters(300, 300)))).await.expect(409);
    ada.pages.post(&format!("/photos/{photo}/publish"), &[]).await.location();
    assert_eq!(site.processed(photo).await, "live");
    site.until_discarded().await;
}
