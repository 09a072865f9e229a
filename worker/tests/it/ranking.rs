//! Ranks, virality and the nightly recount.

use pawdium_kit::waiting::{SOON, count, until, until_idle};
use pawdium_kit::workers::enqueue;
use pawdium_shared::accounts::{RaterKey, queries};
use pawdium_shared::db::Tx;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::jobs::ranking::{RecountRatings, RefreshRanks, RefreshVirality};
use pawdium_shared::photos::Species;
use pawdium_shared::ranking::refresh::list_moved;
use pawdium_shared::ranking::sharing;
use pawdium_shared::ranking::virality::Moment;
use pawdium_shared::ranking::weighing::list_doubtful;
use pawdium_shared::ratings::queries::recount;
use pawdium_worker::runner;
use sqlx::PgPool;

use crate::site::Site;
use crate::workers::start_workers;

/// Creates live photos, each with one rating fewer in its histogram than the one before. Their ids are in order.
async fn crowd(site: &Site, photos: i32) {
    let owner = site.member("ada").await;
    sqlx::query(
        "with made as (
             insert into photos (owner_id, title, species, state, slot, live_at)
             select $1, 'Blep', case when n % 2 = 0 then 'cat' else 'dog' end, 'live', n, now()
             from generate_series(1, $2) as n order by n
             returning id, slot
         )
         insert into photo_stats (photo_id, histogram)
         select id, array[0, 0, 0, 0, 0, 0, 0, 0, 0, $2 - slot] from made",
    )
    .bind(owner.0)
    .bind(photos)
    .execute(&site.db)
    .await
    .expect("photos can be made");
    weigh_as_ordinary(&site.db).await;
}

/// Weighs all histograms as if every rating were a member's.
async fn weigh_as_ordinary(db: &PgPool) {
    let weigh = "insert into photo_weights (photo_id, histogram, bars, links, crowd)
                 select photo_id, histogram, (select array_agg(c * 1000::bigint order by k)
                                              from unnest(histogram) with ordinality as bars (c, k)), 0, 0
                 from photo_stats
                 on conflict (photo_id) do update set histogram = excluded.histogram, bars = excluded.bars";
    sqlx::query(weigh).execute(db).await.expect("they can be weighed");
}

