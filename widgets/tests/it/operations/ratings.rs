//! Ratings, and what the worker makes of them.

use pawdium_shared::accounts::{self, RaterKey};
use pawdium_shared::db::Tx;
use pawdium_shared::departures;
use pawdium_shared::events::Event;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::ranking::virality::Moment;
use pawdium_shared::ranking::{refresh, sharing, weighing};
use pawdium_shared::ratings::cast;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use super::{Changer, Operation};
use crate::world;

impl Changer<'_> {
    pub(super) async fn change_ratings(&mut self, operation: Operation, tx: &mut Tx) -> sqlx::Result<bool> {
        let value = self.rng.random_range(1..=10);
        match operation {
            Operation::Rate => {
                let (rater, photo) = (self.member().await, self.photo("live").await);
                let Some(photo) = photo else { return Ok(false) };
                world::rate(tx, photo, rater, value, true).await
            }
            Operation::RateAgain | Operation::TakeBack => {
                let lurker = self.lurker;
                let rated = format!(
                    "select photo_id from ratings join photos on id = photo_id
                     where state = 'live' and rater_id <> {lurker} order by photo_id, rater_id"
                );
                let Some(photo) = self.pick(&rated).await else { return Ok(false) };
                let raters =
                    format!("select rater_id from ratings where photo_id = {photo} order by rater_id");
                let rater = UserId(self.pick(&raters).await.expect("a rater"));
                if operation == Operation::TakeBack {
                    return cast::take_back(tx, PhotoId(photo), rater).await;
                }
                world::rate(tx, PhotoId(photo), rater, value, false).await
            }
            // Somebody rates and saves a draft without an account, and then logs in to one.
            _ => {
                let key = RaterKey(i64::from(self.made) + 1_000_000);
                let account = self.member().await;
                let anonymous = accounts::queries::insert_anonymous(tx, key, None).await?;
                for _ in 0..3 {
                    if let Some(photo) = self.photo("live").await {
                        world::rate(tx, photo, anonymous, value, true).await?;
                    }
                }
                world::keep_draft(tx, anonymous, &format!("Photo {}", self.made)).await?;
                departures::merge(tx, anonymous, account).await?;
                Ok(true)
            }
        }
    }

    /// What the worker's handlers do.
    pub(super) async fn refresh(&mut self, operation: Operation, tx: &mut Tx) -> sqlx::Result<bool> {
        match operation {
            Operation::RefreshRanks => {
                let stale = weighing::list_stale(tx).await?;
                weighing::weigh_photos(tx, &stale).await?;
                let moved = refresh::list_moved(tx).await?;
                refresh::write_moved(tx, &moved).await?;
                let species = moved.iter().map(|moved| moved.species).collect();
                let photos = moved.iter().filter(|moved| moved.rescored).map(|moved| moved.photo).collect();
                Event::record_all(
                    tx,
                    vec![Event::RanksMoved { species, photos: Vec::new() }, Event::ScoresMoved { photos }],
                )
                .await?;
                Ok(!moved.is_empty())
            }
            Operation::Share => {
                let Some(photo) = self.photo("live").await else { return Ok(false) };
                let moment =
                    *[Moment::View, Moment::Share, Moment::LinkView].choose(&mut self.rng).expect("one");
                sharing::record(tx, photo, moment, &self.made.to_be_bytes()).await?;
                Ok(true)
            }
            Operation::RefreshVirality => {
                let photos = refresh::fold_moments(tx).await?;
                let is_any = !photos.is_empty();
                Event::ViralityMoved { photos }.record(tx).await?;
                Ok(is_any)
            }
            _ => {
                let Some(photo) = self.photo("live").await else { return Ok(false) };
                sqlx::query("update photo_stats set histogram[3] = histogram[3] + 1 where photo_id = $1")
                    .bind(photo.0)
                    .execute(&mut *tx)
                    .await?;
                Event::PhotoRated { photo }.record(tx).await?;
                Ok(true)
            }
        }
    }

    /// Records ratings from before the changes began.
    pub(crate) async fn rates(&mut self, photos: &[PhotoId], raters: &[UserId]) {
        for photo in photos {
            for rater in raters {
                let value = self.rng.random_range(1..=10);
                self.world.rate(*photo, *rater, value).await;
            }
        }
    }
}
