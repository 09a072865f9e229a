//! Sessions: listing them with device and network, ending each one and all, and what their open pages hear of it.

use std::time::{Duration, Instant};

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Person, SOON, Site, eventually};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const SAFARI: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/18.5 Mobile/15E148 Safari/604.1";

/// How soon the streams of a session end.
const ENDS: Duration = Duration::from_secs(5);

/// Logs in from an address with a browser.
async fn log_in_from(site: &Site, name: &str, address: &str, browser: &str) -> Person {
    let body = json!({ "email": format!("{name}@example.org"), "password": PASSWORD });
    let call = site.api().call(Method::POST, "tokens").header("x-forwarded-for", address);
    let answer = Answer::to(call.header("user-agent", browser).json(&body)).await.expect(201);
    Person::of(site, &answer.json())
}

async fn sessions_of(person: &Person) -> Vec<Value> {
    let list = person.api.get("users/me/sessions").await.expect(200).json();
    list["data"].as_array().expect("a list").clone()
}

fn texts<'a>(list: &'a [Value], field: &str) -> Vec<&'a str> {
    list.iter().map(|one| one[field].as_str().unwrap_or_default()).collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn sessions_are_listed_with_device_network_and_use_and_this_one_first(db: PgPool) {
    let site = Site::start(db).await;
    let first = site.member("ada").await;
    let phone = log_in_from(&site, "ada", "2001:db8:1:2::3", SAFARI).await;
    let ada = log_in_from(&site, "ada", "203.0.113.77", FIREFOX).await;
    let list = sessions_of(&ada).await;
    assert_eq!(texts(&list, "device"), ["Firefox on Linux", "Safari on an iPhone", "An unknown device"]);
    assert_eq!(texts(&list, "place"), ["203.0.113.x", "2001:db8:1:x", "a local network"]);
    assert_eq!(list.iter().map(|one| one["current"] == true).collect::<Vec<_>>(), [true, false, false]);
    let mut fields: Vec<_> = list[0].as_object().expect("an object").keys().cloned().collect();
    fields.sort_unstable();
    assert_eq!(fields, ["created_at", "current", "device", "expires_at", "id", "last_used_at", "place"]);
    assert_eq!(sessions_of(&first).await[0]["device"], "An unknown device", "the one that asks is the first");

    let page = phone.pages.get("/settings/sessions").await.expect(200);
    assert_eq!(page.texts(".session-list h2")[0], "Safari on an iPhone this session");
    assert!(page.texts(".session-list p")[1].contains("from 203.0.113.x"), "{}", page.text());
    assert!(page.has("[aria-label='Settings'] [href='/settings/sessions'][aria-current]"));
    for whole in ["203.0.113.77", "2001:db8:1:2"] {
        assert!(!page.text().contains(whole));
    }
    let stored: String = site.ask("select string_agg(sessions::text, ' ') from sessions").await;
    assert!(!stored.contains("203.0.113.77") && stored.contains("203.0.113.0/24"), "{stored}");
    let location = site.visitor().get("/settings/sessions").await;
    assert_eq!(location.location(), "/login?next=%2Fsettings%2Fsessions");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn use_is_recorded_at_most_once_an_hour_with_from_where(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, anonymous) = (site.member("ada").await, site.anonymous().await);
    let from = async |person: &Person, address: &str| {
        let call = person.api.call(Method::GET, "users/me").header("x-forwarded-for", address);
        Answer::to(call.header("user-agent", FIREFOX)).await.expect(200)
    };
    let told = async || {
        let row: (Option<String>, Option<String>, bool) = sqlx::query_as(
            "select agent, prefix, last_used_at > now() - interval '1 minute' from sessions
             join users on users.id = user_id where name = 'ada'",
        )
        .fetch_one(&site.db)
        .await
        .expect("a session");
        row
    };
    from(&ada, "203.0.113.7").await;
    assert_eq!(told().await, (None, Some("127.0.0.0/24".to_owned()), true), "it was opened just now");
    site.change("update sessions set last_used_at = now() - interval '61 minutes'").await;
    from(&ada, "203.0.113.7").await;
    from(&ada, "198.51.100.7").await;
    let firefox = Some("Firefox on Linux".to_owned());
    assert_eq!(told().await, (firefox, Some("203.0.113.0/24".to_owned()), true));

    site.change("update sessions set last_used_at = now() - interval '61 minutes'").await;
    from(&anonymous, "203.0.113.7").await;
    let of_anonymous: i64 = site
        .ask(
            "select count(*) from sessions join users on users.id = user_id
             where name is null and last_used_at > now() - interval '1 minute' and agent is null and prefix is null",
        )
        .await;
    assert_eq!(of_anonymous, 1, "of visitors without an account nothing is kept");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn hostile_names_of_browsers_are_never_shown_or_stored(db: PgPool) {
    let site = Site::start(db).await;
    site.member("ada").await;
    let long = "Mozilla/5.0 ".repeat(600);
    for browser in [
        "<script>alert(1)</script>",
        "Firefox/1.0 <img src=x onerror=alert(1)>",
        "' or 1=1 --",
        "%n%s\t",
        &long,
    ] {
        let ada = log_in_from(&site, "ada", "203.0.113.9", browser).await;
        let page = ada.pages.get("/settings/sessions").await.expect(200);
        assert!(!page.text().contains("alert(1)") && !page.text().contains("1=1"), "{browser}");
    }
    let bytes = site.api().call(Method::POST, "tokens").header("user-agent", &b"\xff\xfe Firefox/\xe4"[..]);
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    Answer::to(bytes.json(&body)).await.expect(201);
    let stored: Vec<(String,)> =
        sqlx::query_as("select distinct agent from sessions where agent is not null order by 1")
            .fetch_all(&site.db)
            .await
            .expect("the statement is right");
    let stored: Vec<_> = stored.iter().map(|row| row.0.as_str()).collect();
    assert_eq!(stored, ["A browser", "A program", "Firefox"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn one_session_is_ended_and_nobody_elses_can_be(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let elsewhere = site.log_in("ada").await;
    let list = sessions_of(&ada).await;
    let (own, other) = (list[0]["id"].as_i64().expect("an id"), list[1]["id"].as_i64().expect("an id"));
    for id in [own, other, 0, i64::MAX] {
        let path = format!("users/me/sessions/{id}");
        assert_eq!(bob.api.delete(&path, Value::Null).await.error(404).0, "resource not found");
    }
    site.api().delete(&format!("users/me/sessions/{other}"), Value::Null).await.error(401);
    ada.api.delete("users/me/sessions/x", Value::Null).await.error(404);

    ada.api.delete(&format!("users/me/sessions/{other}"), Value::Null).await.expect(204);
    elsewhere.api.get("users/me").await.error(401);
    ada.api.delete(&format!("users/me/sessions/{other}"), Value::Null).await.error(404);

    let elsewhere = site.log_in("ada").await;
    let other = sessions_of(&ada).await[1]["id"].as_i64().expect("an id");
    let end = format!("/settings/sessions/{other}/end");
    assert_eq!(bob.pages.post(&end, &[]).await.location(), "/settings/sessions", "and nothing is ended");
    elsewhere.api.get("users/me").await.expect(200);
    for _ in 0..2 {
        assert_eq!(
            ada.pages.post(&end, &[]).await.location(),
            "/settings/sessions",
            "pressing twice is fine"
        );
    }
    elsewhere.api.get("users/me").await.error(401);

    ada.api.delete(&format!("users/me/sessions/{own}"), Value::Null).await.expect(204);
    ada.api.get("users/me").await.error(401);
    bob.api.get("users/me").await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn all_others_or_all_sessions_are_ended_by_one_press(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let elsewhere = [site.log_in("ada").await, site.log_in("ada").await];
    let page = ada.pages.get("/settings/sessions").await.expect(200);
    assert!(page.has("form[action='/settings/sessions/end-others']"));
    ada.pages.post("/settings/sessions/end-others", &[]).await.location();
    for other in &elsewhere {
        other.api.get("users/me").await.error(401);
    }
    let page = ada.pages.get("/settings/sessions").await.expect(200);
    assert!(page.texts(".flash")[0].contains("ended"));
    assert!(!page.has("form[action='/settings/sessions/end-others']"), "there are none");

    let elsewhere = site.log_in("ada").await;
    let out = ada.pages.post("/settings/sessions/end-all", &[]).await;
    assert_eq!((out.location(), out.header("clear-site-data")), ("/", "\"cache\""));
    assert_eq!(ada.pages.cookie("session"), None);
    for person in [&ada, &elsewhere] {
        person.api.get("users/me").await.error(401);
    }
    bob.api.get("users/me").await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn forms_from_other_sites_end_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let elsewhere = site.log_in("ada").await;
    let other = sessions_of(&ada).await[1]["id"].as_i64().expect("an id");
    for path in [
        format!("/settings/sessions/{other}/end"),
        "/settings/sessions/end-others".to_owned(),
        "/settings/sessions/end-all".to_owned(),
        "/settings/tokens".to_owned(),
    ] {
        for (name, value) in
            [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example"), ("x-none", "1")]
        {
            let form = ada.pages.request(Method::POST, &path).header(name, value).form(&[("name", "x")]);
            Answer::to(form).await.expect(403);
        }
        assert_eq!(
            ada.pages.get(&path).await.status,
            if path == "/settings/tokens" { 200 } else { 405 },
            "{path}"
        );
    }
    elsewhere.api.get("users/me").await.expect(200);
    ada.api.get("users/me").await.expect(200);
    assert_eq!(site.ask::<i64>("select count(*) from api_tokens").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_streams_of_a_session_end_with_it_and_others_go_on(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let elsewhere = site.log_in("ada").await;
    let photo = site.photo().by(&ada).live().await;
    let query = format!("photo={photo}");
    let mut kept = ada.pages.stream(&query).await;
    kept.begin().await;
    let mut ended = elsewhere.pages.stream(&query).await;
    ended.begin().await;
    let other = sessions_of(&ada).await[1]["id"].as_i64().expect("an id");
    let begin = Instant::now();
    ada.api.delete(&format!("users/me/sessions/{other}"), Value::Null).await.expect(204);
    while let Some(event) = ended.next().await {
        assert_eq!(event.name, "changed", "nothing is told but that the photo has changed");
    }
    assert!(begin.elapsed() < ENDS, "{:?}", begin.elapsed());

    site.rate(&site.member("bob").await, photo, 7).await;
    assert_eq!(kept.until("changed").await.data["topic"], query);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn streams_end_on_logging_out_and_on_another_password(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    let query = format!("photo={photo}");
    let open = async || {
        let elsewhere = site.log_in("ada").await;
        let mut stream = elsewhere.pages.stream(&query).await;
        stream.begin().await;
        (elsewhere, stream)
    };
    let (elsewhere, mut stream) = open().await;
    elsewhere.pages.post("/logout", &[]).await.location();
    while stream.next().await.is_some() {}
    let (_elsewhere, mut stream) = open().await;
    let change = [("password", "another long one"), ("current_password", PASSWORD)];
    ada.pages.post("/settings/password", &change).await.location();
    while stream.next().await.is_some() {}
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_session_that_is_ended_while_it_is_used_is_refused_at_once(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    for _ in 0..5 {
        let elsewhere = site.log_in("ada").await;
        let other = sessions_of(&ada).await[1]["id"].as_i64().expect("an id");
        let path = format!("users/me/sessions/{other}");
        let used = async {
            let mut statuses = Vec::new();
            for _ in 0..10 {
                statuses.push(elsewhere.api.get("users/me").await.status);
            }
            statuses
        };
        let (statuses, ended) = tokio::join!(used, ada.api.delete(&path, Value::Null));
        ended.expect(204);
        assert!(
            statuses.is_sorted() && statuses.iter().all(|status| [200, 401].contains(status)),
            "{statuses:?}"
        );
        elsewhere.api.get("users/me").await.error(401);
    }
    // Two who end all others at once: one of them is left, or none.
    let elsewhere = site.log_in("ada").await;
    tokio::join!(
        ada.pages.post("/settings/sessions/end-others", &[]),
        elsewhere.pages.post("/settings/sessions/end-others", &[])
    );
    assert!(site.ask::<i64>("select count(*) from sessions").await <= 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_login_from_elsewhere_is_told_by_mail_and_can_be_undone(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let warnings = async || {
        site.settle().await;
        let mut letters = site.letters();
        letters.retain(|letter| letter.subject.contains("from elsewhere"));
        letters
    };
    log_in_from(&site, "ada", "203.0.113.7", FIREFOX).await;
    assert!(warnings().await.is_empty(), "the address isn't verified, so it may be somebody else's");
    site.change("update users set email_verified_at = now()").await;
    site.log_in("ada").await;
    log_in_from(&site, "ada", "203.0.113.7", FIREFOX).await;
    assert!(warnings().await.is_empty(), "both are known");

    log_in_from(&site, "ada", "203.0.113.7", SAFARI).await;
    let thief = log_in_from(&site, "ada", "198.51.100.7", FIREFOX).await;
    log_in_from(&site, "ada", "198.51.100.7", FIREFOX).await;
    let letters = warnings().await;
    assert_eq!(letters.len(), 2, "{letters:?}");
    assert_eq!(letters[0].to, "ada@example.org");
    for said in ["Safari on an iPhone, from 203.0.113.x", "Firefox on Linux, from 198.51.100.x"] {
        let told = letters.iter().filter(|letter| letter.text.contains(said) && letter.html.contains(said));
        assert_eq!(told.count(), 1, "{said}: {letters:?}");
    }
    for letter in &letters {
        assert!(!letter.text.contains("198.51.100.7") && !letter.html.contains("203.0.113.7"));
    }
    let link = letters[1].link(&site, "reset");
    assert_eq!(
        site.visitor().post(&link, &[("password", "a brand new password")]).await.location(),
        "/login"
    );
    thief.api.get("users/me").await.error(401);
    ada.api.get("users/me").await.error(401);
    assert!(
        eventually("the log has it", SOON, async || {
            site.log().contains("security: login-elsewhere").then_some(true)
        })
        .await
    );
}
