//! Requests that take their time, and sanctions that come meanwhile.

use std::io;

use bytes::Bytes;
use futures::channel::oneshot;
use futures::{StreamExt as _, stream};
use pawdium_shared::db::MIGRATIONS;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, RequestBuilder};
use sqlx::PgPool;

use crate::harness::{Answer, Setup, Site, pictures};
use crate::sanctions::sanction;

/// A picture whose second half waits for a word.
fn halting() -> (Form, oneshot::Sender<()>) {
    let (go, word) = oneshot::channel();
    let mut file = pictures::quarters(300, 300);
    let rest = Bytes::from(file.split_off(file.len() / 2));
    let first = stream::iter([Ok::<_, io::Error>(Bytes::from(file))]);
    let second = stream::once(async move {
        let _ = word.await;
        Ok(rest)
    });
    let photo = Part::stream(Body::wrap_stream(first.chain(second))).file_name("cat.png");
    let form = Form::new().text("title", "Late").text("alt", "A cat").text("species", "cat");
    (form.part("photo", photo), go)
}

/// Sends a form with a picture, and lets the rest of it follow when ada is silenced or banned.
async fn sent_across(
    site: &Site,
    kind: &str,
    call: RequestBuilder,
    form: Form,
    go: oneshot::Sender<()>,
) -> Answer {
    let mo = site.moderator(&format!("mo-{kind}")).await;
    let sent = tokio::spawn(Answer::to(call.multipart(form)));
    let web = site.log().len();
    // The request is read as far as it has come.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(!sent.is_finished(), "it waits: {}", &site.log()[web..]);
    sanction(&mo, "ada", kind, "", "keep").await.location();
    go.send(()).expect("somebody waits for it");
    sent.await.expect("it is answered")
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_that_arrives_after_the_sanction_is_refused_and_its_file_deleted(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    for kind in ["silence", "ban"] {
        let ada = if kind == "silence" { site.member("ada").await } else { site.log_in("ada").await };
        let (form, go) = halting();
        let answer = sent_across(&site, kind, ada.api.call(Method::POST, "photos"), form, go).await;
        let message = crate::sanctions::message(answer, 403);
        assert!(message.contains("Spam & noise"), "{message}");
        site.settle().await;
        assert_eq!(site.ask::<i64>("select count(*) from photos").await, 0);
        assert_eq!(site.media("incoming").len(), 0, "its file is deleted");
        site.change("update sanctions set lifted_at = now(), lifted_by = null, lifter = 'x'").await;
        site.change("update users set silenced_until = null, barred_until = null, hidden_until = null").await;
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_portrait_that_arrives_after_the_sanction_is_refused_and_its_file_deleted(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let ada = site.member("ada").await;
    let (form, go) = halting();
    let call = ada.api.call(Method::PUT, "users/me/avatar");
    let answer = sent_across(&site, "silence", call, form, go).await;
    crate::sanctions::message(answer, 403);
    site.settle().await;
    assert_eq!(site.ask::<i64>("select count(*) from users where avatar is not null").await, 0);
    assert_eq!(site.media("incoming").len(), 0, "its file is deleted");
}
