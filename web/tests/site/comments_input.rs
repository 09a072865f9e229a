//! Comments against whatever can be sent to them: it is refused with a reason, and nothing changes.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Site};

/// Ids that no row has, and some that no row can have.
const NO_IDS: [&str; 8] =
    ["0", "-1", "x", "%00", "1.5", "9223372036854775807", "9223372036854775808", "99999999999999999999"];

async fn stored(site: &Site) -> String {
    site.ask(
        "select concat_ws(';', (select string_agg(comments::text, ',' order by id) from comments),
                     (select string_agg(notifications::text, ',' order by id) from notifications))",
    )
    .await
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn strange_bodies_are_refused_with_a_reason_and_change_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let (photo, other) = (site.photo().by(&ada).live().await, site.photo().by(&ada).live().await);
    let (own, elsewhere) = (bob.comment(photo, "Blep.").await, bob.comment(other, "Bork.").await);
    let before = stored(&site).await;
    let wrong = [
        (json!({ "text": "x".repeat(2001) }), "text"),
        (json!({ "text": "a\u{0}b" }), "text"),
        (json!({ "text": "a\u{1b}[31mb" }), "text"),
        (json!({ "text": "\u{202e}\u{2066}" }), "text"),
        (json!({ "text": 7 }), ""),
        (json!({ "text": ["x"] }), ""),
        (json!({ "text": "x", "author": 1 }), ""),
        (json!({ "text": "x", "parent": 0 }), "parent"),
        (json!({ "text": "x", "parent": -1 }), "parent"),
        (json!({ "text": "x", "parent": elsewhere }), "parent"),
        (json!({ "text": "x", "parent": 9_223_372_036_854_775_807_u64 }), "parent"),
        (json!({ "text": "x", "parent": 9_223_372_036_854_775_808_u64 }), ""),
        (json!({ "text": "x", "parent": "1" }), ""),
        (json!({ "text": "x", "parent": 1.5 }), ""),
        (json!([]), ""),
        (json!("x"), ""),
    ];
    for (body, field) in wrong {
        let (message, refused) = bob.say(photo, body.clone()).await.error(400);
        assert!(message.len() > 10, "{body}: {message}");
        if !field.is_empty() {
            assert_eq!(refused.as_deref(), Some(field), "{body}: {message}");
        }
    }
    for body in ["", "{", "null", "{\"text\":", "text=x"] {
        for (method, path) in
            [(Method::POST, format!("photos/{photo}/comments")), (Method::PATCH, format!("comments/{own}"))]
        {
            let call = bob.api.call(method, &path).header(CONTENT_TYPE, "application/json").body(body);
            Answer::to(call).await.error(400);
        }
    }
    for body in [json!({}), json!({ "text": 7 }), json!({ "text": "x", "held": false }), json!([])] {
        bob.api.patch(&format!("comments/{own}"), body).await.error(400);
    }
    bob.api.delete(&format!("comments/{own}"), json!({ "reason": 7 })).await.error(400);
    assert_eq!(stored(&site).await, before);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn ids_that_name_nothing_are_not_found(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    ada.comment(photo, "Blep.").await;
    let before = stored(&site).await;
    for id in NO_IDS {
        ada.api.get(&format!("photos/{id}/comments")).await.error(404);
        ada.api.post(&format!("photos/{id}/comments"), json!({ "text": "x" })).await.error(404);
        ada.api.patch(&format!("comments/{id}"), json!({ "text": "x" })).await.error(404);
        ada.api.delete(&format!("comments/{id}"), Value::Null).await.error(404);
        ada.pages.get(&format!("/comments/{id}")).await.expect(404);
        for act in ["edit", "delete", "review"] {
            let answer =
                ada.pages.post(&format!("/comments/{id}/{act}"), &[("text", "x"), ("act", "remove")]).await;
            assert!(matches!(answer.status, 404 | 403), "{} {}", answer.asked, answer.status);
        }
        for form in [[("until", id), ("only", "")], [("until", id), ("only", "1")]] {
            let answer = ada.pages.post("/notifications/read", &form).await;
            assert!(matches!(answer.status, 303 | 400), "{} {}", answer.asked, answer.status);
        }
        // What the page doesn't understand, it leaves out.
        ada.pages.get(&format!("/photos/{photo}?reply={id}&comments={id}")).await.expect(200);
        ada.pages.get(&format!("/photos/{photo}/comments?after={id}&until={id}")).await.expect(200);
        ada.pages.get(&format!("/notifications?before={id}")).await.expect(200);
    }
    assert_eq!(stored(&site).await, before);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_script_is_text_and_a_link_is_marked(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    let text =
        "<script>alert(1)</script> javascript:alert(1) \u{202e}https://paw.example/a?b=1&c=\"x <b>bold</b>";
    let comment = ada.comment(photo, text).await;
    for path in
        [format!("/photos/{photo}"), format!("/comments/{comment}"), format!("/photos/{photo}/comments")]
    {
        let page = ada.pages.get(&path).await.expect(200);
        assert!(!page.has(".comment-text script") && !page.has(".comment-text b"), "{path}");
        let link = ".comment-text a";
        assert_eq!(page.attribute(link, "href"), "https://paw.example/a?b=1&c=", "{path}");
        assert_eq!(page.attribute(link, "rel"), "ugc nofollow noopener");
        assert_eq!(page.attribute(".comment-text", "dir"), "auto");
        let shown = &page.texts(".comment-text")[0];
        assert!(shown.starts_with("<script>alert(1)</script> javascript:alert(1) https://"), "{shown}");
        assert!(!shown.contains('\u{202e}'));
    }
}
