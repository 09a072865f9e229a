//! Protection from other sites, other members and guessing.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Setup, Site, pictures, registration, submission};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_form_on_another_site_changes_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let photo = site.photo().by(&ada).live().await;
    let own = site.url("").trim_end_matches('/').to_owned();
    let foreign = [
        vec![("sec-fetch-site", "cross-site")],
        vec![("sec-fetch-site", "same-site")],
        vec![("sec-fetch-site", "cross-site"), ("origin", own.as_str())],
        vec![("origin", "https://evil.test")],
        vec![("origin", "null")],
        vec![("origin", "http://127.0.0.1:1")],
        vec![],
    ];
    let forms = [
        (format!("/photos/{photo}/delete"), vec![]),
        ("/settings/name".to_owned(), vec![("name", "owned")]),
        ("/settings/delete".to_owned(), vec![("password", PASSWORD)]),
        ("/logout".to_owned(), vec![]),
        ("/forgot".to_owned(), vec![("email", "ada@example.org")]),
        ("/login".to_owned(), vec![("email", "ada@example.org"), ("password", PASSWORD)]),
    ];
    let jobs: i64 = site.ask("select count(*) from jobs").await;
    for headers in foreign {
        for (path, form) in &forms {
            let mut request = ada.pages.request(Method::POST, path).form(form);
            for (name, value) in &headers {
                request = request.header(*name, *value);
            }
            let answer = Answer::to(request).await;
            assert_eq!(answer.status, 403, "{path} with {headers:?}");
            assert!(answer.headers.get(SET_COOKIE).is_none());
        }
        let mut request = ada.pages.request(Method::POST, "/submit");
        for (name, value) in &headers {
            request = request.header(*name, *value);
        }
        let form = submission("Forged", pictures::quarters(300, 300));
        Answer::to(request.multipart(form)).await.expect(403);
    }
    assert_eq!(ada.api.get("users/me").await.expect(200).json()["name"], "ada");
    assert_eq!(ada.api.get(&format!("photos/{photo}")).await.expect(200).json()["state"], "live");
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 1);
    assert_eq!(site.ask::<i64>("select count(*) from jobs").await, jobs);
    assert!(site.media("incoming").is_empty());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_sites_own_forms_pass_by_either_header(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let own = site.url("").trim_end_matches('/').to_owned();
    let headers = [("sec-fetch-site", "same-origin"), ("sec-fetch-site", "none"), ("origin", own.as_str())];
    for (number, (name, value)) in headers.into_iter().enumerate() {
        let form = [("name", format!("ada{number}"))];
        let request = ada.pages.request(Method::POST, "/settings/name").header(name, value).form(&form);
        assert_eq!(Answer::to(request).await.location(), "/settings", "{name}: {value}");
    }
    assert_eq!(ada.api.get("users/me").await.expect(200).json()["name"], "ada2");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_api_takes_tokens_and_no_cookies(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let call = ada.pages.request(Method::GET, "/api/v1/users/me");
    assert_eq!(Answer::to(call).await.error(401).0, "access token required");
    // A token identifies the caller from any site. Without one, a foreign page gets nothing.
    let call = ada.api.call(Method::PATCH, "users/me").header("sec-fetch-site", "cross-site");
    Answer::to(call.json(&json!({ "name": "ada2" }))).await.expect(200);
    let call = site.api().call(Method::POST, "users").header("sec-fetch-site", "cross-site");
    Answer::to(call).await.error(403);
    let call = site.api().call(Method::POST, "users").header("origin", "https://evil.test");
    Answer::to(call).await.error(403);
    assert_eq!(site.ask::<i64>("select count(*) from users").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_response_has_the_security_headers(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photos(1).await[0];
    let shape = site.api().get(&format!("photos/{photo}")).await.json();
    let picture = shape["sizes"]["160"]["url"].as_str().expect("an address").replace(site.base.as_str(), "/");
    let asset = site.get("/").await.attribute("script[src*='app.js']", "src");
    for path in ["/", "/top", "/nowhere", "/settings", "/api/v1/top", "/api/v1/nowhere", &picture, &asset] {
        let answer = site.get(path).await;
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("strict-transport-security"), "", "only behind TLS");
    }
    assert!(site.get("/").await.header("cache-control").contains("private"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn cookies_are_out_of_reach_for_scripts_and_other_sites(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(1).await;
    let form = [("name", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    let answers = [site.get("/?rated=0").await, site.visitor().post("/register", &form).await];
    for answer in answers {
        let cookie = answer.header("set-cookie");
        assert!(
            cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && cookie.contains("Path=/"),
            "{cookie}"
        );
        assert!(!cookie.contains("Secure"), "over plain HTTP it would never come back: {cookie}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn behind_tls_cookies_are_bound_to_it(db: PgPool) {
    let site = Setup::on(db).behind_tls().start().await;
    site.photos(1).await;
    let form = [("name", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    let registered = site.visitor().post("/register", &form).await;
    let cookie = registered.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-session=") && cookie.contains("Secure"), "{cookie}");
    assert!(!cookie.contains("Domain"), "{cookie}");
    assert!(site.get("/?rated=0").await.header("set-cookie").starts_with("__Host-visitor="));
    assert!(site.get("/").await.header("strict-transport-security").contains("max-age="));

    let session = cookie.split(';').next().expect("a pair");
    let page = Answer::to(site.visitor().request(Method::GET, "/").header(COOKIE, session)).await;
    assert_eq!(page.texts(".menu-name"), ["ada"]);
    // The same address without TLS is another origin.
    let request =
        site.visitor().request(Method::POST, "/logout").header("origin", site.url("").trim_end_matches('/'));
    Answer::to(request).await.expect(403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_forged_or_foreign_cookie_is_ignored(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(2).await;
    let (photo, _) = site.visitor().shown().await.expect("there is one");
    for cookie in [
        "session=forged",
        "session=",
        "visitor=AAAA",
        "session=%00%ff; visitor=\"x\"",
        "visitor=; notice=Evil",
    ] {
        let page =
            Answer::to(site.visitor().request(Method::GET, "/").header(COOKIE, cookie)).await.expect(200);
        assert!(!page.has(".menu-name") && !page.has(".flash"), "{cookie}");
        let request = site.visitor().own(&format!("/photos/{photo}/rating")).header(COOKIE, cookie);
        Answer::to(request.form(&[("value", "5"), ("ballot", "x")])).await.expect(400);
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn too_many_tries_are_429_and_say_when_to_come_back(db: PgPool) {
    let limits = [
        "registrations_per_hour",
        "logins_per_minute",
        "resets_per_hour",
        "uploads_per_hour",
        "anonymous_per_hour",
    ];
    let setup =
        limits.iter().fold(Setup::on(db), |setup, limit| setup.set(&format!("security.{limit}"), "2"));
    let site = setup.start().await;
    let ada = site.member("ada").await;
    site.member("bob").await;
    let limited = |answer: Answer, most: u64| {
        let after = answer.header("retry-after").parse::<u64>().expect("seconds");
        assert!((1..=most).contains(&after), "{after}");
        answer.error(429);
    };
    limited(site.api().post("users", registration("carol")).await, 3600);
    assert_eq!(site.ask::<i64>("select count(*) from users").await, 2);
    let page = site
        .visitor()
        .post("/register", &[("name", "dan"), ("email", "d@example.org"), ("password", PASSWORD)])
        .await;
    assert!(!page.header("retry-after").is_empty() && page.status == 429);
    assert_eq!(page.texts("h1").len(), 1);
    assert_eq!(page.text().matches("about an hour").count(), 1, "the wait is shown once");
    assert!(!page.has("a[href='']"), "a form isn't sent by following a link");

    for _ in 0..2 {
        site.api()
            .post("tokens", json!({ "email": "ada@example.org", "password": "guess" }))
            .await
            .expect(403);
    }
    let right = json!({ "email": "ada@example.org", "password": PASSWORD });
    limited(site.api().post("tokens", right.clone()).await, 60);
    limited(ada.api.delete("users/me", json!({ "password": PASSWORD })).await, 60);
    let login = [("email", "ada@example.org"), ("password", PASSWORD)];
    assert!(site.visitor().post("/login", &login).await.expect(429).has("main a[href='/forgot']"));

    for _ in 0..2 {
        site.api().post("password-resets", json!({ "email": "ada@example.org" })).await.expect(202);
        ada.api.upload(submission("Mine", pictures::quarters(200, 200))).await.expect(202);
        site.api().post("users", Value::Null).await.expect(201);
    }
    limited(site.api().post("password-resets", json!({ "email": "ada@example.org" })).await, 3600);
    limited(ada.api.upload(submission("Mine", pictures::quarters(200, 200))).await, 3600);
    limited(site.api().post("users", Value::Null).await, 3600);
    // Visitors without a user are limited in sharing too, both in the API and on pages.
    let photo = site.photos(1).await[0];
    let shares = format!("photos/{photo}/shares");
    limited(site.api().post(&shares, Value::Null).await, 3600);
    site.visitor().post(&format!("/photos/{photo}/share"), &[]).await.expect(429);
    for _ in 0..3 {
        ada.api.post(&shares, Value::Null).await.expect(201);
    }

    // Another address has limits of its own, as far as a trusted proxy says so.
    let call = site.api().call(Method::POST, "tokens").header("x-forwarded-for", "203.0.113.9");
    Answer::to(call.json(&right)).await.expect(201);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn admin_pages_are_for_moderators_and_admins(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, root) = (site.member("ada").await, site.admin("root").await);
    for pages in [&site.visitor(), &ada.pages, &site.anonymous().await.pages] {
        pages.get("/admin").await.expect(404);
        for action in ["retry", "delete"] {
            assert_eq!(pages.post(&format!("/admin/jobs/1/{action}"), &[]).await.status, 404);
        }
    }
    assert!(root.pages.get("/admin").await.expect(200).texts("h1").len() == 1);
    let job: i64 = site.ask("select min(id) from jobs").await;
    assert_eq!(root.pages.post(&format!("/admin/jobs/{job}/delete"), &[]).await.location(), "/admin");
    assert_eq!(site.ask_of::<i64>("select count(*) from jobs where id = $1", job).await, 0);
    assert_eq!(
        root.pages.post(&format!("/admin/jobs/{job}/delete"), &[]).await.location(),
        "/admin",
        "and responds 404"
    );
    assert!(root.pages.get("/admin").await.has(".flash.bad"));
    assert_eq!(site.get("/demo/mail").await.status, 404, "only a demonstration shows its mails");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn media_serves_pictures_and_nothing_else(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    ada.api.upload(submission("Mine", pictures::quarters(300, 300))).await.expect(202);
    let upload = site.media("incoming").remove(0);
    let name = upload.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
    for path in [
        format!("/media/incoming/{name}"),
        format!("/media/{name}"),
        format!("/media/..%2Fincoming%2F{name}"),
        format!("/media/../incoming/{name}"),
        "/media/..%2f..%2fpawdium.toml".into(),
        "/media/".into(),
        "/media/ab/cd/ab.jpg".into(),
        "/assets/x/../../Cargo.toml".into(),
        "/assets/x/..%2f..%2fCargo.toml".into(),
    ] {
        assert_eq!(site.get(&path).await.status, 404, "{path}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn cookies_left_after_logging_out_open_no_account(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(3).await;
    let pages = site.visitor();
    pages.keep_key().await;
    let (photo, ballot) = pages.shown().await.expect("a photo");
    pages.post(&format!("/photos/{photo}/rating"), &[("value", "7"), ("ballot", &ballot)]).await.location();
    let left = format!("visitor={}", pages.cookie("visitor").expect("a visitor without a user had one"));
    let form = [("name", "vic"), ("email", "vic@example.org"), ("password", PASSWORD)];
    pages.post("/register", &form).await.location();
    pages.post("/logout", &[]).await.location();
    assert_eq!((pages.cookie("session"), pages.cookie("visitor")), (None, None));

    let thief = site.visitor();
    thief.keep(&left);
    let (photo, ballot) = thief.shown().await.expect("a photo");
    let rating = [("value", "3"), ("ballot", ballot.as_str())];
    thief.post(&format!("/photos/{photo}/rating"), &rating).await.location();
    assert_eq!(site.ask::<i64>("select count(*) from users where name is null").await, 1);
    thief.get("/settings").await.location();
    assert!(thief.get("/").await.expect(200).attribute("link[rel=icon]", "href").starts_with("/assets/"));
    assert!(!thief.get("/").await.expect(200).has("a[href='/members/vic']"));
}
