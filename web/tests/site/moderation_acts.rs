//! The list of what moderators did, the audit log's filters and exports, and the public numbers.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Site, pages_of};

async fn hide(moderator: &Person, photo: i64, reason: &str) {
    moderator.pages.post(&format!("/photos/{photo}/hide"), &[("reason", reason)]).await.expect(303);
}

fn undo_of(act: i64) -> String {
    format!("/moderation/acts/{act}/undo")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn moderators_list_their_acts_and_others_see_none(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, one, two) =
        (site.member("ada").await, site.moderator("mod").await, site.moderator("max").await);
    let mut photos = Vec::new();
    for number in 1..=60 {
        photos.push(site.photo().by(&ada).titled(&format!("Cat {number}")).live().await);
    }
    for photo in &photos {
        hide(if photo == &photos[3] { &two } else { &one }, *photo, "No animal.").await;
    }
    for viewer in [&site.visitor(), &ada.pages] {
        viewer.get("/moderation/acts").await.expect(404);
    }
    ada.pages.post(&undo_of(1), &[]).await.expect(403);
    let page = one.pages.get("/moderation/acts").await.expect(200);
    let said = page.texts(".acts li > p:first-child");
    assert_eq!((said.len(), said[0].as_str()), (50, "mod hid the photo Cat 60 by ada"));
    let older = one.pages.get(&page.attribute(".paging a[rel=next]", "href")).await.expect(200);
    assert_eq!(older.texts(".acts li").len(), 10);
    assert!(!older.has(".paging a[rel=next]"));
    let by = async |query: &str| {
        let page = one.pages.get(&format!("/moderation/acts?{query}")).await.expect(200);
        page.texts(".acts li > p:first-child").len()
    };
    assert_eq!(by("actor=MAX").await, 1);
    assert_eq!(by("kind=delete_photo").await, 0);
    assert_eq!(by(&format!("thing=photo&id={}", photos[5])).await, 1);
    assert_eq!(by("actor=%00&kind=moon&id=x").await, 50);
    // The list of one photo is shown again after an undo, with who undid it.
    let photo = photos[5];
    let list = one.pages.get(&format!("/moderation/acts?thing=photo&id={photo}")).await.expect(200);
    let action = list.attribute(".acts form", "action");
    let id = photo.to_string();
    let form = [("thing", "photo"), ("id", id.as_str())];
    let back = two.pages.post(&action, &form).await.location().to_owned();
    assert_eq!(back, format!("/moderation/acts?thing=photo&id={photo}"));
    let list = two.pages.get(&back).await.expect(200);
    assert!(list.texts(".acts .badge")[0].starts_with("Undone by max"), "{:?}", list.texts(".acts .badge"));
    assert!(!list.has(".acts form"));
    two.pages.post(&undo_of(999_999), &[]).await.expect(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn what_stands_in_the_way_of_an_undo_is_said_and_nothing_is_changed(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob, moderator) =
        (site.member("ada").await, site.member("bob").await, site.moderator("mod").await);
    let refused = async |act: i64, why: &str| {
        let page = moderator.pages.post(&undo_of(act), &[]).await.expect(409);
        // The notice of the act before may still be there.
        let said = page.texts(".flash[role=alert]");
        assert!(said.len() == 1 && said[0].contains(why), "{:?}", page.texts(".flash"));
        assert_eq!(
            site.ask_of::<i64>("select count(*) from acts where id = $1 and undone_at is null", act).await,
            1
        );
    };
    // Another photo has the title.
    let photo = site.photo().by(&ada).titled("Loaf").live().await;
    hide(&moderator, photo, "No.").await;
    let other = site.photo().by(&ada).titled("loaf").live().await;
    refused(1, "another photo called “Loaf”").await;
    ada.api.patch(&format!("photos/{other}"), json!({ "title": "Bread" })).await.expect(200);
    moderator.pages.post(&undo_of(1), &[]).await.expect(303);
    // The later act has to be undone first.
    hide(&moderator, photo, "No.").await;
    moderator.pages.post(&format!("/photos/{photo}/delete"), &[]).await.expect(303);
    refused(2, "Undo that first").await;
    moderator.pages.post(&undo_of(3), &[]).await.expect(303);
    moderator.pages.post(&undo_of(2), &[]).await.expect(303);
    assert_eq!(site.ask_of::<String>("select state from photos where id = $1", photo).await, "live");
    // Its owner has deleted it.
    hide(&moderator, photo, "No.").await;
    ada.api.delete(&format!("photos/{photo}"), Value::Null).await.expect(204);
    refused(4, "its owner has deleted it").await;
    // Its picture was blocked by another act.
    let photo = site.photo().by(&bob).titled("Twin").live().await;
    let twin = site.photo().by(&ada).titled("Twin").live().await;
    site.change("update photos set fingerprint = 77").await;
    hide(&moderator, photo, "No.").await;
    moderator.pages.post(&format!("/photos/{twin}/block"), &[("reason", "No.")]).await.expect(303);
    refused(5, "blocked by another act").await;
    moderator.pages.post(&undo_of(6), &[]).await.expect(303);
    moderator.pages.post(&undo_of(5), &[]).await.expect(303);
    // It was done too long ago.
    hide(&moderator, twin, "No.").await;
    site.change("update acts set at = at - interval '31 days'").await;
    refused(7, "more than 30 days ago").await;
    // Its owner's account is gone, and what the act knew of it.
    hide(&moderator, photo, "No.").await;
    bob.api.delete("users/me", json!({ "password": crate::harness::PASSWORD })).await.expect(204);
    refused(8, "owner's account").await;
    let kept: i64 =
        site.ask("select count(*) from acts where id = 8 and (before is not null or about <> '')").await;
    assert_eq!(kept, 0);
    site.hurry().await;
    site.settle().await;
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_audit_log_is_filtered_and_exported(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, moderator, root) =
        (site.member("ada").await, site.moderator("mod").await, site.admin("root").await);
    let photos = [site.photo().by(&ada).live().await, site.photo().by(&ada).titled("B").live().await];
    hide(&moderator, photos[0], "=1+1").await;
    hide(&root, photos[1], "No animal.").await;
    root.pages.post("/admin/queues/mail/pause", &[]).await.expect(303);
    let said = async |who: &Person, query: &str| {
        who.pages.get(&format!("/admin/audit?{query}")).await.expect(200).texts(".audit li p")
    };
    assert_eq!(said(&root, "").await, ["root paused a queue", "root hid a photo", "mod hid a photo"]);
    assert_eq!(said(&root, "actor=MOD").await, ["mod hid a photo"]);
    assert_eq!(said(&root, "action=queue.pause").await, ["root paused a queue"]);
    assert_eq!(said(&root, "thing=queue%20mail").await, ["root paused a queue"]);
    assert_eq!(said(&root, &format!("thing=photo+{}", photos[1])).await, ["root hid a photo"]);
    assert_eq!(said(&root, "until=2020-01-01").await, [""; 0]);
    assert_eq!(said(&root, "from=2020-01-01&until=2999-12-31").await.len(), 3);
    assert_eq!(said(&root, "from=yesterday&thing=%00+1&actor=%00").await.len(), 3);
    // Moderators see what is about content.
    assert_eq!(said(&moderator, "").await, ["root hid a photo", "mod hid a photo"]);
    assert_eq!(said(&moderator, "action=queue.pause").await, [""; 0]);

    let file = root.pages.get("/admin/audit.csv").await.expect(200);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    let text = file.text();
    let rows: Vec<_> = text.lines().collect();
    assert_eq!((rows.len(), rows[0]), (4, "id,at,user,actor,action,detail"));
    assert!(rows[1].contains("queue.pause") && rows[3].contains("photo.hide"), "{text}");
    let lines = moderator.pages.get("/admin/audit.jsonl?actor=mod").await.expect(200).text();
    let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((entries.len(), &entries[0]["detail"]["photo"]), (1, &json!(photos[0])));
    for path in ["/admin/audit.csv", "/admin/audit.jsonl"] {
        ada.pages.get(path).await.expect(404);
        site.get(path).await.expect(404);
    }
    // More than one chunk.
    site.change(
        "insert into audit_log (actor, action, detail) select 'x', 'job.retry', '{}' from generate_series(1, 2500)",
    )
    .await;
    let text = root.pages.get("/admin/audit.csv?actor=x").await.expect(200).text();
    assert_eq!(text.lines().count(), 2501);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nobody_changes_the_audit_log_not_even_a_restoring_tool(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, moderator) = (site.member("ada").await, site.moderator("mod").await);
    let photo = site.photo().by(&ada).live().await;
    hide(&moderator, photo, "No animal.").await;
    for change in [
        "delete from audit_log",
        "update audit_log set actor = 'me'",
        "update audit_log set user_id = null",
        "update audit_log set detail = '{}'",
        "truncate audit_log",
        "truncate users cascade",
    ] {
        for role in ["origin", "replica"] {
            let mut session = site.db.acquire().await.expect("a connection").detach();
            let set = format!("set session_replication_role = {role}");
            sqlx::raw_sql(sqlx::AssertSqlSafe(set))
                .execute(&mut session)
                .await
                .expect("the tests are superuser");
            let error = sqlx::query(change).execute(&mut session).await.expect_err(change);
            assert!(error.to_string().contains("append-only"), "{change} as {role}: {error}");
        }
    }
    // The moderator's account goes, and the entry stays under the name.
    let body = json!({ "password": crate::harness::PASSWORD });
    moderator.api.delete("users/me", body).await.expect(204);
    let entry: (String, Option<i64>) = sqlx::query_as("select actor, user_id from audit_log")
        .fetch_one(&site.db)
        .await
        .expect("it is there");
    assert_eq!(entry, ("mod".to_owned(), None));
    assert_eq!(
        site.ask::<i64>("select count(*) from acts where actor = 'mod' and actor_id is null").await,
        1
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn everybody_sees_how_many_acts_there_were_and_no_names(db: PgPool) {
    let site = Site::start(db).await;
    let page = site.get("/transparency").await.expect(200);
    assert_eq!(page.texts(".nothing h2"), ["Nothing yet"]);
    let (ada, moderator) = (site.member("ada").await, site.moderator("mod").await);
    for title in ["One", "Two"] {
        let photo = site.photo().by(&ada).titled(title).live().await;
        hide(&moderator, photo, "Zqxreason.").await;
    }
    moderator.pages.post(&undo_of(1), &[]).await.expect(303);
    site.change(
        "insert into audit_log (at, actor, action) values (now() - interval '3 years', 'mod', 'photo.hide')",
    )
    .await;
    site.change("insert into audit_log (actor, action) values ('root', 'queue.pause')").await;
    assert_eq!(
        site.get("/transparency").await.expect(200).header("x-cache"),
        "HIT",
        "it may be a minute old"
    );
    let page = ada.pages.get("/transparency").await.expect(200);
    let row = page.texts("tbody tr td");
    assert_eq!((row.len(), row[0].as_str(), row[9].as_str()), (15, "2", "1"));
    assert!(!page.text().contains("Zqxreason") && !page.has("a[href='/members/mod']"));
    let paths = pages_of(&ada, 1);
    assert!(site.get(&paths[1]).await.expect(200).has("footer a[href='/transparency']"));
}
