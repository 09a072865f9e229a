//! Means, ranks, shares and lists.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::jobs::ranking::{RecountRatings, RefreshRanks, RefreshVirality};
use pawdium_shared::live::Topic;
use redis::AsyncCommands as _;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, OwnRedis, SOON, Setup, Site, eventually};

async fn photo_of(site: &Site, id: i64) -> Value {
    site.api().get(&format!("photos/{id}")).await.expect(200).json()
}

async fn listed(site: &Site, path: &str) -> Vec<i64> {
    let list = site.api().get(path).await.expect(200).json();
    list["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|photo| photo["id"].as_i64().expect("an id"))
        .collect()
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn ranks_follow_the_ratings_and_equal_ones_share_a_place(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let photos = site.photos(4).await;
    let [a, b, c, d] = photos[..] else { panic!("four photos") };
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    for (rater, photo, value) in [(&ada, a, 10), (&bob, a, 8), (&ada, b, 9), (&bob, d, 9), (&ada, c, 4)] {
        site.rate(rater, photo, value).await;
    }
    site.run(RefreshRanks {}).await;

    let mut means = Vec::new();
    let mut ranks = Vec::new();
    for photo in [a, b, c, d] {
        let rating = photo_of(&site, photo).await["rating"].take();
        means.push(rating["mean"].as_f64().expect("it is rated"));
        ranks.push(rating["rank"].as_i64().expect("it is ranked"));
    }
    assert_eq!(means, [9.0, 9.0, 4.0, 9.0]);
    assert_eq!(ranks, [1, 2, 4, 2], "the same mean from more ratings weighs more; b and d are equal");
    assert_eq!(listed(&site, "top").await, [a, b, d, c]);
    let page = site.get("/top").await.expect(200);
    assert_eq!(page.texts(".podium-place h2"), ["Cat 1", "Cat 2", "Cat 4"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_open_page_hears_that_its_photos_rank_moved(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let [first, second] = site.photos(2).await[..] else { panic!("two photos") };
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.rate(&ada, first, 6).await;
    site.run(RefreshRanks {}).await;
    assert_eq!(photo_of(&site, first).await["rating"]["rank"], 1);
    let shown =
        async || ada.pages.get(&format!("/photos/{first}/opinion")).await.expect(200).texts(".rank-note a");
    assert_eq!(shown().await, ["#1"]);
    site.settle().await;
    let mut stream = ada.pages.stream(&format!("photo={first}")).await;
    stream.begin().await;
    eventually("it is known that somebody looks", SOON, async || {
        site.watched(&[Topic::Photo(PhotoId(first))]).await[0].then_some(())
    })
    .await;
    // Nothing happens to this photo. It only has another rank.
    for rater in [&ada, &bob] {
        site.rate(rater, second, 10).await;
    }
    site.settle().await;
    while stream.within(std::time::Duration::from_millis(300)).await.is_some() {}
    site.run(RefreshRanks {}).await;
    let told = stream.until("changed").await;
    assert_eq!(told.data["topic"], format!("photo={first}"));
    assert_eq!(shown().await, ["#2"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_share_raises_virality_after_the_job_and_leaves_the_rank(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let photos = site.photos(2).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.rate(&ada, photos[0], 3).await;
    site.rate(&ada, photos[1], 9).await;
    site.run(RefreshRanks {}).await;
    let before = photo_of(&site, photos[0]).await;
    assert_eq!((&before["virality"], &before["shares"]), (&json!(0.0), &json!(0)));

    let path = format!("photos/{}/shares", photos[0]);
    let url = bob.api.post(&path, Value::Null).await.expect(201).json()["url"].take();
    let url = url.as_str().expect("an address");
    assert!(url.starts_with(&site.url("/s/")), "{url}");
    assert_eq!(bob.api.post(&path, Value::Null).await.expect(201).json()["url"], url, "one sharer, one link");
    site.settle().await;
    assert_eq!(photo_of(&site, photos[0]).await["shares"], 0, "the job counts, not the request");

    site.run(RefreshVirality {}).await;
    let after = photo_of(&site, photos[0]).await;
    assert_eq!(after["shares"], 1, "once a visitor and day");
    let shared = after["virality"].as_f64().expect("a number");
    assert!((1.9..=2.0).contains(&shared), "{shared}");
    site.run(RefreshRanks {}).await;
    assert_eq!(photo_of(&site, photos[0]).await["rating"], before["rating"]);
    assert_eq!(listed(&site, "trending").await, [photos[0]]);
    assert_eq!(site.get("/trending").await.expect(200).texts(".card h2"), ["Cat 1"]);

    // Following the link counts too, and permits to rate.
    let visitor = site.visitor();
    let page = visitor.get(&url.replace(site.base.as_str(), "/")).await.expect(200);
    let ballot = page.attribute("input[name=ballot]", "value");
    let form = [("value", "10"), ("ballot", ballot.as_str()), ("from", "photo")];
    visitor.post(&format!("/photos/{}/rating", photos[0]), &form).await.location();
    assert_eq!(site.ask::<String>("select lane from ratings where value = 10").await, "link");
    site.run(RefreshVirality {}).await;
    let followed = photo_of(&site, photos[0]).await["virality"].as_f64().expect("a number");
    assert!(
        (5.8..=6.0).contains(&followed),
        "a share is 2, a followed link 1, a rating through it 3: {followed}"
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn visits_are_counted_once_a_visitor_and_day(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let photo = site.photos(1).await[0];
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    for person in [&ada, &bob, &ada] {
        person.pages.get(&format!("/photos/{photo}")).await.expect(200);
    }
    site.run(RefreshVirality {}).await;
    let seen = photo_of(&site, photo).await;
    assert_eq!(
        (&seen["views"], &seen["virality"]),
        (&json!(2), &json!(0.0)),
        "views alone don't raise virality"
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn lists_are_filtered_paged_and_cut_by_period(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let ada = site.member("ada").await;
    let mut dogs = Vec::new();
    for value in [9, 8, 7] {
        let dog = site.photo().titled("A dog").species("dog").live().await;
        site.rate(&ada, dog, value).await;
        dogs.push(dog);
    }
    let cat = site.photo().live().await;
    site.rate(&ada, cat, 1).await;
    let ages = [(dogs[0], "40 days"), (dogs[1], "10 days"), (dogs[2], "2 days")];
    for (photo, age) in ages {
        let moved = sqlx::query("update photos set live_at = now() - $2::interval where id = $1");
        moved
            .bind(photo)
            .bind(sqlx::postgres::types::PgInterval::try_from(span(age)).expect("a span"))
            .execute(&site.db)
            .await
            .expect("it is moved");
    }
    site.run(RefreshRanks {}).await;

    assert_eq!(listed(&site, "top?period=all").await, [dogs[0], dogs[1], dogs[2], cat]);
    assert_eq!(listed(&site, "top?period=month").await, [dogs[1], dogs[2], cat]);
    assert_eq!(listed(&site, "top?period=week").await, [dogs[2], cat]);
    assert_eq!(listed(&site, "top?period=day").await, [cat]);
    assert_eq!(listed(&site, "top?species=dog").await, dogs);
    assert!(listed(&site, "top?species=horse").await.is_empty());
    assert_eq!(listed(&site, "top?species=dog&limit=2&page=2").await, [dogs[2]]);
    let page = site.api().get("top?limit=3").await.expect(200).json();
    assert_eq!(page["paging"], json!({ "page": 1, "last_page": 2 }));
    let beyond = site.api().get("top?limit=3&page=9").await.expect(200).json();
    assert_eq!((&beyond["data"], &beyond["paging"]), (&json!([]), &json!({ "page": 9, "last_page": 2 })));
    let none = site.api().get("trending").await.expect(200).json();
    assert_eq!(none, json!({ "data": [], "paging": { "page": 1, "last_page": 1 } }));

    for path in
        ["top?limit=0", "top?limit=101", "top?limit=x", "top?page=0", "top?page=-1", "trending?limit=0"]
    {
        let field = path.split_once('?').and_then(|(_, rest)| rest.split_once('=')).map(|(name, _)| name);
        assert_eq!(site.api().get(path).await.error(400).1.as_deref(), field, "{path}");
    }
    assert_eq!(site.api().get("top?period=year").await.error(400).1.as_deref(), Some("period"));
    assert_eq!(site.api().get("top?species=dragon").await.error(400).1.as_deref(), Some("species"));
    for nonsense in
        ["/top?period=year&species=dragon&page=x", "/top?page=0", "/top?page=99999999999999999999"]
    {
        site.get(nonsense).await.expect(200);
    }
}

fn span(text: &str) -> std::time::Duration {
    let days = text.split(' ').next().and_then(|number| number.parse::<u64>().ok()).expect("days");
    std::time::Duration::from_hours(24 * days)
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_renamed_member_is_renamed_in_lists_that_were_cached(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let photo = site.photo().by(&ada).live().await;
    site.rate(&bob, photo, 7).await;
    site.run(RefreshRanks {}).await;
    let owner = async || site.api().get("top").await.expect(200).json()["data"][0]["owner"]["name"].take();
    assert_eq!(owner().await, "ada");
    ada.api.patch("users/me", json!({ "name": "lovelace" })).await.expect(200);
    assert_eq!(owner().await, "lovelace");
    assert!(site.get("/top").await.text().contains("/members/lovelace"));
    site.get("/members/ada").await.expect(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_recount_corrects_a_wrong_histogram(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let photo = site.photos(1).await[0];
    let ada = site.member("ada").await;
    site.rate(&ada, photo, 6).await;
    site.change("update photo_stats set histogram[1] = 40").await;
    site.run(RecountRatings {}).await;
    site.histograms_are_right().await;
    assert_eq!(photo_of(&site, photo).await["rating"]["mean"], 6.0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn networks_of_anonymous_raters_are_stored_as_digests(db: PgPool) {
    let site = Site::start(db).await;
    for (from, times) in [("203.0.113.9", 1), ("203.0.113.77", 1), ("198.51.100.1", 1), ("192.168.7.7", 1)] {
        for _ in 0..times {
            let call = site.api().call(Method::POST, "users").header("x-forwarded-for", from);
            Answer::to(call).await.expect(201);
        }
    }
    let networks: Vec<Option<i32>> = sqlx::query_scalar("select network from users order by id")
        .fetch_all(&site.db)
        .await
        .expect("the statement is right");
    let [home, neighbour, elsewhere, inner] = networks[..] else { panic!("four users") };
    assert!(home.is_some() && home == neighbour && elsewhere.is_some() && home != elsewhere);
    assert_eq!(inner, None);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn rating_too_fast_is_refused(db: PgPool) {
    let setup = Setup::on(db).set("security.ratings_per_minute", "3");
    let site = setup.set("security.address_ratings_per_minute", "5").start().await;
    let photo = site.photos(1).await[0];
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    for value in [1, 2, 3] {
        site.rate(&ada, photo, value).await;
    }
    let again = ada.api.put(&format!("photos/{photo}/rating"), json!({ "value": 4 })).await;
    assert!(!again.header("retry-after").is_empty());
    again.error(429);
    for value in [7, 8] {
        site.rate(&bob, photo, value).await;
    }
    bob.api.put(&format!("photos/{photo}/rating"), json!({ "value": 9 })).await.error(429);
    assert_eq!(photo_of(&site, photo).await["rating"]["histogram"], json!([0, 0, 1, 0, 0, 0, 0, 1, 0, 0]));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_burst_through_a_link_is_shown_to_moderators_and_moves_no_rank(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let photos = site.photos(2).await;
    let [honest, pushed] = photos[..] else { panic!("two photos") };
    for name in ["ada", "bob", "cyd"] {
        let member = site.member(name).await;
        site.rate(&member, honest, 9).await;
    }
    let link = site.api().post(&format!("photos/{pushed}/shares"), Value::Null).await.expect(201).json();
    let link = link["url"].as_str().expect("an address").replace(site.base.as_str(), "/");
    for _ in 0..20 {
        let voter = site.visitor();
        let call = voter.request(Method::GET, &link).header("x-forwarded-for", "203.0.113.9");
        let ballot = Answer::to(call).await.expect(200).attribute("input[name=ballot]", "value");
        let vote = voter.own(&format!("/photos/{pushed}/rating")).header("x-forwarded-for", "203.0.113.9");
        Answer::to(vote.form(&[("value", "10"), ("ballot", &ballot)])).await.location();
    }
    site.run(RefreshRanks {}).await;
    let rating = photo_of(&site, pushed).await["rating"].clone();
    assert_eq!((&rating["mean"], &rating["count"], &rating["rank"]), (&json!(10.0), &json!(20), &json!(2)));
    let admin = site.moderator("mod").await.pages.get("/moderation/doubtful").await.expect(200);
    assert_eq!(admin.attribute(".doubtful tbody a", "href"), format!("/photos/{pushed}"));
    assert_eq!(admin.texts(".doubtful td")[..4], ["20", "0.5", "20", "20"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pages_beyond_the_last_one_are_not_cached(db: PgPool) {
    let redis = OwnRedis::start().await;
    let site = Setup::on(db).set("redis.url", &redis.url()).worker().start().await;
    site.photos(2).await;
    site.run(RefreshRanks {}).await;
    let kept = async || -> Vec<String> {
        let mut connection = redis.connection().await;
        let keys: Vec<String> = connection.keys("*fragments:top*").await.expect("it answers");
        let mut kept = Vec::new();
        for key in keys {
            let pages: Vec<String> = connection.hkeys(key).await.expect("it answers");
            kept.extend(pages);
        }
        kept.sort();
        kept
    };
    for page in 2..6 {
        site.get(&format!("/top?page={page}")).await.expect(200);
        assert!(listed(&site, &format!("top?page={page}&limit=7")).await.is_empty());
    }
    assert_eq!(kept().await, ["24:1"], "the last page is shown instead");
    assert_eq!(listed(&site, "top?page=2&limit=1").await.len(), 1);
    assert_eq!(kept().await, ["1:2", "24:1"]);
}
