//! Limits on unpublished photos.

use pawdium_shared::db::MIGRATIONS;
use sqlx::PgPool;

use crate::harness::{Setup, Site, pictures, submission};

const NO_PICTURE: &[u8] = b"Dear diary, the cat fell off the sofa, and then it looked at me.";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_anonymous_visitor_keeps_few_drafts(db: PgPool) {
    let site = Setup::on(db).set("media.anonymous_drafts", "3").start().await;
    let eve = site.anonymous().await;
    let form = || submission("Mine", pictures::quarters(300, 300)).text("draft", "1");
    let at_once = futures::future::join_all((0..6).map(|_| eve.api.upload(form()))).await;
    assert_eq!(at_once.iter().filter(|answer| answer.status == 202).count(), 3);
    let (message, _) = eve.api.upload(form()).await.error(413);
    assert!(message.contains("3 drafts") && message.contains("Register"), "{message}");
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 3);
    assert_eq!(site.media("incoming").len(), 3);
    site.member("ada").await.api.upload(form()).await.expect(202);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn drafts_stay_within_their_size_limit(db: PgPool) {
    let site = Setup::on(db).set("media.member_draft_bytes", "20000").start().await;
    let ada = site.member("ada").await;
    let file = pictures::scene(1, 300, 90);
    let fit = 20_000 / file.len();
    for _ in 0..fit {
        ada.api.upload(submission("Mine", file.clone()).text("draft", "1")).await.expect(202);
    }
    ada.api.upload(submission("Mine", file.clone()).text("draft", "1")).await.error(413);
    assert_eq!(site.media("incoming").len(), fit);
    site.change("delete from photos").await;
    ada.api.upload(submission("Mine", file).text("draft", "1")).await.expect(202);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn drafts_without_an_account_are_counted_by_address(db: PgPool) {
    let site = Setup::on(db).set("security.anonymous_uploads_per_day", "2").start().await;
    let form = || submission("Mine", pictures::quarters(300, 300)).text("draft", "1");
    for _ in 0..2 {
        site.visitor().upload(form()).await.location();
    }
    let refused = site.visitor().upload(form()).await.expect(429);
    assert!(refused.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 3600));
    assert_eq!(site.media("incoming").len(), 2);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_draft_that_is_too_large_is_not_counted(db: PgPool) {
    let small = pictures::scene(1, 100, 90);
    let most = small.len().to_string();
    let site = Setup::on(db)
        .set("security.anonymous_uploads_per_day", "1")
        .set("media.anonymous_draft_bytes", &most)
        .start()
        .await;
    let eve = site.anonymous().await;
    for _ in 0..2 {
        let large = submission("Large", pictures::scene(1, 300, 90)).text("draft", "1");
        eve.api.upload(large).await.error(413);
    }
    let form = || submission("Small", small.clone()).text("draft", "1");
    eve.api.upload(form()).await.expect(202);
    site.change("delete from photos").await;
    eve.api.upload(form()).await.error(429);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn almost_nothing_is_stored_of_a_file_that_is_no_picture(db: PgPool) {
    let mut site = Site::start(db).await;
    let ada = site.member("ada").await;
    let file = NO_PICTURE.repeat(1000);
    let draft = submission("Diary", file.clone()).text("draft", "1");
    assert_eq!(ada.api.upload(draft).await.error(400).1.as_deref(), Some("photo"));
    assert!(site.media("").is_empty());

    let taken = ada.api.upload(submission("Diary", file)).await.expect(202).json();
    let kept = site.media("incoming");
    assert_eq!(kept.len(), 1);
    assert!(kept[0].metadata().expect("it is there").len() <= 32);
    let photo = taken["id"].as_i64().expect("an id");
    site.start_worker();
    assert_eq!(site.processed(photo).await, "failed");
    let reason = ada.api.get(&format!("photos/{photo}")).await.expect(200).json()["reason"].clone();
    assert!(reason.as_str().is_some_and(|reason| reason.contains("JPEG")), "{reason}");
}
