//! What sanctions take away, and that all of it comes back.

use std::time::Duration;

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::ranking::RefreshRanks;
use pawdium_shared::jobs::sanctions::SettleSanctions;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Person, Site};
use crate::sanctions::{lift, sanction};

/// Every byte of the ratings and of what is computed from them.
async fn dump(site: &Site) -> Vec<String> {
    sqlx::query_scalar(
        "select 'ratings ' || ratings::text from ratings
         union all select 'earlier ' || earlier_ratings::text from earlier_ratings
         union all select 'stats ' || (photo_id, histogram, virality, views, shares)::text from photo_stats
         union all select 'ranks ' || photo_ranks::text from photo_ranks
         union all select 'weights ' || (photo_id, histogram, bars, links, crowd)::text from photo_weights
         union all select 'photos ' || (id, state, slot, title, live_at, picture, fingerprint)::text from photos
         union all select 'files ' || photo_files::text from photo_files
         union all select 'taggings ' || taggings::text from taggings
         union all select 'comments ' || comments::text from comments
         union all select 'counts ' || comment_counts::text from comment_counts
         union all select 'talks ' || talks::text from talks
         order by 1",
    )
    .fetch_all(&site.db)
    .await
    .expect("the statement is right")
}

async fn weight(site: &Site, photo: i64) -> i64 {
    site.ask_of(
        "select coalesce((select sum(bar)::bigint from unnest(bars) as bar), 0)
         from photo_weights where photo_id = $1",
        photo,
    )
    .await
}

