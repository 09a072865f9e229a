//! The daily mail about what is unread, and how it is stopped.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::notifications::SendDigests;
use reqwest::Method;
use serde_json::Value;
use sqlx::PgPool;

use crate::harness::{Answer, Letter, Person, Setup, Site};

async fn stage(db: PgPool) -> (Site, Person, Person, i64) {
    let site = Setup::on(db).worker().start().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.verify(&ada).await;
    let photo = site.photo().by(&ada).titled("Blep").live().await;
    site.rated_by(photo, &[&bob]).await;
    site.settle().await;
    (site, ada, bob, photo)
}

fn digests(site: &Site) -> Vec<Letter> {
    site.letters().into_iter().filter(|letter| letter.unsubscribe.is_some()).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_mail_a_day_tells_what_is_unread_and_quotes_nobody(db: PgPool) {
    let (site, ada, bob, photo) = stage(db).await;
    site.run(SendDigests {}).await;
    assert!(digests(&site).is_empty(), "nothing is unread");
    bob.comment(photo, "A secret opinion.").await;
    site.run(SendDigests {}).await;
    let letters = digests(&site);
    let [letter] = &letters[..] else { panic!("{} mails", letters.len()) };
    assert_eq!(letter.to, ada.email());
    for part in [&letter.text, &letter.html] {
        assert!(part.contains("bob commented on “Blep”.") && !part.contains("secret"), "{part}");
    }
    assert_eq!(letter.link(&site, "/notifications"), "/notifications");
    // Not twice a day, and not again of the same.
    bob.comment(photo, "Another.").await;
    site.run(SendDigests {}).await;
    assert_eq!(digests(&site).len(), 1);
    site.change("update notification_settings set digest_at = digest_at - interval '21 hours'").await;
    site.run(SendDigests {}).await;
    assert_eq!(digests(&site).len(), 2);
    site.change("update notification_settings set digest_at = digest_at - interval '21 hours'").await;
    site.run(SendDigests {}).await;
    assert_eq!(digests(&site).len(), 2, "the member has been told of all of it");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn nobody_gets_it_who_has_read_everything_or_has_no_verified_address(db: PgPool) {
    let (site, ada, bob, photo) = stage(db).await;
    bob.comment(photo, "Blep.").await;
    let first = ada.comment(photo, "Mine.").await;
    let own = bob.reply(photo, first, "Yours.").await;
    ada.reply(photo, own, "To bob, who isn't verified.").await;
    ada.api.post("users/me/notifications/read", Value::Null).await.expect(200);
    site.run(SendDigests {}).await;
    assert!(digests(&site).is_empty());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn one_click_stops_it_without_logging_in(db: PgPool) {
    let (site, ada, bob, photo) = stage(db).await;
    bob.comment(photo, "Blep.").await;
    site.run(SendDigests {}).await;
    let letter = digests(&site).pop().expect("a mail");
    let (address, post) = letter.unsubscribe.clone().expect("headers");
    assert_eq!(post, "List-Unsubscribe=One-Click");
    let path = letter.link(&site, "/unsubscribe/");
    assert_eq!(address, format!("<{}>", site.url(&path)));

    // A filter that follows links changes nothing.
    let page = site.visitor().get(&path).await.expect(200);
    assert!(page.has(&format!("form[action='{path}']")));
    let wants = async || site.ask::<bool>("select digest from notification_settings").await;
    assert!(wants().await);
    // A mail program sends no cookie and no origin, or a foreign one.
    for origin in [None, Some("https://mail.example")] {
        site.change("update notification_settings set digest = true").await;
        let call = site.visitor().request(Method::POST, &path).form(&[("List-Unsubscribe", "One-Click")]);
        let call = origin.map_or(call.try_clone().expect("a form"), |origin| call.header("origin", origin));
        assert!(Answer::to(call).await.expect(200).text().contains("No more mails"));
        assert!(!wants().await);
    }
    bob.comment(photo, "Another.").await;
    site.change("update notification_settings set digest_at = digest_at - interval '21 hours'").await;
    site.run(SendDigests {}).await;
    assert_eq!(digests(&site).len(), 1);
    let page = ada.pages.get("/settings/notifications").await.expect(200);
    assert!(!page.has("input[name=digest][checked]"));

    let token = path.trim_start_matches("/unsubscribe/");
    let last = if token.ends_with('A') { 'B' } else { 'A' };
    let forged = format!("/unsubscribe/{}{last}", &token[..token.len() - 1]);
    for wrong in [forged.as_str(), "/unsubscribe/x", "/unsubscribe/%00", "/unsubscribe/AAAA"] {
        site.visitor().get(wrong).await.expect(404);
        assert_eq!(Answer::to(site.visitor().request(Method::POST, wrong)).await.status, 404);
    }
}
