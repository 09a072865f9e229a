//! Traces of a visit in the browser: cookies and cached pages.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use reqwest::header::COOKIE;
use sqlx::PgPool;

use crate::harness::{Answer, PASSWORD, Setup, Site};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_of_a_member_are_not_cached_for_the_next_visitor(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photos(1).await[0];
    let ada = site.member("ada").await;
    for path in ["/", "/settings", "/nowhere", &format!("/photos/{photo}"), "/members/ada"] {
        let kept = ada.pages.get(path).await.header("cache-control").to_owned();
        assert!(kept.contains("no-store"), "{path}: {kept:?}");
        // The first page bears a stranger's own ballot.
        let is_theirs = path == "/";
        let kept = site.get(path).await.header("cache-control").to_owned();
        assert_eq!(kept.contains("no-store"), is_theirs, "{path} for a stranger");
    }
    assert!(ada.api.get("users/me").await.header("cache-control").contains("no-store"));
    let out = ada.pages.post("/logout", &[]).await;
    assert_eq!((out.location(), out.header("clear-site-data")), ("/", "\"cache\""));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn behind_tls_every_cookie_is_bound_to_the_host(db: PgPool) {
    let site = Setup::on(db).behind_tls().start().await;
    site.photos(1).await;
    let form = [("name", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    let pages = site.visitor();
    let registered = pages.post("/register", &form).await;
    let session = registered.header("set-cookie").split(';').next().expect("a pair").to_owned();
    let with = |method, path: &str, cookies: &str| {
        let request = site.visitor().request(method, path).header("sec-fetch-site", "same-origin");
        request.header(COOKIE, cookies.to_owned())
    };
    let renamed = with(Method::POST, "/settings/name", &session).form(&[("name", "ada2")]);
    let renamed = Answer::to(renamed).await;
    let notice = renamed.header("set-cookie").to_owned();
    assert!(notice.starts_with("__Host-notice=") && notice.contains("; Secure"), "{notice}");
    let notice = notice.split(';').next().expect("a pair");
    let settings = Answer::to(with(Method::GET, "/settings", &format!("{session}; {notice}"))).await;
    assert!(settings.has(".flash"), "{}", settings.text());
    assert!(settings.header("set-cookie").starts_with("__Host-notice=;"));
    let dark = Answer::to(with(Method::GET, "/", &format!("{session}; __Host-theme=dark"))).await;
    assert_eq!(dark.attribute("html", "data-theme"), "dark");

    // Another host of the domain can set cookies without the prefix.
    let planted = session.trim_start_matches("__Host-");
    let page = Answer::to(with(Method::GET, "/", &format!("{planted}; theme=dark"))).await;
    assert!(!page.has(".menu-name"));
    assert_eq!(page.attribute("html", "data-theme"), "auto");
}