/// Does something while histograms are compared with the ratings again and again.
async fn while_histograms_are_right<T>(site: &Site, act: impl Future<Output = T>) -> T {
    let watch = async {
        loop {
            site.histograms_are_right().await;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let done = tokio::select! {
        done = act => done,
        () = watch => unreachable!("it goes on for ever"),
    };
    site.histograms_are_right().await;
    done
}

/// A member's part of a site: photos of ada's that ada, bob and cid have rated, and what bob has said and shown.
struct Stage {
    site: Site,
    bob: Person,
    mo: Person,
    photos: Vec<i64>,
    own: i64,
}

impl Stage {
    async fn set(db: PgPool) -> Self {
        let site = Site::start_with_worker(db).await;
        let (ada, bob) = (site.member("ada").await, site.member("bob").await);
        let (cid, mo) = (site.member("cid").await, site.moderator("mo").await);
        let mut photos = Vec::new();
        for number in 1..=5 {
            photos.push(site.photo().by(&ada).titled(&format!("Cat {number}")).live().await);
        }
        let own = site.photo().by(&bob).titled("Bobcat").tagged("wild").live().await;
        for (number, photo) in (1..).zip(&photos) {
            site.rate(&bob, *photo, 11 - number).await;
            site.rate(&cid, *photo, number).await;
        }
        site.rate(&bob, photos[0], 3).await;
        site.rate(&cid, own, 8).await;
        bob.comment(photos[0], "Only here to shout.").await;
        // A rating of an earlier picture.
        sqlx::query(
            "insert into earlier_ratings (photo_id, picture, rater_id, value, lane, ballot_at, rated_at)
             values ($1, 2, $2, 4, 'random', now(), now())",
        )
        .bind(photos[1])
        .bind(bob.id)
        .execute(&site.db)
        .await
        .expect("it is inserted");
        site.run(RefreshRanks {}).await;
        Self { site, bob, mo, photos, own }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_ban_takes_ratings_and_content_back_and_lifting_it_restores_every_byte(db: PgPool) {
    let Stage { site, bob, mo, photos, own } = Stage::set(db).await;
    let before = dump(&site).await;
    let visitor = site.visitor();
    assert!(visitor.get("/new").await.expect(200).text().contains("Bobcat"));

    sanction(&mo, "bob", "ban", "", "hide").await.location();
    site.settle().await;
    site.histograms_are_right().await;
    assert_eq!(site.ask_of::<i64>("select count(*) from ratings where rater_id = $1", bob.id).await, 0);
    assert_eq!(
        site.ask_of::<i64>("select count(*) from earlier_ratings where rater_id = $1", bob.id).await,
        0
    );
    assert_eq!(site.ask::<i64>("select count(*) from withdrawn_ratings").await, 6);
    site.run(RefreshRanks {}).await;
    let ranks: Vec<i64> = sqlx::query_scalar("select photo_id from photo_ranks order by rank")
        .fetch_all(&site.db)
        .await
        .expect("ranks");
    let mut by_cid = photos.clone();
    by_cid.reverse();
    assert_eq!(ranks, by_cid, "only cid's ratings are left, which rise");
    for path in ["/new", "/top", "/trending", "/topics/wild", "/search?q=bobcat"] {
        assert!(!site.get_rendered(path).await.text().contains("Bobcat"), "{path}");
        assert!(!site.get(path).await.text().contains("Bobcat"), "{path} from memory");
    }
    for path in [format!("/photos/{own}"), "/members/bob".to_owned(), "/members/bob/photos".to_owned()] {
        site.get(&path).await.expect(404);
    }
    for path in [format!("photos/{own}"), "users/bob".to_owned()] {
        site.api().get(&path).await.error(404);
    }
    let members = site.api().get("search?q=bob&in=members").await.expect(200).text();
    assert!(!members.contains("\"name\":\"bob\""), "{members}");
    assert_eq!(mo.texts(photos[0]).await, Vec::<String>::new());
    mo.pages.get(&format!("/photos/{own}")).await.expect(200);

    lift(&site, &mo).await;
    site.settle().await;
    site.histograms_are_right().await;
    site.run(RefreshRanks {}).await;
    assert_eq!(dump(&site).await, before);
    for path in ["/new", "/topics/wild", "/search?q=bobcat"] {
        assert!(site.get(path).await.text().contains("Bobcat"), "{path}");
    }
    site.get("/members/bob").await.expect(200);
    assert_eq!(mo.texts(photos[0]).await, ["Only here to shout."]);
    assert_eq!(site.ask::<i64>("select count(*) from sanctions where ended_at is null").await, 0);
    // Another tick finds nothing to do.
    site.run(SettleSanctions { user: None }).await;
    site.run(SettleSanctions { user: Some(pawdium_shared::ids::UserId(bob.id)) }).await;
    assert_eq!(dump(&site).await, before);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_suspension_that_hides_ends_by_the_clock_and_all_comes_back_with_the_next_tick(db: PgPool) {
    let Stage { site, bob, mo, own, .. } = Stage::set(db).await;
    let before = dump(&site).await;
    sanction(&mo, "bob", "suspend", "1", "hide").await.location();
    site.settle().await;
    site.get(&format!("/photos/{own}")).await.expect(404);
    assert_eq!(site.ask_of::<i64>("select count(*) from ratings where rater_id = $1", bob.id).await, 5);
    site.change(
        "update sanctions set imposed_at = now() - interval '2 days', until = now() - interval '1 second'",
    )
    .await;
    site.change("update users set barred_until = now(), hidden_until = now() where barred_until is not null")
        .await;
    site.log_in("bob").await;
    site.run(SettleSanctions { user: None }).await;
    site.get(&format!("/photos/{own}")).await.expect(200);
    site.run(RefreshRanks {}).await;
    assert_eq!(dump(&site).await, before);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn ratings_of_silenced_members_count_and_weigh_nothing(db: PgPool) {
    let Stage { site, bob, mo, photos, .. } = Stage::set(db).await;
    let before = dump(&site).await;
    assert_eq!(weight(&site, photos[0]).await, 2000);
    sanction(&mo, "bob", "silence", "1", "keep").await.location();
    site.settle().await;
    site.run(RefreshRanks {}).await;
    assert_eq!(weight(&site, photos[0]).await, 1000);
    let fresh = site.photo().titled("Fresh").live().await;
    site.rate(&bob, fresh, 10).await;
    site.run(RefreshRanks {}).await;
    assert_eq!(weight(&site, fresh).await, 0);
    site.histograms_are_right().await;
    lift(&site, &mo).await;
    site.settle().await;
    site.run(RefreshRanks {}).await;
    assert_eq!((weight(&site, photos[0]).await, weight(&site, fresh).await), (2000, 1000));
    let mut after = dump(&site).await;
    after.retain(|line| before.contains(line));
    assert!(before.iter().filter(|line| line.starts_with("ratings ")).all(|line| after.contains(line)));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_rating_slips_past_a_ban(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (bob, mo) = (site.member("bob").await, site.moderator("mo").await);
    let photos = site.photos(40).await;
    let mut ballots = Vec::new();
    for photo in &photos {
        ballots.push(site.ballot(&bob, *photo, Duration::ZERO).await);
    }
    let rate = async |photo: i64, ballot: &String| {
        let body = json!({ "value": 10, "ballot": ballot });
        bob.api.put(&format!("photos/{photo}/rating"), body).await.status
    };
    let ratings = join_all(photos.iter().zip(&ballots).map(|(photo, ballot)| rate(*photo, ballot)));
    let ban = async {
        let done = tokio::join!(ratings, sanction(&mo, "bob", "ban", "", "keep"));
        site.settle().await;
        done
    };
    let (statuses, banned) = while_histograms_are_right(&site, ban).await;
    banned.location();
    let stored = statuses.iter().filter(|status| **status == 200).count();
    assert!(statuses.iter().all(|status| [200, 401, 403, 429].contains(status)), "{statuses:?}");
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, 0);
    let withdrawn: i64 = site.ask("select count(*) from withdrawn_ratings").await;
    assert!(withdrawn >= i64::try_from(stored).expect("few"), "{withdrawn} withdrawn, {stored} acknowledged");
    // And back, while others rate the same photos.
    let cid = site.member("cid").await;
    let back = async {
        let others = async {
            for photo in &photos {
                site.rate(&cid, *photo, 2).await;
            }
        };
        tokio::join!(others, lift(&site, &mo));
        site.settle().await;
    };
    while_histograms_are_right(&site, back).await;
    assert_eq!(site.ask::<i64>("select count(*) from ratings").await, withdrawn + 40);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn bans_and_their_ends_at_once_leave_what_the_last_one_says(db: PgPool) {
    let Stage { site, mo, .. } = Stage::set(db).await;
    let before = dump(&site).await;
    let root = site.admin("root").await;
    for _ in 0..3 {
        let (one, other) = tokio::join!(
            sanction(&mo, "bob", "ban", "", "hide"),
            sanction(&root, "bob", "suspend", "2", "hide"),
        );
        one.location();
        other.location();
        let ids: Vec<i64> = sqlx::query_scalar("select id from sanctions where lifted_at is null")
            .fetch_all(&site.db)
            .await
            .expect("they are there");
        let lifts = ids.iter().map(async |id| {
            let path = format!("/moderation/sanctions/{id}/lift");
            let answers = tokio::join!(mo.pages.post(&path, &[]), root.pages.post(&path, &[]));
            let mut statuses = [answers.0.status, answers.1.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [303, 409], "one lifts it, and the other hears that it is lifted");
        });
        join_all(lifts).await;
    }
    site.settle().await;
    site.histograms_are_right().await;
    site.run(RefreshRanks {}).await;
    assert_eq!(dump(&site).await, before);
    assert_eq!(site.ask::<i64>("select count(*) from withheld").await, 0);
    assert_eq!(
        site.ask::<i64>("select count(*) from users where coalesce(barred_until, hidden_until) is not null")
            .await,
        0
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_silenced_member_who_rates_by_a_link_makes_nothing_more_viral(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, mo) = (site.member("ada").await, site.member("bob").await, site.moderator("mo").await);
    let photo = site.photo().live().await;
    let shared = ada.api.post(&format!("photos/{photo}/shares"), json!(null)).await.expect(201).json();
    let way = shared["url"].as_str().expect("an address").replace(site.base.as_str(), "/");
    sanction(&mo, "bob", "silence", "1", "keep").await.location();
    let rate = async |person: &Person| {
        let ballot = person.pages.get(&way).await.expect(200).attribute("input[name=ballot]", "value");
        let form = [("value", "10"), ("ballot", ballot.as_str()), ("from", "photo")];
        person.pages.post(&format!("/photos/{photo}/rating"), &form).await.location();
    };
    let moments = "select count(*) from virality_events where kind = 'link_rating'";
    rate(&bob).await;
    assert_eq!(site.ask::<i64>("select count(*) from ratings where lane = 'link'").await, 1);
    assert_eq!(site.ask::<i64>(moments).await, 0);
    rate(&mo).await;
    assert_eq!(site.ask::<i64>(moments).await, 1);
}

/// What is shown of bob's talks, and how many are withheld.
async fn talks_of(site: &Site) -> (Option<String>, i64) {
    let states = site.ask("select string_agg(state, ' ' order by id) from talks").await;
    (states, site.ask("select count(*) from withheld").await)
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn sanctions_that_begin_or_end_while_a_hub_is_deleted_count_when_it_comes_back(db: PgPool) {
    let site = Site::start_with_worker(db).await;
    let (olga, bob, mo) = (site.member("olga").await, site.member("bob").await, site.moderator("mo").await);
    site.hub_of("cats", &[&olga, &bob]).await;
    let call = site.open_call(&olga, "cats", json!({ "moderated": true })).await;
    let talk = bob.pitch(call, "Naps").await;
    olga.pages.post(&format!("/talks/{talk}/moderate"), &[("act", "approve")]).await.location();
    bob.pitch(call, "Boxes").await;
    let (shown, withheld) = ((Some("shown waiting".to_owned()), 0), (Some("hidden hidden".to_owned()), 2));
    let delete = async || mo.api.delete("hubs/cats", Value::Null).await.expect(204);
    let put_back = async || {
        let act: i64 = site.ask("select max(id) from acts where act = 'delete_hub'").await;
        mo.pages.post(&format!("/moderation/acts/{act}/undo"), &[]).await.location();
        site.settle().await;
    };
    let suspend = async || {
        sanction(&mo, "bob", "suspend", "2", "hide").await.location();
        site.settle().await;
    };
    let free = async || {
        lift(&site, &mo).await;
        site.settle().await;
    };
    assert_eq!(talks_of(&site).await, shown);

    suspend().await;
    assert_eq!(talks_of(&site).await, withheld);
    delete().await;
    free().await;
    put_back().await;
    assert_eq!(talks_of(&site).await, shown, "it ended while the hub was away");

    delete().await;
    suspend().await;
    put_back().await;
    assert_eq!(talks_of(&site).await, withheld, "it began while the hub was away");
    free().await;
    assert_eq!(talks_of(&site).await, shown);

    // Also if the author has left the hub before.
    site.change("delete from hub_roles where role = 'member'").await;
    suspend().await;
    delete().await;
    free().await;
    assert_eq!(talks_of(&site).await, (None, 0));
    put_back().await;
    assert_eq!(talks_of(&site).await, shown);
    // It also ends by the clock while nobody notices.
    suspend().await;
    delete().await;
    site.change(
        "update sanctions set imposed_at = now() - interval '3 days', until = now() - interval '1 second'
         where lifted_at is null",
    )
    .await;
    site.change("update users set barred_until = now(), hidden_until = now() where barred_until is not null")
        .await;
    site.run(SettleSanctions { user: None }).await;
    site.settle().await;
    put_back().await;
    assert_eq!(talks_of(&site).await, shown);
}
