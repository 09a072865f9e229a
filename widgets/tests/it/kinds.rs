//! Every kind with its defaults, on an empty hub and on a full one.

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::events::Event;
use pawdium_shared::hubs::HubRole;
use pawdium_shared::ids::{HubId, UserId};
use pawdium_shared::talks::{Phase, Totals};
use pawdium_widgets::{KINDS, Viewer, find_kind, layout};
use scraper::{Html, Selector};
use serde_json::json;
use sqlx::PgPool;

use crate::world::World;

/// A hub of two members with photos, ratings, ranks and a request.
async fn full_hub(world: &World) -> (HubId, UserId, UserId) {
    let (ada, bob, eve) = (world.member("ada").await, world.member("bob").await, world.member("eve").await);
    let hub = world.hub(ada, "cats").await;
    world.join(hub, bob, HubRole::Member).await;
    for number in 1..=3 {
        let photo = world.photo(bob, &format!("Cat {number}"), "blep, sofa").await;
        world.post(hub, photo, bob).await;
        if number < 3 {
            assert!(world.rate(photo, ada, 6 + number).await);
            assert!(world.rate(photo, eve, 9).await);
        }
    }
    world
        .execute(
            "insert into photo_ranks (photo_id, score, rank) select id, 5 + id % 3, 1 from photos;
             ",
        )
        .await;
    world.execute("update photo_stats set virality = photo_id").await;
    world.execute(&format!("insert into hub_requests (hub_id, user_id) values ({hub}, {eve})")).await;
    world
        .execute(&format!(
            "insert into hub_roles (hub_id, user_id, role) values ({hub}, {eve}, 'subscriber')"
        ))
        .await;
    world.call(hub, ada, Totals::Shown, &[(bob, "Where Did I Put That Thing?"), (ada, "Nails")]).await;
    (hub, ada, eve)
}

/// What each kind says of the full hub; nothing if it draws nothing there.
const SHOWN: &[(&str, &[&str])] = &[
    ("newest-photos", &["Cat 1", "Cat 3", "/h/cats/photos"]),
    ("top-photos", &["Cat 2", "8.5", "2 ratings", "not rated yet"]),
    ("trending", &["Cat 3"]),
    ("rate-one", &["Cat 3", "Rate it"]),
    ("activity", &["bob", "posted 3 photos", "started this hub", "joined"]),
    ("members", &["ada", "owner", "2 members"]),
    ("numbers", &["photos", "ratings", "4", "New in the last 30 days: 3", "3 new"]),
    ("histogram", &["4 ratings with a mean of 8.2", "Ratings from 1 to 10: 0, 0, 0, 0, 0, 0, 1, 1, 2, 0"]),
    ("badges", &["bob", "leads in", "/topics/blep", "with 3 photos", "rated most photos: 2"]),
    ("topics", &["sofa", "/topics/blep"]),
    ("join-requests", &["eve", "/h/cats/requests", "accept"]),
    (
        "talks",
        &["/calls/", "A call", "Voting ends", "Next to read", "/talks/", "Nobody has voted yet", "2 talks"],
    ),
    ("topic", &[]),
    ("about", &[]),
    ("rules", &[]),
    ("sticky-note", &[]),
    ("links", &[]),
    ("feed", &[]),
    ("subscriptions", &[]),
    ("drafts", &[]),
    ("cobwebs", &[]),
];

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_kind_shows_what_is_there(db: PgPool) {
    let world = World::new(db);
    let (hub, ada, _) = full_hub(&world).await;
    let viewer = world.viewer(hub, ada).await;
    for kind in KINDS {
        let expected = SHOWN.iter().find(|(name, _)| *name == kind.name);
        let (_, expected) = expected.unwrap_or_else(|| panic!("say what {} shows", kind.name));
        let config = kind.check(&json!({})).expect("the defaults are good");
        let html = world.show(hub, kind, &config, &viewer).await;
        if expected.is_empty() {
            assert_eq!(html, None, "{}", kind.name);
            continue;
        }
        let html = html.unwrap_or_else(|| panic!("{} draws nothing", kind.name));
        let text = html.split_whitespace().collect::<Vec<_>>().join(" ");
        for part in *expected {
            assert!(text.contains(part), "{}: no {part:?} in {text}", kind.name);
        }
        assert_sound(kind.name, &html);
    }
}

