//! Archives of what members have: what is in them, who gets them, and for how long.

use std::fs::File;
use std::time::{Duration, SystemTime};

use pawdium_bucket::S3Server;
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::upkeep::Purge;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Opened, PASSWORD, Person, SOON, Setup, Site, eventually, pictures, submission};

async fn stage(db: PgPool) -> (Site, Person, Person) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    (site, ada, bob)
}

/// The archives in the media store.
fn archives(site: &Site) -> usize {
    site.media("exports").len()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_archive_has_all_that_is_the_members_and_nothing_of_others(db: PgPool) {
    let (site, ada, bob) = stage(db).await;
    let file = pictures::quarters(1300, 1300);
    let form = submission("Blep <1>", file.clone()).text("tags", "Tongue, sofa").text("alt", "A \"cat\"");
    let live = ada.api.upload(form).await.expect(202).json()["id"].as_i64().expect("an id");
    assert_eq!(site.processed(live).await, "live");
    let form = submission("Draft", file.clone()).text("draft", "1").text("crop", "100,200,900");
    let draft = ada.api.upload(form).await.expect(202).json()["id"].as_i64().expect("an id");
    let failed = site.photo().by(&ada).failed("It is no picture.").await;
    let his = site.photo().by(&bob).titled("His").live().await;
    site.rate(&ada, his, 7).await;
    site.rate(&bob, live, 3).await;
    let comment = ada.comment(his, "My <b>words</b>.").await;
    bob.comment(live, "His words.").await;
    site.hub(&ada, "cats").await;
    let call = site.open_call(&ada, "cats", json!({ "voters": "anybody" })).await;
    site.join("cats", &[&bob]).await;
    let talk = bob.pitch(call, "His talk").await;
    ada.move_to(call, "voting").await;
    ada.vote(talk).await.expect(200);
    ada.api.post(&format!("photos/{his}/shares"), Value::Null).await.expect(201);

    let opened = ada.exported().await;
    let manifest = opened.json("pawdium.json");
    assert_eq!(manifest["version"], 1);
    assert_eq!(
        (&manifest["account"]["name"], &manifest["account"]["email"]),
        (&json!("ada"), &json!("ada@example.org"))
    );
    let photos = manifest["photos"].as_array().expect("a list");
    let ids: Vec<_> = photos.iter().map(|photo| photo["id"].as_i64().expect("an id")).collect();
    assert_eq!(ids, [live, draft]);
    assert_eq!(manifest["photos_without_picture"][0]["id"], failed);
    let first = &photos[0];
    for (key, is) in [
        ("file", json!(format!("photos/{live}.jpg"))),
        ("title", json!("Blep <1>")),
        ("alt", json!("A \"cat\"")),
        ("species", json!("cat")),
        ("tags", json!(["Tongue", "sofa"])),
        ("state", json!("live")),
        ("crop", Value::Null),
        ("comments", json!("registered")),
        ("remixes", json!(true)),
        ("ratings", json!([0, 0, 1, 0, 0, 0, 0, 0, 0, 0])),
    ] {
        assert_eq!(first[key], is, "{key}");
    }
    assert_eq!(photos[1]["crop"], json!({ "x": 100, "y": 200, "side": 900 }));
    assert_eq!(manifest["photos_without_picture"][0]["file"], Value::Null);
    let (width, height, _) = pictures::look(opened.file(&format!("photos/{live}.jpg")));
    assert_eq!((width, height), (1080, 1080));
    let original = photos[1]["file"].as_str().expect("its upload is kept");
    assert_eq!(opened.file(original), file, "the upload, byte for byte");

    assert_eq!(opened.json("comments.json")[0]["text"], "My <b>words</b>.");
    assert_eq!(opened.json("comments.json")[0]["id"], comment);
    assert_eq!(opened.json("comments.json").as_array().map(Vec::len), Some(1));
    let ratings = opened.json("ratings.json");
    assert_eq!((&ratings[0]["photo"], &ratings[0]["value"]), (&json!(his), &json!(7)));
    assert_eq!(ratings.as_array().map(Vec::len), Some(1));
    assert_eq!(opened.json("votes.json")[0]["talk"], talk);
    assert_eq!(manifest["hubs"][0]["slug"], "cats");
    assert_eq!(manifest["shares"][0]["photo"], his);
    assert!(!manifest["sessions"].as_array().expect("a list").is_empty());

    let page = opened.text("index.html");
    assert!(page.contains("Blep &#60;1&#62;") && page.contains("My &#60;b&#62;words"), "{page}");
    assert!(page.contains(&format!("src=\"photos/{live}.jpg\"")) && !page.contains("<script"), "{page}");
    let all: Vec<_> = opened.names.iter().map(|name| opened.file(name)).collect();
    let all = String::from_utf8_lossy(&all.concat()).into_owned();
    for others in ["bob@example.org", "His words", "His talk", "password", ada.api.token()] {
        assert!(!all.contains(others), "{others} is in the archive");
    }
    // The order is the same each time.
    assert_eq!(ada.exported().await.names, opened.names);
    let order = ["pawdium.json", "comments.json", "ratings.json", "votes.json", "index.html"];
    assert!(opened.names.ends_with(&order.map(str::to_owned)), "{:?}", opened.names);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_archive_is_its_members_alone(db: PgPool) {
    let (site, ada, bob) = stage(db).await;
    let export = ada.export().await;
    let path = format!("/exports/{export}");
    bob.api.get(&format!("users/me/exports/{export}")).await.error(404);
    bob.download(export).await.expect(404);
    let moderator = site.admin("root").await;
    moderator.download(export).await.expect(404);
    moderator.api.get(&format!("users/me/exports/{export}")).await.error(404);
    site.api().get(&format!("users/me/exports/{export}")).await.error(401);
    assert_eq!(site.get(&path).await.location(), format!("/login?next=%2Fexports%2F{export}"));
    for forged in ["0", "-1", "x", "9223372036854775807", "9223372036854775808", "1%20or%201=1", "..%2F1"] {
        ada.pages.get(&format!("/exports/{forged}")).await.expect(404);
        ada.api.get(&format!("users/me/exports/{forged}")).await.expect(404);
    }
    // The key of the object opens nothing, either.
    let key: String = site.ask("select key from exports").await;
    for path in [format!("/media/{key}"), format!("/media/../{key}")] {
        site.get(&path).await.expect(404);
    }
    // A browser and a program get the same.
    let page = ada.download(export).await.expect(200);
    let called = ada.pages.request(Method::GET, &path);
    let own = site.visitor().request(Method::GET, &path).bearer_auth(ada.api.token());
    assert_eq!(Answer::to(own).await.expect(200).body, page.body);
    assert_eq!(Answer::to(called).await.expect(200).header("cache-control"), "private, no-store");
    assert_eq!(page.header("content-type"), "application/zip");
    let name = page.header("content-disposition").to_owned();
    assert!(name.starts_with("attachment; filename=\"pawdium-ada-20") && name.ends_with(".zip\""), "{name}");
    let shape = ada.see_export(export).await;
    assert_eq!(shape["url"], site.url(&path));
    assert_eq!(shape["bytes"], page.body.len());
    let stale = site.visitor().request(Method::GET, &path).bearer_auth("none");
    Answer::to(stale).await.expect(401);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_broken_download_goes_on(db: PgPool) {
    let (site, ada, _) = stage(db).await;
    site.photo().by(&ada).live().await;
    let export = ada.export().await;
    let path = format!("/exports/{export}");
    let whole = ada.download(export).await.expect(200);
    let ask = async |headers: &[(&str, &str)]| {
        let call = ada.pages.request(Method::GET, &path).header("accept-encoding", "gzip");
        Answer::to(headers.iter().fold(call, |call, (name, value)| call.header(*name, *value))).await
    };
    assert_eq!(whole.header("accept-ranges"), "bytes");
    let tag = whole.header("etag").to_owned();
    let rest = ask(&[("range", "bytes=100-"), ("if-range", &tag)]).await.expect(206);
    assert_eq!(rest.body, whole.body[100..]);
    assert_eq!(
        rest.header("content-range"),
        format!("bytes 100-{}/{}", whole.body.len() - 1, whole.body.len())
    );
    assert_eq!(rest.header("content-encoding"), "");
    let other = ask(&[("range", "bytes=100-"), ("if-range", "\"another\"")]).await.expect(200);
    assert_eq!(other.body, whole.body, "another archive begins anew");
    ask(&[("range", "bytes=999999999-")]).await.expect(416);
    assert_eq!(ask(&[]).await.expect(200).header("content-length"), whole.body.len().to_string());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_archive_expires_after_seven_days_and_is_deleted(db: PgPool) {
    let (site, ada, _) = stage(db).await;
    let export = ada.export().await;
    let days: i32 = site.ask("select extract(day from expires_at - ended_at)::integer from exports").await;
    assert_eq!(days, 7);
    site.change("update exports set expires_at = now() + interval '1 minute'").await;
    site.run(Purge {}).await;
    ada.download(export).await.expect(200);
    site.change("update exports set expires_at = now()").await;
    ada.download(export).await.expect(404);
    let shape = ada.see_export(export).await;
    assert_eq!((&shape["state"], &shape["url"]), (&json!("expired"), &Value::Null));
    assert_eq!(archives(&site), 1);
    site.run(Purge {}).await;
    assert_eq!(archives(&site), 0);
    let page = ada.pages.get("/settings/account").await.expect(200);
    assert!(!page.has(&format!("a[href='/exports/{export}']")));
    assert!(page.texts("#export").concat().contains("isn't kept any more"));
    // That there was one is forgotten later.
    site.change("update exports set requested_at = now() - interval '31 days'").await;
    site.run(Purge {}).await;
    ada.api.get(&format!("users/me/exports/{export}")).await.error(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_member_has_one_at_a_time_and_three_a_day(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let asked = futures::future::join_all((0..6).map(|_| ada.ask_for_export())).await;
    assert!(asked.iter().all(|export| *export == asked[0]), "{asked:?}");
    assert_eq!(site.ask::<i64>("select count(*) from jobs where kind = 'exports.write.v1'").await, 1);
    let mut site = site;
    site.start_worker();
    let first = ada.export().await;
    let second = ada.export().await;
    site.settle().await;
    assert_eq!(ada.see_export(first).await["state"], "expired", "a new one takes its place");
    assert_eq!(archives(&site), 1);
    ada.export().await;
    let refused = ada.api.post("users/me/exports", Value::Null).await.expect(429);
    assert!(refused.header("retry-after").parse::<u64>().expect("seconds") > 80_000);
    ada.pages.post("/settings/account/exports", &[]).await.expect(429);
    site.change(
        "update exports set requested_at = requested_at - interval '24 hours'
         where id = (select min(id) from exports)",
    )
    .await;
    assert_ne!(ada.export().await, second);
    for malformed in [json!([]), json!({ "code": 7 }), json!({ "kode": "7" })] {
        ada.api.post("users/me/exports", malformed).await.error(400);
    }
    for stranger in [site.anonymous().await.api, site.api()] {
        let status = stranger.post("users/me/exports", Value::Null).await.status;
        assert!([401, 403].contains(&status), "{status}");
    }
    site.visitor().post("/settings/account/exports", &[]).await.expect(403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_mail_and_a_notification_say_that_it_is_ready_and_bear_no_secret(db: PgPool) {
    let (site, ada, _) = stage(db).await;
    let asked = ada.pages.post("/settings/account/exports", &[]).await;
    assert_eq!(asked.location(), "/settings/account#export");
    let letter = eventually("the mail arrives", SOON, async || {
        site.letters().into_iter().find(|letter| letter.subject.contains("archive"))
    })
    .await;
    assert_eq!(letter.to, "ada@example.org");
    assert_eq!(letter.link(&site, "/settings/account"), "/settings/account");
    assert!(!letter.text.contains("/exports/"), "{}", letter.text);
    assert_eq!(ada.notifications().await, ["The archive of your data is ready"]);
    let page = ada.pages.get("/notifications").await.expect(200);
    assert_eq!(page.attribute(".notification a", "href"), "/settings/account");
    let page = ada.pages.get("/settings/account").await.expect(200);
    let link = page.attribute("#export a[href^='/exports/']", "href");
    Opened::read(&ada.pages.get(&link).await.expect(200).body);
    // A member who has turned these notifications off gets none.
    ada.pages.post("/settings/notifications", &[("comment", "on")]).await.location();
    ada.export().await;
    assert_eq!(ada.notifications().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_account_that_is_deleted_takes_its_archives_along(db: PgPool) {
    let (site, ada, bob) = stage(db).await;
    let export = ada.export().await;
    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    site.settle().await;
    assert_eq!(archives(&site), 0);
    ada.pages.get(&format!("/exports/{export}")).await.location();

    // The same while one is being written: its row is locked until the account is about to go.
    bob.ask_for_export().await;
    bob.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    site.settle().await;
    assert_eq!((archives(&site), site.ask::<i64>("select count(*) from exports").await), (0, 0));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_that_goes_meanwhile_leaves_a_gap(db: PgPool) {
    let (site, ada, _) = stage(db).await;
    let photos = [site.photo().by(&ada).titled("One").live().await, site.photo().by(&ada).live().await];
    site.tell_pictures_apart(&photos).await;
    // As if its files went between the snapshot and the archive.
    let key: String =
        site.ask_of("select key from photo_files where photo_id = $1 and edge = 1080", photos[0]).await;
    std::fs::remove_file(site.media_folder().join("pictures").join(key)).expect("it is there");
    let opened = ada.exported().await;
    let manifest = opened.json("pawdium.json");
    assert_eq!(manifest["photos_without_picture"][0]["id"], photos[0]);
    assert_eq!(manifest["photos"].as_array().map(Vec::len), Some(1));
    assert_eq!(manifest["photos"][0]["file"], format!("photos/{}.jpg", photos[1]));
    assert!(opened.text("index.html").contains("no picture of this photo any more"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_job_that_ends_without_an_archive_makes_room_for_another(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let lost = ada.ask_for_export().await;
    site.change("delete from jobs where kind = 'exports.write.v1'").await;
    let next = ada.ask_for_export().await;
    assert_ne!(next, lost);
    assert_eq!(ada.see_export(lost).await["state"], "failed");
    // A failed archive doesn't count towards the daily limit. The purge finds an archive whose job is gone.
    site.change("delete from jobs where kind = 'exports.write.v1'").await;
    let mut site = site;
    site.start_worker();
    site.run(Purge {}).await;
    assert_eq!(ada.see_export(next).await["state"], "failed");
    let page = ada.pages.get("/settings/account").await.expect(200);
    assert!(page.texts("#export").concat().contains("Ask for it again"));
    for _ in 0..3 {
        ada.export().await;
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_purge_deletes_what_killed_jobs_left(db: PgPool) {
    let (site, ada, _) = stage(db).await;
    let export = ada.export().await;
    let mut orphan = site.store().begin_export();
    orphan.write(bytes::Bytes::from_static(b"half a zip")).await.expect("it is written");
    orphan.finish().await.expect("it is stored");
    site.run(Purge {}).await;
    assert_eq!(archives(&site), 2, "its row may be about to name it");
    for file in site.media("exports") {
        let file = File::options().write(true).open(file).expect("it can be opened");
        file.set_modified(SystemTime::now() - Duration::from_hours(3)).expect("its time can be set");
    }
    site.run(Purge {}).await;
    assert_eq!(archives(&site), 1);
    ada.download(export).await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_archive_from_a_bucket_has_several_parts(db: PgPool) {
    let server = S3Server::start();
    let site = Setup::on(db).in_bucket(&server).worker().start().await;
    let ada = site.member("ada").await;
    let mut file = pictures::quarters(900, 900);
    // Decoders ignore data behind a picture.
    file.resize(13 << 20, 7);
    let form = submission("Large", file.clone()).text("draft", "1");
    ada.api.upload(form).await.expect(202);
    let opened = ada.exported().await;
    let name = opened.json("pawdium.json")["photos"][0]["file"].as_str().expect("a file").to_owned();
    assert!(opened.file(&name) == file, "the upload, byte for byte");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_killed_worker_leaves_one_whole_archive(db: PgPool) {
    let mut site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let mut file = pictures::quarters(900, 900);
    file.resize(9 << 20, 7);
    for number in 0..6 {
        let form = submission(&format!("Draft {number}"), file.clone()).text("draft", "1");
        ada.api.upload(form).await.expect(202);
    }
    let export = ada.ask_for_export().await;
    eventually("it is being written", SOON, async || (!site.media("exports").is_empty()).then_some(())).await;
    site.workers[0].kill();
    site.start_worker();
    eventually("another worker has written it", SOON, async || {
        (ada.see_export(export).await["state"] == "ready").then_some(())
    })
    .await;
    let opened = Opened::read(&ada.download(export).await.expect(200).body);
    assert_eq!(opened.json("pawdium.json")["photos"].as_array().map(Vec::len), Some(6));
    assert_eq!(ada.notifications().await.len(), 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn ten_thousand_photos_take_little_memory(db: PgPool) {
    let (site, ada, _) = stage(db).await;
    site.photo().by(&ada).live().await;
    // The others show the same file. All together are larger than what the worker may take.
    let mut file = pictures::quarters(160, 160);
    // Decoders ignore data behind a picture.
    file.resize(8 << 10, 7);
    let key = site.store().put_picture(bytes::Bytes::from(file)).await.expect("it is stored");
    sqlx::query(
        "with more as (
             insert into photos (owner_id, title, alt, species, state, live_at, slot)
             select $1, 'Photo ' || number, repeat('A cat. ', 50), 'cat', 'live', now(), nextval('photo_slots')
             from generate_series(2, 10000) as number returning id
         ), counted as (
             insert into photo_stats (photo_id) select id from more
         )
         insert into photo_files (photo_id, edge, key, width, height, bytes)
         select id, 160, $2, 160, 160, 8192 from more",
    )
    .bind(ada.id)
    .bind(key.to_string())
    .execute(&site.db)
    .await
    .expect("the statement is right");
    site.settle().await;
    let before = site.workers[0].memory_kb();
    let export = ada.ask_for_export().await;
    let mut most = before;
    eventually("it is ready", SOON * 5, async || {
        most = most.max(site.workers[0].memory_kb());
        (ada.see_export(export).await["state"] == "ready").then_some(())
    })
    .await;
    assert!(most < before + 40_000, "{before} kB before, {most} kB at most");
    let bytes = ada.see_export(export).await["bytes"].as_u64().expect("a size");
    assert!(bytes > 80_000_000, "{bytes}");
    let zip = ada.download(export).await.expect(200).body;
    assert_eq!(Opened::read(&zip).names.len(), 10_005);
}
