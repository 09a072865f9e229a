//! From a visitor without a user to an anonymous user to a member.

use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Pages, Person, Site, pictures, registration, submission};

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_anonymous_user_keeps_id_ratings_and_draft_by_registering(db: PgPool) {
    let site = Site::start(db).await;
    let photos = site.photos(4).await;
    assert_eq!(site.api().get("users/me").await.error(401).0, "access token required");

    let anonymous = site.anonymous().await;
    let me = anonymous.api.get("users/me").await.expect(200).json();
    assert_eq!((&me["anonymous"], &me["name"], &me["email"]), (&json!(true), &Value::Null, &Value::Null));
    for photo in &photos[..3] {
        site.rate(&anonymous, *photo, 7).await;
    }
    let draft = submission("My draft", pictures::quarters(300, 300)).text("draft", "1");
    let draft = anonymous.api.upload(draft).await.expect(202).json();
    assert_eq!(draft["state"], "draft");

    let registered = anonymous.api.post("users", registration("ada")).await.expect(201).json();
    assert_eq!(registered["id"], anonymous.id);
    let ada = Person::of(&site, &registered);
    let me = ada.api.get("users/me").await.expect(200).json();
    assert_eq!((&me["anonymous"], &me["ratings_cast"]), (&json!(false), &json!(3)));
    let kept = ada.api.get(&format!("photos/{}", draft["id"])).await.expect(200).json();
    assert_eq!((&kept["state"], &kept["owner"]["name"]), (&json!("draft"), &json!("ada")));
    assert_eq!(site.ask::<i64>("select count(*) from photos where state = 'draft'").await, 1);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn logging_in_merges_everything_and_keeps_the_accounts_own_rating(db: PgPool) {
    let site = Site::start(db).await;
    let photos = site.photos(3).await;
    let ada = site.member("ada").await;
    let hers = site.photo().by(&ada).live().await;
    site.rate(&ada, photos[0], 2).await;

    let anonymous = site.anonymous().await;
    for photo in [photos[0], photos[1], hers] {
        site.rate(&anonymous, photo, 9).await;
    }
    let draft = submission("My draft", pictures::quarters(300, 300)).text("draft", "1");
    let draft = anonymous.api.upload(draft).await.expect(202).json()["id"].as_i64().expect("an id");
    let login = json!({ "email": ada.email(), "password": PASSWORD });
    assert_eq!(anonymous.api.post("tokens", login).await.expect(201).json()["id"], ada.id);

    let given = async |photo: i64| -> Vec<(i64, i16)> {
        let rows = sqlx::query_as("select rater_id, value from ratings where photo_id = $1").bind(photo);
        rows.fetch_all(&site.db).await.expect("it is asked")
    };
    assert_eq!(given(photos[0]).await, [(ada.id, 2)], "rated by both: the account's own stays");
    assert_eq!(given(photos[1]).await, [(ada.id, 9)]);
    assert_eq!(given(hers).await, [], "nobody can rate their own photo");
    assert_eq!(site.ask_of::<i64>("select owner_id from photos where id = $1", draft).await, ada.id);
    assert_eq!(site.ask_of::<i64>("select count(*) from users where id = $1", anonymous.id).await, 0);
    anonymous.api.get("users/me").await.error(401);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_same_happens_in_a_browser(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(3).await;
    let pages = site.visitor();
    let (first, ballot) = pages.shown().await.expect("there is one");
    let form = [("value", "8"), ("ballot", ballot.as_str())];
    pages.post(&format!("/photos/{first}/rating"), &form).await.location();
    let (second, ballot) = pages.shown().await.expect("there is one");
    let form = [("value", "3"), ("ballot", ballot.as_str())];
    pages.post(&format!("/photos/{second}/rating"), &form).await.location();
    assert!(pages.get("/register").await.texts(".lead")[0].contains("2 ratings"));

    let form = [("name", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    pages.post("/register", &form).await.location();
    let rated: Vec<i64> = sqlx::query_scalar(
        "select photo_id from ratings join users on users.id = rater_id where name = 'ada' order by rated_at",
    )
    .fetch_all(&site.db)
    .await
    .expect("it is asked");
    assert_eq!(rated, [first, second]);
    let third = pages.shown().await.expect("there is one more").0;
    assert!(third != first && third != second);

    // Another browser, another photo rated, and then the same account.
    let other = site.visitor();
    let (photo, ballot) = other.shown().await.expect("there is one");
    let form = [("value", "5"), ("ballot", ballot.as_str())];
    other.post(&format!("/photos/{photo}/rating"), &form).await.location();
    // A page that was open in the meantime still counts, once.
    let open = other.shown().await.expect("there is one more");
    other.post("/login", &[("email", "ada@example.org"), ("password", PASSWORD)]).await.location();
    let form = [("value", "4"), ("ballot", open.1.as_str())];
    let path = format!("/photos/{}/rating", open.0);
    other.post(&path, &form).await.location();
    assert_eq!(other.post(&path, &[("value", "9"), ("ballot", open.1.as_str())]).await.status, 400);
    assert_eq!(site.visitor().post(&path, &form).await.status, 400, "nobody else's");
    let mut mine = vec![first, second, photo, open.0];
    mine.sort_unstable();
    mine.dedup();
    let count = site
        .ask::<i64>("select count(*) from ratings join users on users.id = rater_id where name = 'ada'")
        .await;
    assert_eq!(count, i64::try_from(mine.len()).expect("four at most"));
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_page_that_was_open_before_the_first_rating_counts_for_one_account(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(2).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let pages = site.visitor();
    pages.keep_key().await;
    let (photo, ballot) = pages.shown().await.expect("there is one");
    let before = pages.cookie("visitor").expect("it has a key");
    let path = format!("/photos/{photo}/rating");
    let form = [("value", "8"), ("ballot", ballot.as_str())];
    let log_in = async |pages: &Pages, who: &Person| {
        let form = [("email", who.email()), ("password", PASSWORD.to_owned())];
        let form: Vec<_> = form.iter().map(|(key, value)| (*key, value.as_str())).collect();
        pages.post("/login", &form).await.location();
    };
    log_in(&pages, &ada).await;
    pages.post(&path, &form).await.location();
    assert_eq!(pages.post(&path, &[("value", "3"), ("ballot", &ballot)]).await.status, 400);

    // A copy of the cookie is useless, both without a session and in another account.
    let kept = site.visitor();
    kept.keep(&format!("visitor={before}"));
    assert_eq!(kept.post(&path, &form).await.status, 400);
    log_in(&kept, &bob).await;
    assert_eq!(kept.post(&path, &form).await.status, 400);
    let given: Vec<(i64, i16)> =
        sqlx::query_as("select rater_id, value from ratings").fetch_all(&site.db).await.expect("it is asked");
    assert_eq!(given, [(ada.id, 8)]);
    assert_eq!(site.ask::<i64>("select count(*) from users where name is null").await, 0);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn logging_in_merges_ratings_made_with_the_same_key_in_another_tab(db: PgPool) {
    let site = Site::start(db).await;
    site.photos(2).await;
    let ada = site.member("ada").await;
    let (pages, other) = (site.visitor(), site.visitor());
    pages.keep_key().await;
    let (photo, ballot) = pages.shown().await.expect("there is one");
    other.keep(&format!("visitor={}", pages.cookie("visitor").expect("it has a key")));
    let (path, form) = (format!("/photos/{photo}/rating"), [("value", "8"), ("ballot", ballot.as_str())]);
    pages.post(&path, &form).await.location();
    other.post("/login", &[("email", "ada@example.org"), ("password", PASSWORD)]).await.location();
    assert_eq!(
        other.post(&path, &form).await.location(),
        format!("/?rated={photo}"),
        "a duplicate of the same form"
    );
    let given: Vec<i64> =
        sqlx::query_scalar("select rater_id from ratings").fetch_all(&site.db).await.expect("it is asked");
    assert_eq!(given, [ada.id]);
    site.histograms_are_right().await;
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_visitor_without_a_user_has_one_link_to_a_photo(db: PgPool) {
    let site = Site::start(db).await;
    let photos = site.photos(2).await;
    let (eve, other) = (site.visitor(), site.visitor());
    let share = async |pages: &Pages, photo: i64| {
        let page = pages.post(&format!("/photos/{photo}/share"), &[]).await.expect(200);
        page.attribute("#share-url", "value")
    };
    let first = share(&eve, photos[0]).await;
    assert_eq!(share(&eve, photos[0]).await, first);
    assert_ne!(share(&eve, photos[1]).await, first);
    assert_ne!(share(&other, photos[0]).await, first);
    assert_eq!(site.ask::<i64>("select count(*) from shares").await, 3);
    eve.get(&first.replace(site.base.as_str(), "/")).await.expect(200);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn viewing_pages_creates_no_user(db: PgPool) {
    let site = Site::start(db).await;
    let photo = site.photos(2).await[0];
    let before: i64 = site.ask("select count(*) from users").await;
    let pages = site.visitor();
    let share = pages.post(&format!("/photos/{photo}/share"), &[]).await.expect(200);
    let link = share.attribute("#share-url", "value").replace(site.base.as_str(), "/");
    for path in
        ["/", "/", &format!("/photos/{photo}"), &link, "/top", "/trending", "/submit", "/register", "/login"]
    {
        pages.get(path).await.expect(200);
    }
    assert_eq!(site.ask::<i64>("select count(*) from users").await, before);
    assert_eq!(pages.cookie("session"), None);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_anonymous_draft_is_private_until_its_owner_registers_and_publishes(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let pages = site.visitor();
    let form = submission("Kept for later", pictures::quarters(400, 300)).text("draft", "1");
    let address = pages.upload(form).await.location().to_owned();
    assert!(pages.cookie("session").is_some(), "keeping a draft creates a user");
    assert_eq!(pages.get(&address).await.expect(200).attribute("[data-status]", "data-state"), "draft");
    site.get(&address).await.expect(404);

    let publish = format!("{address}/publish");
    assert_eq!(pages.post(&publish, &[]).await.status, 403, "publishing requires a member");
    let form = [("name", "ada"), ("email", "ada@example.org"), ("password", PASSWORD)];
    pages.post("/register", &form).await.location();
    assert_eq!(site.member("bob").await.pages.post(&publish, &[]).await.status, 404);
    assert_eq!(pages.post(&publish, &[]).await.location(), address);
    let photo = address.rsplit('/').next().expect("an id").parse().expect("a number");
    assert_eq!(site.processed(photo).await, "live");
    site.get(&address).await.expect(200);
    assert_eq!(pages.post(&publish, &[]).await.location(), address, "it is published already");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn publishing_requires_a_member_and_keeping_a_draft_does_not(db: PgPool) {
    let site = Site::start(db).await;
    let anonymous = site.anonymous().await;
    let form = || submission("Mine", pictures::quarters(300, 300));
    anonymous.api.upload(form()).await.error(403);
    assert_eq!(site.visitor().upload(form()).await.status, 403);
    assert_eq!(site.ask::<i64>("select count(*) from photos").await, 0);
    assert!(site.media("incoming").is_empty(), "nothing is half-stored");
    anonymous.api.upload(form().text("draft", "1")).await.expect(202);
}
