//! Ranks, virality and the nightly recount.

use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::jobs::ranking::{RecountRatings, RefreshRanks, RefreshVirality};
use pawdium_shared::photos::Species;
use pawdium_shared::ranking::sharing;
use pawdium_shared::ranking::virality::Moment;
use pawdium_shared::ratings::queries::recount;
use pawdium_worker::runner;
use sqlx::PgPool;

use crate::site::Site;
use crate::waiting::{SOON, count, until, until_idle};
use crate::workers::{Workers, enqueue};

/// Rates without a ballot, histogram included.
async fn rate(db: &PgPool, photo: PhotoId, rater: UserId, value: i16) {
    let mut tx = db.begin().await.expect("a transaction");
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
    let workers = Workers::start(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &RefreshRanks {}).await;
    until_idle(&site.db).await;
    assert_eq!((site.photo(cat).await.rank, site.photo(dog).await.rank), (Some(1), Some(2)));
    // Hearing of the same ranks again concerns nobody.
    let ids = "select last_value from jobs_id_seq";
    let before = count(&site.db, ids).await;
    enqueue(&site.db, &RefreshRanks {}).await;
    until_idle(&site.db).await;
    assert_eq!(count(&site.db, ids).await, before + 1, "no event was enqueued");
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn moments_are_folded_once(db: PgPool) {
    let site = Site::new(db);
    let owner = site.member("ada").await;
    let photo = site.live(owner, Species::Dog).await;
    let mut connection = site.db.acquire().await.expect("a connection");
    for (moment, visitor) in [(Moment::View, 1), (Moment::View, 2), (Moment::View, 2), (Moment::Share, 1)] {
        sharing::record(&mut connection, photo, moment, &[visitor]).await.expect("no error");
    }
    drop(connection);
    let workers = Workers::start(&site.db, &runner(site.env.clone())).await;
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
async fn a_histogram_that_drifted_is_mended_and_an_epoch_begins(db: PgPool) {
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
    let workers = Workers::start(&site.db, &runner(site.env.clone())).await;
    enqueue(&site.db, &RecountRatings {}).await;
    until_idle(&site.db).await;
    assert_eq!(site.photo(drifted).await.histogram, [0, 0, 1, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(site.photo(sound).await.histogram, [0, 0, 0, 0, 0, 0, 0, 0, 1, 0]);
    assert_eq!(count(&site.db, "select count(*) from ranking_epochs").await, 2);
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_rating_that_commits_while_its_histogram_is_mended_is_counted(db: PgPool) {
    let site = Site::new(db);
    let (owner, rater) = (site.member("ada").await, site.member("bo").await);
    let photo = site.live(owner, Species::Dog).await;
    sqlx::query("update photo_stats set histogram[7] = 5").execute(&site.db).await.expect("a histogram");
    let mut rating = site.db.begin().await.expect("a transaction");
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
            let mut tx = db.begin().await.expect("a transaction");
            let recounted = recount(&mut tx, PhotoId(0), 100).await.expect("no error");
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
    assert_eq!(site.photo(photo).await.histogram, [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
}