/// Pictures have descriptions, and controls have names.
fn assert_sound(kind: &str, html: &str) {
    let page = Html::parse_fragment(html);
    let find = |what: &str| Selector::parse(what).expect("a selector");
    for image in page.select(&find("img")) {
        assert!(image.attr("alt").is_some_and(|alt| !alt.is_empty()), "{kind}: {html}");
    }
    for svg in page.select(&find("svg")) {
        assert!(svg.attr("aria-label").is_some() || svg.attr("aria-hidden").is_some(), "{kind}: {html}");
    }
    for control in page.select(&find("a, button")) {
        let named = control.text().any(|text| !text.trim().is_empty());
        let pictured = control.select(&find("img[alt]")).next().is_some();
        assert!(named || pictured, "{kind}: a control without a name in {html}");
    }
    assert_eq!(
        page.select(&find("[style]")).count(),
        0,
        "{kind}: the pages' policy forbids style attributes"
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn kinds_with_texts_show_a_sample_in_the_gallery(db: PgPool) {
    let world = World::new(db);
    let ada = world.member("ada").await;
    let hub = world.hub(ada, "empty").await;
    let viewer = world.viewer(hub, ada).await;
    for kind in KINDS {
        let config =
            kind.check(&kind.sample()).unwrap_or_else(|refused| panic!("{}: {refused:?}", kind.name));
        let html = world.show(hub, kind, &config, &viewer).await;
        if ["about", "rules", "sticky-note", "links"].contains(&kind.name) {
            assert_sound(kind.name, &html.unwrap_or_else(|| panic!("{} shows no sample", kind.name)));
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn every_kind_loads_on_empty_hubs_and_profiles(db: PgPool) {
    let world = World::new(db);
    let ada = world.member("ada").await;
    let hubs = [world.hub(ada, "empty").await, world.profile(ada).await];
    for hub in hubs {
        for viewer in [Viewer::nobody(), world.viewer(hub, ada).await] {
            for kind in KINDS {
                let config = kind.check(&json!({})).expect("the defaults are good");
                if let Some(html) = world.show(hub, kind, &config, &viewer).await {
                    assert_sound(kind.name, &html);
                }
            }
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn personal_kinds_show_each_viewer_their_own(db: PgPool) {
    let world = World::new(db);
    let (hub, ada, eve) = full_hub(&world).await;
    let show = async |kind: &str, hub, viewer: Viewer| {
        world.show(hub, find_kind(kind).expect("a kind"), &json!({}), &viewer).await
    };
    assert!(show("join-requests", hub, world.viewer(hub, ada).await).await.is_some());
    assert_eq!(show("join-requests", hub, world.viewer(hub, eve).await).await, None);
    assert_eq!(show("join-requests", hub, Viewer::nobody()).await, None);

    world.keep_draft(ada, "A secret cat").await;
    let profile = world.profile(ada).await;
    let own = show("drafts", profile, world.viewer(profile, ada).await).await.expect("the draft");
    assert!(own.contains("A secret cat") && own.contains("/publish"), "{own}");
    assert_eq!(show("drafts", profile, world.viewer(profile, eve).await).await, None);
    assert_eq!(show("drafts", profile, Viewer::nobody()).await, None);
    assert_eq!(show("drafts", hub, world.viewer(hub, ada).await).await, None);

    let rated = show("rate-one", hub, world.viewer(hub, eve).await).await.expect("a photo");
    assert!(rated.contains("Cat 3") && !rated.contains("Cat 1"), "eve has rated the others: {rated}");
}

/// The data of kinds for everybody can't depend on a viewer, because it never sees one. The others must say so.
#[test]
fn only_personal_kinds_see_viewers() {
    let personal: Vec<_> = KINDS.iter().filter(|kind| kind.personal).map(|kind| kind.name).collect();
    assert_eq!(personal, ["rate-one", "feed", "drafts", "join-requests"]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_feed_is_its_readers_own(db: PgPool) {
    let world = World::new(db);
    let (hub, ada, eve) = full_hub(&world).await;
    let profile = world.profile(eve).await;
    let kind = find_kind("feed").expect("a kind");
    let show = async |viewer: Viewer| world.show(profile, kind, &json!({}), &viewer).await;
    let own = show(world.viewer(profile, eve).await).await.expect("what happened in the hub");
    let text = own.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in ["bob", "posted 3 photos to", "All about cats", "/h/cats", "/feed\"", "/feed.atom?token="] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    assert_sound("feed", &own);
    assert_eq!(show(world.viewer(profile, ada).await).await, None);
    assert_eq!(show(Viewer::nobody()).await, None);
    world.execute(&format!("update hubs set visibility = 'private' where id = {hub}")).await;
    let hidden = show(world.viewer(profile, eve).await).await.expect("how to get news");
    assert!(
        !hidden.contains("cats") && hidden.contains("/hubs"),
        "a subscriber hears nothing of it: {hidden}"
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn news_reaches_the_profiles_of_followers(db: PgPool) {
    let world = World::new(db);
    let (hub, ada, eve) = full_hub(&world).await;
    let bob = UserId(world.ask::<i64>("select id from users where name = 'bob'").await);
    let photo = pawdium_shared::ids::PhotoId(world.ask::<i64>("select min(id) from photos").await);
    let told = async |event: Event| {
        let found = layout::list_following(&mut *world.connect().await, &event, &["feed".to_owned()]).await;
        let mut of: Vec<_> =
            found.expect("a list").into_iter().filter_map(|(hub, _)| hub.profile_of).collect();
        of.sort_unstable();
        of
    };
    let followers = vec![ada, bob, eve];
    assert_eq!(told(Event::PhotoPosted { hub, photo }).await, followers);
    assert_eq!(told(Event::HubChanged { hub }).await, followers);
    assert_eq!(told(Event::HubRolesChanged { hub, user: eve, role: None }).await, followers);
    world.execute(&format!("delete from hub_roles where hub_id = {hub} and user_id = {eve}")).await;
    assert_eq!(told(Event::PhotoPosted { hub, photo }).await, [ada, bob]);
    let profile = world.profile(bob).await;
    world
        .execute(&format!(
            "insert into hub_roles (hub_id, user_id, role) values ({profile}, {eve}, 'subscriber')"
        ))
        .await;
    assert_eq!(told(Event::PhotoPosted { hub, photo }).await, followers, "it is bob's");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_keys_come_with_a_ballot_for_the_viewer(db: PgPool) {
    let world = World::new(db);
    let (hub, _, eve) = full_hub(&world).await;
    let ballots = pawdium_shared::ratings::Ballots::new(
        &"a secret of at least thirty-two characters".to_owned().into(),
    );
    let viewer = Viewer { ballots: Some(ballots.clone()), ..world.viewer(hub, eve).await };
    let html =
        world.show(hub, find_kind("rate-one").expect("a kind"), &json!({}), &viewer).await.expect("a photo");
    let page = Html::parse_fragment(&html);
    let field = Selector::parse("input[name=ballot]").expect("a selector");
    let ballot = page.select(&field).next().and_then(|field| field.attr("value")).expect("a ballot");
    let photo: i64 = world.ask("select id from photos where title = 'Cat 3'").await;
    let photo = pawdium_shared::ids::PhotoId(photo);
    let opened = ballots.open(ballot, photo, chrono::Utc::now()).expect("it is for this photo");
    assert_eq!(opened.rater, viewer.key);
    assert_eq!(page.select(&Selector::parse("button[name=value]").expect("a selector")).count(), 10);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn profiles_name_public_hubs_only(db: PgPool) {
    let world = World::new(db);
    let (hub, _, eve) = full_hub(&world).await;
    let bob = world.ask::<i64>("select id from users where name = 'bob'").await;
    let profiles = [world.profile(eve).await, world.profile(UserId(bob)).await];
    let show = async |kind: &str, hub| {
        world
            .show(hub, find_kind(kind).expect("a kind"), &json!({}), &Viewer::nobody())
            .await
            .unwrap_or_default()
    };
    assert!(show("subscriptions", profiles[0]).await.contains("/h/cats"));
    let told = show("activity", profiles[1]).await;
    assert!(told.contains("posted 3 photos to") && told.contains("All about cats"), "{told}");
    world.execute(&format!("update hubs set visibility = 'private' where id = {hub}")).await;
    for profile in profiles {
        for kind in ["subscriptions", "activity"] {
            let html = show(kind, profile).await;
            assert!(!html.contains("cats"), "{html}");
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_leads_is_shown_when_everybody_may_know(db: PgPool) {
    let world = World::new(db);
    let [ada, bob, eve] = [world.member("ada").await, world.member("bob").await, world.member("eve").await];
    let hub = world.hub(ada, "cats").await;
    for member in [bob, eve] {
        world.join(hub, member, HubRole::Member).await;
    }
    let kind = find_kind("talks").expect("a kind");
    let show = async |config: serde_json::Value| world.show(hub, kind, &config, &Viewer::nobody()).await;
    assert_eq!(show(json!({})).await, None);

    let (call, talks) =
        world.call(hub, ada, Totals::Hidden, &[(bob, "Nails"), (ada, "Thing"), (ada, "Time")]).await;
    for (voter, talk) in [(ada, 0), (eve, 0), (bob, 1), (eve, 1), (eve, 2)] {
        assert!(world.vote(talks[talk], voter).await);
    }
    let hidden = show(json!({})).await.expect("the call");
    assert!(hidden.contains("after the close") && !hidden.contains("vote<"), "{hidden}");
    assert!(!hidden.contains("talks-standing") && !hidden.contains("<b>2</b>"), "{hidden}");
    let (hub_now, mut db) = (world.find_hub(hub).await, world.connect().await);
    let data = kind.load(&json!({}), &hub_now, &Viewer::nobody(), &mut db).await.expect("it loads");
    assert!(!data.contains("votes"), "the data itself has no count: {data}");

    world.move_call(call, ada, Phase::Voting, Phase::Closed).await;
    let closed = show(json!({ "limit": 2 })).await.expect("the call");
    let text = closed.split_whitespace().collect::<Vec<_>>().join(" ");
    let [nails, thing] = ["Nails", "Thing"].map(|title| text.find(title).expect(title));
    assert!(nails < thing && !text.contains("Time"), "{text}");
    assert_eq!(text.matches("<b>2</b> votes").count(), 2, "{text}");
    assert_eq!(text.matches(r#""talks-place">1<"#).count(), 2, "they share the first place: {text}");
    assert!(text.contains("/results") && !text.contains("Next to read"), "{text}");

    let (newer, _) = world.call(hub, ada, Totals::Shown, &[]).await;
    let open = show(json!({})).await.expect("the call");
    assert!(open.contains(&format!("/calls/{newer}")) && !open.contains("Nails"), "{open}");
    world.execute("update hubs set archived_at = now()").await;
    let archived = show(json!({})).await.expect("the call that has ended");
    assert!(archived.contains(&format!("/calls/{call}/results")), "{archived}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn idle_hubs_have_cobwebs(db: PgPool) {
    let world = World::new(db);
    let ada = world.member("ada").await;
    let hub = world.hub(ada, "cats").await;
    let kind = find_kind("cobwebs").expect("a kind");
    assert_eq!(world.show(hub, kind, &json!({}), &Viewer::nobody()).await, None);
    world.execute("update hubs set active_at = now() - interval '32 days'").await;
    let html = world.show(hub, kind, &json!({}), &Viewer::nobody()).await.expect("cobwebs");
    assert!(html.contains("spider"), "{html}");
}
