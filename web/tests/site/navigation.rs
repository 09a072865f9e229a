//! Navigation: the theme, the bar of hubs, Explore, and the way through a list from photo to photo.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::{RefreshRanks, RefreshVirality};
use sqlx::PgPool;

use crate::harness::{Answer, Setup, Site};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_theme_is_chosen_without_a_script(db: PgPool) {
    let site = Site::start(db).await;
    let visitor = site.visitor();
    let theme = |page: &Answer| page.attribute("html", "data-theme");
    assert_eq!(theme(&visitor.get("/").await), "auto");
    for (chosen, shown, scheme) in
        [("dark", "dark", "dark"), ("light", "light", "light"), ("x", "auto", "light dark")]
    {
        let form = [("theme", chosen), ("next", "/top?period=week")];
        assert_eq!(visitor.post("/theme", &form).await.location(), "/top?period=week");
        let page = visitor.get("/top").await.expect(200);
        assert_eq!(
            (theme(&page).as_str(), page.attribute("meta[name=color-scheme]", "content").as_str()),
            (shown, scheme)
        );
        assert_eq!(page.attribute(".themes [aria-pressed=true]", "value"), shown);
    }
    for next in ["https://evil.test", "//evil.test", "/\\evil.test", ""] {
        assert_eq!(
            visitor.post("/theme", &[("theme", "dark"), ("next", next)]).await.location(),
            "/",
            "{next}"
        );
    }
    let set = visitor.post("/theme", &[("theme", "dark")]).await;
    assert!(!set.header("set-cookie").contains("HttpOnly"), "the page's script changes it");
    let foreign = visitor.request(reqwest::Method::POST, "/theme").header("origin", "https://evil.test");
    assert_eq!(Answer::to(foreign.form(&[("theme", "light")])).await.status, 403);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_header_leads_where_there_is_something_for_the_visitor(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let own = ada.pages.get("/").await.expect(200);
    assert_eq!(own.texts(".site-nav > a"), ["Rate", "Explore", "Hubs", "Feed", "Submit"]);
    for pages in [site.visitor(), site.anonymous().await.pages] {
        let page = pages.get("/").await.expect(200);
        assert_eq!(page.texts(".site-nav > a"), ["Rate", "Explore", "Hubs", "Submit"]);
        assert!(!page.has("header a[href='/feed']"), "there is no feed without an account");
        let feed = pages.get("/feed").await.expect(200);
        assert!(feed.has(".gate a[href='/login?next=%2Ffeed']"), "who has a link is asked to log in");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_page_that_isnt_for_a_visitor_leads_on(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "cats").await;
    let first = |page: &Answer| page.attribute(".error .actions a:not(.plain)", "href");
    let buttons = |page: &Answer| page.texts(".error .actions a").len();
    let path = "/h/cats/settings?tab=1";
    for pages in [site.visitor(), site.anonymous().await.pages] {
        let page = pages.get(path).await.expect(403);
        assert_eq!(first(&page), "/login?next=%2Fh%2Fcats%2Fsettings%3Ftab%3D1");
        assert!(page.has(".error a.plain[href='/h/cats']"));
        let page = pages.post("/h/cats/settings", &[("name", "Mine")]).await.expect(403);
        assert_eq!(first(&page), "/login?next=%2Fh%2Fcats", "a form can't be sent again");
    }
    let page = bob.pages.get(path).await.expect(403);
    assert_eq!(first(&page), "/h/cats");
    assert_eq!(page.texts(".error a:not(.plain)"), ["Back to the hub"]);
    assert!(!page.has(".error a[href^='/login']"), "it wouldn't help");
    assert_eq!(buttons(&page), 2);
    let block = format!("/photos/{}/block", site.photos(1).await[0]);
    let page = bob.pages.post(&block, &[]).await.expect(403);
    assert_eq!(first(&page), block.trim_end_matches("/block"));
    assert_eq!(first(&bob.pages.get("/members/ada/widgets/new").await.expect(403)), "/members/ada");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn members_see_their_own_hubs_on_every_page(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    assert!(!ada.pages.get("/").await.has(".hub-bar"), "a profile is no bookmark");
    site.change(
        "insert into hubs (slug, name, visibility) values
             ('zebras', 'Zebras', 'public'), ('bats', 'bats <b>', 'private'), ('ants', 'Ants', 'public'),
             ('moles', 'Moles', 'private'), ('eels', 'Eels', 'public'), ('yaks', 'Yaks', 'public')",
    )
    .await;
    site.change(
        "insert into hub_roles (hub_id, user_id, role)
         select hubs.id, users.id, given.role
         from (values ('zebras', 'member'), ('zebras', 'stargazer'), ('bats', 'owner'), ('ants', 'stargazer'),
                      ('moles', 'stargazer'), ('eels', 'subscriber')) as given (slug, role)
         join hubs using (slug) join users on users.name = 'ada'",
    )
    .await;
    for path in ["/", "/top", "/settings", "/nothing"] {
        let page = ada.pages.get(path).await;
        assert_eq!(page.texts(".hub-bar a"), ["Ants", "bats <b>", "Zebras"], "{path}");
        assert_eq!(page.attribute(".hub-bar a", "href"), "/h/ants");
    }
    assert!(!bob.pages.get("/").await.has(".hub-bar, [data-hubs]"));
    assert!(!site.get("/").await.has(".hub-bar, [data-hubs]"));
    site.change(
        "insert into hubs (slug, name) select 'many-' || n, 'Many ' || lpad(n::text, 3, '0') from generate_series(1, 110) as n",
    )
    .await;
    site.change(
        "insert into hub_roles (hub_id, user_id, role)
         select hubs.id, users.id, 'stargazer' from hubs, users where slug like 'many-%' and users.name = 'bob'",
    )
    .await;
    let all = bob.pages.get("/").await.texts(".hub-bar a");
    assert_eq!(
        (all.len(), all[59].as_str()),
        (100, "Many 060"),
        "nobody's hubs are missing for want of room"
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn explore_has_tabs_and_one_row_of_filters(db: PgPool) {
    let site = Site::start(db).await;
    assert_eq!(site.get("/explore").await.location(), "/trending");
    let (cat, dog) =
        (site.photo().titled("A cat").live().await, site.photo().titled("A dog").species("dog").live().await);
    for (path, tab, chips) in [("/trending", "Trending", 9), ("/top", "Top", 13), ("/new", "New", 9)] {
        let page = site.get(path).await.expect(200);
        assert_eq!(page.texts(".explore-tabs a"), ["Trending", "Top", "New", "Topics"], "{path}");
        assert_eq!(page.texts(".explore-tabs [aria-current]"), [tab]);
        assert_eq!(page.texts(".filters a").len(), chips, "{path}");
        assert_eq!(page.texts(".site-nav > [aria-current]"), ["Explore"]);
    }
    assert_eq!(site.get("/new").await.texts(".card h2"), ["A dog", "A cat"]);
    let cats = site.get("/new?species=cat").await.expect(200);
    assert_eq!(cats.texts(".card h2"), ["A cat"]);
    assert_eq!(cats.attribute(".card h2 a", "href"), format!("/photos/{cat}?from=new:cat"));
    assert_eq!(
        cats.attribute(".explore-tabs a", "href"),
        "/trending?species=cat",
        "other tabs keep the species"
    );
    let listed = async |path: &str| {
        let list = site.api().get(path).await.expect(200).json();
        list["data"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(|photo| photo["id"].as_i64())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed("new").await, [dog, cat]);
    assert_eq!(listed("new?species=dog").await, [dog]);
    let (_, field) = site.api().get("trending?species=cow").await.error(400);
    assert_eq!(field.as_deref(), Some("species"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn trending_can_be_limited_to_a_species(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    for species in ["cat", "dog"] {
        let photo = site.photo().titled(&format!("A {species}")).species(species).live().await;
        ada.api.post(&format!("photos/{photo}/shares"), serde_json::Value::Null).await.expect(201);
    }
    site.run(RefreshVirality {}).await;
    assert_eq!(site.get("/trending?species=dog").await.expect(200).texts(".card h2"), ["A dog"]);
    assert_eq!(site.get("/trending?species=bird").await.expect(200).texts(".card h2").len(), 0);
    assert_eq!(site.get("/trending").await.expect(200).texts(".card h2").len(), 2);
}

/// Where a photo's page leads: to the previous photo, the list and the next photo.
fn turns(page: &Answer) -> [String; 3] {
    ["[data-previous]", ".place-list", "[data-next]"].map(|link| {
        let html = page.html();
        let found = html.select(&crate::harness::select(link)).next();
        found.and_then(|element| element.attr("href")).unwrap_or_default().to_owned()
    })
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photo_leads_to_its_neighbours_in_the_list_it_was_opened_from(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let mut photos = Vec::new();
    for number in 0..27 {
        let species = if number % 2 == 0 { "cat" } else { "dog" };
        photos.push(site.photo().by(&ada).species(species).live().await);
    }
    // Newest first: photo 26 is the first of the list and photo 2 the first of its second page.
    let at = async |photo: i64, from: &str| {
        turns(&site.get(&format!("/photos/{photo}?from={from}")).await.expect(200))
    };
    let path = |photo: i64, from: &str| format!("/photos/{photo}?from={from}");
    assert_eq!(at(photos[26], "new:all").await, [String::new(), "/new".into(), path(photos[25], "new:all")]);
    assert_eq!(
        at(photos[25], "new:all").await,
        [path(photos[26], "new:all"), "/new".into(), path(photos[24], "new:all")]
    );
    assert_eq!(
        at(photos[3], "new:all").await,
        [path(photos[4], "new:all"), "/new".into(), path(photos[2], "new:all:2")],
        "over the end of a page"
    );
    assert_eq!(
        at(photos[2], "new:all:2").await,
        [path(photos[3], "new:all"), "/new?page=2".into(), path(photos[1], "new:all:2")]
    );
    assert_eq!(
        at(photos[0], "new:all:2").await,
        [path(photos[1], "new:all:2"), "/new?page=2".into(), String::new()]
    );
    assert_eq!(
        at(photos[24], "new:cat").await,
        [path(photos[26], "new:cat"), "/new?species=cat".into(), path(photos[22], "new:cat")]
    );
    let member = ["member:ada".to_owned(), "/members/ada/photos".to_owned()];
    assert_eq!(
        at(photos[26], "member:ada").await,
        [String::new(), member[1].clone(), path(photos[25], &member[0])]
    );
    assert_eq!(
        at(photos[0], "member:ada").await,
        [path(photos[1], &member[0]), member[1].clone(), String::new()]
    );
    // The list has moved: the photo is on another page than the link says.
    assert_eq!(at(photos[26], "new:all:2").await[2], path(photos[25], "new:all"));
    // It is not in the list at all.
    assert_eq!(
        at(photos[25], "new:cat").await,
        [String::new(), "/new?species=cat".to_owned(), String::new()]
    );
    assert_eq!(
        at(photos[25], "member:bob").await,
        [String::new(), "/members/bob/photos".to_owned(), String::new()]
    );

    site.rate(&bob, photos[0], 9).await;
    site.rate(&bob, photos[1], 3).await;
    site.run(RefreshRanks {}).await;
    let top = site.get("/top").await.expect(200).html();
    let links = crate::harness::select(".podium h2 a, .card h2 a");
    let order: Vec<_> = top.select(&links).filter_map(|link| link.attr("href")).collect();
    assert_eq!((order.len(), order[0]), (24, path(photos[0], "top:all:all").as_str()));
    assert_eq!(turns(&site.get(order[1]).await.expect(200)), [order[0], "/top", order[2]]);
    assert_eq!(turns(&site.get(order[3]).await.expect(200)), [order[2], "/top", order[4]]);
    let [none, list, next] = at(photos[0], "top:week:cat").await;
    assert_eq!((none.as_str(), list.as_str()), ("", "/top?period=week&species=cat"));
    assert!(next.ends_with("?from=top:week:cat"), "{next}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_invalid_list_is_ignored_and_a_valid_one_is_kept(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    for from in [
        "",
        "x",
        "top",
        "top:all:cow",
        "//evil.test",
        "%00",
        "%FF",
        "new:all&from=new:all",
        "member:%3Cb%3E",
        "hub:cats",
    ] {
        let page = site.get(&format!("/photos/{photo}?from={from}")).await.expect(200);
        assert!(!page.has(".place"), "{from}");
    }
    let within = format!("/photos/{photo}?from=new:cat");
    let page = site.get(&within).await.expect(200);
    assert_eq!(page.attribute("link[rel=canonical]", "href"), format!("/photos/{photo}"));

    site.rate(&bob, photo, 4).await;
    let page = bob.pages.get(&within).await.expect(200);
    assert_eq!(page.attribute("input[name=list]", "value"), "new:cat");
    let rating = format!("/photos/{photo}/rating");
    let form = [("value", "8"), ("from", "photo"), ("list", "new:cat")];
    assert_eq!(bob.pages.post(&rating, &form).await.location(), within);
    let form = [("value", "7"), ("from", "photo"), ("list", "//evil.test")];
    assert_eq!(bob.pages.post(&rating, &form).await.location(), format!("/photos/{photo}"));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn technical_details_are_folded_and_only_for_those_who_may_see_them(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, mo) = (site.member("ada").await, site.member("bob").await, site.moderator("mo").await);
    let photo = format!("/photos/{}", site.photo().by(&ada).live().await);
    let own = ada.pages.get(&photo).await.expect(200);
    assert!(own.has("details.technical:not([open]) .timeline") && !own.has("a[href^='/admin/jobs']"));
    let moderated = mo.pages.get(&photo).await.expect(200);
    assert!(
        moderated.has("details.technical:not([open]) a[href^='/admin/jobs']") && !moderated.has(".timeline")
    );
    assert!(!bob.pages.get(&photo).await.expect(200).has(".technical, .timeline"));
    let failed = format!("/photos/{}", site.photo().by(&ada).failed("It is not a picture.").await);
    let failed = ada.pages.get(&failed).await.expect(200);
    assert!(
        failed.has(".status .timeline") && !failed.has(".technical"),
        "what went wrong is not folded away"
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_photos_page_leads_through_the_hubs_list_that_it_was_opened_from(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    site.hub(&ada, "cats").await;
    let mut photos = Vec::new();
    for _ in 0..3 {
        let photo = site.photo().by(&ada).live().await;
        site.post(&ada, "cats", photo).await;
        photos.insert(0, photo);
    }
    let list = site.get("/h/cats/photos").await.expect(200);
    let second = list.attribute(".card:nth-child(2) h2 a", "href");
    assert_eq!(second, format!("/photos/{}?from=hub:cats", photos[1]));
    let page = site.get(&second).await.expect(200);
    assert_eq!(page.attribute(".place-list", "href"), "/h/cats/photos");
    assert_eq!(page.attribute(".place [rel=prev]", "href"), format!("/photos/{}?from=hub:cats", photos[0]));
    assert_eq!(page.attribute(".place [rel=next]", "href"), format!("/photos/{}?from=hub:cats", photos[2]));

    site.change("update hubs set visibility = 'private'").await;
    assert!(
        !site.get_rendered(&second).await.expect(200).has(".place"),
        "strangers learn nothing of a private hub"
    );
    assert!(ada.pages.get(&second).await.expect(200).has(".place"));
}