/// Rates without a ballot, and updates the histogram.
async fn rate(db: &PgPool, photo: PhotoId, rater: UserId, value: i16) {
    let mut tx = Tx::begin(db).await.expect("a transaction");
    sqlx::query("insert into ratings (photo_id, rater_id, value, lane, ballot_at) values ($1, $2, $3, 'random', now())")
        .bind(photo.0)
        .bind(rater.0)
        .bind(value)
        .execute(&mut *tx)
        .await
        .expect("it can be rated");
    sqlx::query("update photo_stats set histogram[$2] = histogram[$2] + 1 where photo_id = $1")
        .bind(photo.0)
        .bind(value)
        .execute(&mut *tx)
        .await
        .expect("it has a histogram");
    tx.commit().await.expect("it commits");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn ranks_follow_the_ratings_and_only_what_moved_is_invalidated(db: PgPool) {
    let site = Site::new(db);
    let (owner, rater) = (site.member("ada").await, site.member("bo").await);
    let (dog, cat) = (site.live(owner, Species::Dog).await, site.live(owner, Species::Cat).await);
    rate(&site.db, dog, rater, 3).await;
    rate(&site.db, cat, rater, 9).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &RefreshRanks {}).await;
    until_idle(&site.db).await;
    assert_eq!((site.photo(cat).await.rank, site.photo(dog).await.rank), (Some(1), Some(2)));
    // Unchanged ranks invalidate nothing.
    let ids = "select last_value from jobs_id_seq";
    let before = count(&site.db, ids).await;
    enqueue(&site.db, &RefreshRanks {}).await;
    until_idle(&site.db).await;
    assert_eq!(count(&site.db, ids).await, before + 1, "no event was enqueued");
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn moments_are_counted_once(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.live(owner, Species::Dog).await;
    let mut connection = site.db.acquire().await.expect("a connection");
    for (moment, visitor) in [(Moment::View, 1), (Moment::View, 2), (Moment::View, 2), (Moment::Share, 1)] {
        sharing::record(&mut connection, photo, moment, &[visitor]).await.expect("no error");
    }
    drop(connection);
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    for _ in 0..2 {
        enqueue(&site.db, &RefreshVirality {}).await;
        until_idle(&site.db).await;
    }
    let folded = site.photo(photo).await;
    assert_eq!((folded.views, folded.shares), (2, 1));
    assert!(folded.virality.is_some());
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_histogram_that_drifted_is_corrected_and_an_epoch_starts(db: PgPool) {
    let site = Site::new(db);
    let (owner, rater) = (site.member("ada").await, site.member("bo").await);
    let (drifted, sound) = (site.live(owner, Species::Dog).await, site.live(owner, Species::Cat).await);
    rate(&site.db, drifted, rater, 3).await;
    rate(&site.db, sound, rater, 9).await;
    sqlx::query("update photo_stats set histogram[7] = 5 where photo_id = $1")
        .bind(drifted.0)
        .execute(&site.db)
        .await
        .expect("a histogram");
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &RecountRatings {}).await;
    until_idle(&site.db).await;
    assert_eq!(site.photo(drifted).await.histogram.bars(), [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(site.photo(sound).await.histogram.bars(), [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    assert_eq!(count(&site.db, "select count(*) from ranking_epochs").await, 2);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_rating_that_commits_while_its_histogram_is_corrected_is_counted(db: PgPool) {
    let site = Site::new(db);
    let (owner, rater) = (site.member("ada").await, site.member("bo").await);
    let photo = site.live(owner, Species::Dog).await;
    sqlx::query("update photo_stats set histogram[7] = 5").execute(&site.db).await.expect("a histogram");
    let mut rating = Tx::begin(&site.db).await.expect("a transaction");
    sqlx::query("insert into ratings (photo_id, rater_id, value, lane, ballot_at) values ($1, $2, 4, 'random', now())")
        .bind(photo.0)
        .bind(rater.0)
        .execute(&mut *rating)
        .await
        .expect("it can be rated");
    sqlx::query("update photo_stats set histogram[4] = 1 where photo_id = $1")
        .bind(photo.0)
        .execute(&mut *rating)
        .await
        .expect("a histogram");
    let recounting = tokio::spawn({
        let db = site.db.clone();
        async move {
            let mut tx = Tx::begin(&db).await.expect("a transaction");
            let recounted = recount(&mut tx, PhotoId(0), photo, 100).await.expect("no error");
            tx.commit().await.expect("it commits");
            recounted
        }
    });
    let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    until("the recount waits for the rating", SOON, async || {
        (count(&site.db, waiting).await == 1).then_some(())
    })
    .await;
    rating.commit().await.expect("it commits");
    let recounted = recounting.await.expect("no panic");
    assert_eq!(recounted.drifted.iter().map(|drift| drift.photo).collect::<Vec<_>>(), [photo]);
    assert_eq!(recounted.last, Some(photo));
    assert_eq!(site.photo(photo).await.histogram.bars(), [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
}

/// Lists photos whose rank doesn't match their score.
const MISPLACED: &str = "select count(*) from photos
                         left join photo_ranks on photo_id = id
                         left join (select photo_id, rank() over (order by score desc) as place from photo_ranks) as right_one
                                   using (photo_id)
                         where rank is distinct from place or rank is null";

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn thousands_of_ranks_that_change_at_once_end_up_correct(db: PgPool) {
    let site = Site::new(db);
    crowd(&site, 11_000).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &RefreshRanks {}).await;
    until_idle(&site.db).await;
    assert_eq!(count(&site.db, MISPLACED).await, 0);
    // The best becomes the worst, and all others move up.
    sqlx::query("update photo_stats set histogram = array[20000,0,0,0,0,0,0,0,0,0] where photo_id = (select min(id) from photos)")
        .execute(&site.db)
        .await
        .expect("a histogram");
    weigh_as_ordinary(&site.db).await;
    let moved = list_moved(&mut site.db.acquire().await.expect("a connection")).await.expect("no error");
    let front: Vec<_> = moved.iter().take(3).map(|moved| moved.rank).collect();
    assert_eq!(front, [11_000, 1, 2], "who leaves the front is moved with those who enter it");
    enqueue(&site.db, &RefreshRanks {}).await;
    until_idle(&site.db).await;
    assert_eq!(count(&site.db, MISPLACED).await, 0);
    let last =
        "select count(*) from photo_ranks where rank = 11000 and photo_id = (select min(id) from photos)";
    assert_eq!(count(&site.db, last).await, 1);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_recount_runs_in_parts_and_the_epoch_starts_after_the_last_one(db: PgPool) {
    let site = Site::new(db);
    // They have no ratings, whatever their histograms say.
    crowd(&site, 4100).await;
    let runner = runner(site.env.clone());
    let workers = [start_workers(&site.db, &runner).await, start_workers(&site.db, &runner).await];
    enqueue(&site.db, &RecountRatings {}).await;
    until_idle(&site.db).await;
    let wrong = "select count(*) from photo_stats where histogram <> array_fill(0, array[10])";
    assert_eq!(count(&site.db, wrong).await, 0);
    let parts =
        "select count(*) from job_history where kind = 'ranking.recount_part.v1' and outcome = 'done'";
    assert_eq!(count(&site.db, parts).await, 3);
    assert_eq!(count(&site.db, "select count(*) from ranking_epochs").await, 2);
    let late = "select count(*) from job_history as part, job_history as epoch
                where part.kind = 'ranking.recount_part.v1' and epoch.kind = 'ranking.start_epoch.v1'
                  and part.finished_at > epoch.claimed_at";
    assert_eq!(count(&site.db, late).await, 0);
    for workers in workers {
        workers.stop().await;
    }
}

/// Creates an anonymous rater in a network who has rated some photos served by the site.
async fn visitor(site: &Site, network: i32, done: &[PhotoId]) -> UserId {
    let mut db = site.db.acquire().await.expect("a connection");
    let visitor = queries::insert_anonymous(&mut db, RaterKey::generate(), Some(network)).await;
    let visitor = visitor.expect("no error");
    for photo in done {
        rate(&site.db, *photo, visitor, 1).await;
    }
    visitor
}

async fn vote(site: &Site, photo: PhotoId, rater: UserId, value: i16) {
    rate(&site.db, photo, rater, value).await;
    sqlx::query("update ratings set lane = 'link' where photo_id = $1 and rater_id = $2")
        .bind(photo.0)
        .bind(rater.0)
        .execute(&site.db)
        .await
        .expect("it is there");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn sixty_votes_through_a_link_do_not_beat_five_members(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let (honest, pushed) = (site.live(owner, Species::Dog).await, site.live(owner, Species::Dog).await);
    for name in ["bo", "cy", "di", "ed", "flo"] {
        let rater = site.member(name).await;
        rate(&site.db, honest, rater, 8).await;
    }
    for _ in 0..60 {
        let voter = visitor(&site, 7, &[]).await;
        vote(&site, pushed, voter, 10).await;
    }
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &RefreshRanks {}).await;
    until_idle(&site.db).await;
    assert_eq!((site.photo(honest).await.rank, site.photo(pushed).await.rank), (Some(1), Some(2)));
    assert_eq!(site.photo(pushed).await.histogram.bars()[9], 60, "they are shown");
    let mut db = site.db.acquire().await.expect("a connection");
    let doubtful = list_doubtful(&mut db, 10).await.expect("no error");
    assert_eq!(doubtful.len(), 1, "{doubtful:?}");
    let seen = &doubtful[0];
    assert_eq!((seen.photo, seen.ratings, seen.links, seen.crowd), (pushed, 60, 60, 60));
    assert_eq!(seen.weight, 1500);
    drop(db);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn ratings_are_doubtful_from_twenty_on_when_many_weigh_little_or_came_the_same_way(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let mut expected = Vec::new();
    // Ratings, their weight in ordinary ratings, ratings through links, ratings from one network.
    for (ratings, weight, links, crowd, is_doubtful) in [
        (20, 20, 0, 0, false),
        (20, 10, 0, 0, false),
        (20, 9, 0, 0, true),
        (19, 1, 19, 0, false),
        (20, 20, 20, 0, true),
        (40, 40, 19, 0, false),
        (80, 80, 20, 0, false),
        (80, 80, 21, 0, true),
        (80, 80, 0, 20, false),
        (80, 80, 0, 21, true),
    ] {
        let photo = site.live(owner, Species::Dog).await;
        sqlx::query(
            "insert into photo_weights (photo_id, histogram, bars, links, crowd)
             values ($1, array_fill(0, array[9]) || $2::int, array_fill(0, array[9]) || 1000 * $3::int, $4, $5)",
        )
        .bind(photo.0)
        .bind(ratings)
        .bind(weight)
        .bind(links)
        .bind(crowd)
        .execute(&site.db)
        .await
        .expect("it can be weighed");
        if is_doubtful {
            expected.push(photo);
        }
    }
    let mut db = site.db.acquire().await.expect("a connection");
    let mut doubtful = async || {
        let listed = list_doubtful(&mut db, 100).await.expect("no error");
        let mut photos: Vec<_> = listed.into_iter().map(|doubtful| doubtful.photo).collect();
        photos.sort_by_key(|photo| photo.0);
        photos
    };
    assert_eq!(doubtful().await, expected);
    sqlx::query("update photo_weights set weighed_at = now() - interval '8 days'")
        .execute(&site.db)
        .await
        .expect("there are rows");
    assert_eq!(doubtful().await, [], "nothing has come for a week");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_raters_later_ratings_count_after_the_next_recount(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.live(owner, Species::Dog).await;
    let rater = visitor(&site, 7, &[]).await;
    rate(&site.db, photo, rater, 9).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &RefreshRanks {}).await;
    until_idle(&site.db).await;
    let weight = "select bars[9] from photo_weights order by photo_id limit 1";
    assert_eq!(count(&site.db, weight).await, 287);
    for _ in 0..19 {
        let other = site.live(owner, Species::Cat).await;
        rate(&site.db, other, rater, 1).await;
    }
    enqueue(&site.db, &RecountRatings {}).await;
    until_idle(&site.db).await;
    assert_eq!(count(&site.db, weight).await, 1000);
    workers.stop().await;
}
