//! What reports weigh, and what is hidden until moderators have judged it.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::RefreshRanks;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Person, Setup, Site};

async fn report_by_all(people: &[Person], what: &str) {
    for person in people {
        person.flag(what).await;
    }
}

/// Asserts that no list shows the photo called Blep.
async fn nobody_finds(reader: &Person) {
    for page in ["/new", "/h/cats/photos", "/top", "/search?q=blep"] {
        let links = reader.pages.get(page).await.expect(200).texts("main a").concat();
        assert!(!links.contains("Blep"), "{page}: {links}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn three_ordinary_reports_hide_a_photo_and_a_dismissal_brings_back_exactly_what_was(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    let witnesses = site.trusted("witness", 3).await;
    let photo = site.photo().by(&ada).titled("Blep").live().await;
    site.rated_by(photo, &[&witnesses[0]]).await;
    let hub = site.hub_of("cats", &[&ada]).await;
    site.post(&ada, "cats", photo).await;
    sqlx::query("update photo_stats set virality = 3.25 where photo_id = $1")
        .bind(photo)
        .execute(&site.db)
        .await
        .expect("it is set");
    site.run(RefreshRanks {}).await;
    let state = "select concat_ws(' ', photos.state, virality, histogram, score, rank, slot,
                        (select string_agg(key, ',' order by edge) from photo_files where photo_id = photos.id),
                        (select count(*) from taggings where photo_id = photos.id and live),
                        (select string_agg(hub_id || ':' || slot, ',' order by hub_id) from hub_photos
                         where photo_id = photos.id))
                 from photos join photo_stats on photo_stats.photo_id = photos.id
                 left join photo_ranks on photo_ranks.photo_id = photos.id where photos.id = $1";
    let before: String = site.ask_of(state, photo).await;
    let path = format!("photos/{photo}");

    report_by_all(&witnesses[..2], &path).await;
    assert_eq!(site.ask_of::<String>(state, photo).await, before, "two hide nothing");
    report_by_all(&witnesses[2..], &path).await;
    site.settle().await;
    let hidden: String = site.ask_of("select state from photos where id = $1", photo).await;
    assert_eq!(hidden, "hidden");
    nobody_finds(&witnesses[0]).await;
    witnesses[0].api.get(&path).await.error(404);
    site.get(&format!("/photos/{photo}")).await.expect(404);
    let own = ada.pages.get(&format!("/photos/{photo}")).await.expect(200);
    assert!(
        own.texts("#status h2")[0].contains("until moderators have looked at it"),
        "{:?}",
        own.texts("#status")
    );
    assert_eq!(
        ada.notifications().await,
        ["“Blep” was reported, and is hidden until moderators have looked at it"]
    );
    let by: String = site.ask("select concat(actor, ' ', action) from audit_log").await;
    assert_eq!(by, "reports case.hide");

    let case = site.open_case().await;
    let page = mo.pages.get(&format!("/moderation/review/{case}")).await.expect(200);
    assert!(page.has("details.veil:not([open]) img") && !page.has("button[value=uphold]"));
    mo.judge(case, "uphold", "").await.expect(409);
    assert_eq!(mo.judge(case, "dismiss", "").await.location(), "/moderation/review");
    site.hurry().await;
    site.run(RefreshRanks {}).await;
    assert_eq!(site.ask_of::<String>(state, photo).await, before);
    witnesses[0].api.get(&path).await.expect(200);
    assert_eq!(ada.notifications().await[0], "“Blep” is shown again: moderators have looked at it");
    let told = witnesses[0].notifications().await;
    assert_eq!(told, ["Moderators looked at your report and found nothing wrong"]);
    site.histograms_are_right().await;
    assert_eq!(site.ask_of::<i64>("select count(*) from hub_photos where hub_id = $1", hub).await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_a_moderator_approved_isnt_hidden_until_it_changes(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    let witnesses = site.trusted("witness", 4).await;
    let photo = site.photo().by(&ada).live().await;
    let path = format!("photos/{photo}");
    witnesses[0].flag(&path).await;
    mo.judge(site.open_case().await, "dismiss", "").await.location();
    // The first weighs less from now on, so it takes four.
    report_by_all(&witnesses, &path).await;
    assert!(site.ask::<i32>("select weight from cases where state = 'open'").await > 3000);
    assert_eq!(site.ask_of::<String>("select state from photos where id = $1", photo).await, "live");
    mo.judge(site.open_case().await, "dismiss", "").await.location();
    ada.api.patch(&path, json!({ "title": "Something else" })).await.expect(200);
    site.change("update reports set outcome = 'upheld'").await;
    report_by_all(&witnesses[..3], &path).await;
    assert_eq!(site.ask_of::<String>("select state from photos where id = $1", photo).await, "hidden");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn comments_talks_and_hubs_are_hidden_too_and_members_are_not(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    let witnesses = site.trusted("witness", 3).await;
    let photo = site.photo().live().await;
    site.rated_by(photo, &[&ada]).await;
    site.rated_by(photo, &witnesses.iter().collect::<Vec<_>>()).await;
    let comment = ada.comment(photo, "Mine.").await;
    let hub = site.hub_of("cats", &[&ada]).await;
    let call = site.open_call(&ada, "cats", json!({})).await;
    let talk = ada.pitch(call, "On bleps").await;
    let state = "select concat_ws(' ', (select state from comments), (select state from talks),
                                  (select visibility from hubs where slug is not null))";
    assert_eq!(site.ask::<String>(state).await, "shown shown public");
    for what in [
        "users/ada".to_owned(),
        format!("comments/{comment}"),
        format!("talks/{talk}"),
        "hubs/cats".to_owned(),
    ] {
        report_by_all(&witnesses, &what).await;
    }
    assert_eq!(site.ask::<String>(state).await, "held hidden private");
    let reader = &witnesses[0];
    assert_eq!(reader.texts(photo).await, Vec::<String>::new());
    assert_eq!(ada.texts(photo).await, ["Mine."], "its author still sees it");
    reader.api.get("hubs/cats").await.error(404);
    reader.pages.get("/members/ada").await.expect(200);
    // Its owner sees it, and can't make it public.
    ada.api.get("hubs/cats").await.expect(200);
    let (message, _) = ada.api.patch("hubs/cats", json!({ "visibility": "public" })).await.error(403);
    assert!(message.contains("reported"), "{message}");
    ada.api.patch("hubs/cats", json!({ "summary": "All kinds." })).await.expect(200);
    assert!(mo.pages.get("/moderation/comments").await.expect(200).has(".nothing"), "it waits with its case");
    let told = ada.notifications().await;
    assert_eq!(
        told,
        [
            "cats was reported, and is hidden until moderators have looked at it",
            "A talk of yours in cats was reported, and is hidden until moderators have looked at it",
            "A comment of yours was reported, and is hidden until moderators have looked at it",
        ]
    );
    assert!(told.iter().all(|text| !text.contains("Mine")));
    let cases: Vec<i64> =
        sqlx::query_scalar("select id from cases order by id").fetch_all(&site.db).await.expect("cases");
    for case in cases {
        mo.judge(case, "dismiss", "").await.location();
    }
    assert_eq!(site.ask::<String>(state).await, "shown shown public");
    reader.api.get("hubs/cats").await.expect(200);
    assert_eq!(reader.texts(photo).await, ["Mine."]);
    assert_eq!(
        site.ask_of::<i64>("select count(*) from cases where state = 'open' and $1 > 0", hub).await,
        0
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn new_and_unverified_accounts_weigh_less_and_a_record_counts(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, mo) = (site.member("ada").await, site.moderator("mo").await);
    let (newcomer, verified) = (site.member("newcomer").await, site.crowd("verified", 1).await);
    let trusted = site.trusted("trusted", 1).await;
    let photo = site.photo().by(&ada).live().await;
    for person in [&newcomer, &verified[0], &trusted[0]] {
        person.flag(&format!("photos/{photo}")).await;
    }
    let weights = "select string_agg(weight::text, ' ' order by id) from reports";
    assert_eq!(site.ask::<String>(weights).await, "250 500 1000");
    let case = site.open_case().await;
    mo.judge(case, "take_down", "Spam").await.location();
    let again = site.photo().by(&ada).live().await;
    trusted[0].flag(&format!("photos/{again}")).await;
    assert_eq!(site.ask::<i32>("select max(weight) from reports").await, 1333);
    mo.judge(site.open_case().await, "dismiss", "").await.location();
    let third = site.photo().by(&ada).live().await;
    trusted[0].flag(&format!("photos/{third}")).await;
    assert_eq!(site.ask::<i32>("select weight from reports order by id desc limit 1").await, 1000);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nothing_is_hidden_where_the_site_says_so(db: PgPool) {
    let site = Setup::on(db).set("security.reports_to_hide", "0").start().await;
    let ada = site.member("ada").await;
    let witnesses = site.trusted("witness", 4).await;
    let photo = site.photo().by(&ada).live().await;
    report_by_all(&witnesses, &format!("photos/{photo}")).await;
    assert_eq!(site.ask_of::<String>("select state from photos where id = $1", photo).await, "live");
    assert_eq!(ada.notifications().await, Vec::<String>::new());
}
