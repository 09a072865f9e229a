//! Changes of photos, and of where they are posted.

use pawdium_shared::db::Tx;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::photos::transitions::{self, KeepOriginal};
use rand::seq::IndexedRandom as _;

use super::{Changer, Operation};
use crate::world;

impl Changer<'_> {
    pub(super) async fn change_photo(&mut self, operation: Operation, tx: &mut Tx) -> sqlx::Result<bool> {
        let (title, tags) = (format!("Photo {}", self.made), self.words());
        match operation {
            Operation::KeepDraft => {
                let owner = self.member().await;
                world::keep_draft(tx, owner, &title).await?;
                Ok(true)
            }
            Operation::Submit => {
                let owner = self.member().await;
                world::submit(tx, owner, &title, &tags).await?;
                Ok(true)
            }
            Operation::PublishDraft => {
                let Some(photo) = self.photo("draft").await else { return Ok(false) };
                let owner: i64 =
                    self.world.ask(&format!("select owner_id from photos where id = {photo}")).await;
                transitions::publish(tx, photo, UserId(owner)).await
            }
            Operation::GoLive => match self.photo("processing").await {
                Some(photo) => world::go_live(tx, photo).await,
                None => Ok(false),
            },
            Operation::Fail => match self.photo("processing").await {
                Some(photo) => transitions::fail(tx, photo, "It broke", KeepOriginal::Yes).await,
                None => Ok(false),
            },
            Operation::Retry => match self.photo("failed").await {
                Some(photo) => transitions::retry(tx, photo).await,
                None => Ok(false),
            },
            Operation::DeletePhoto => {
                let state =
                    ["live", "live", "live", "draft", "processing", "failed", "hidden"].choose(&mut self.rng);
                match self.photo(state.expect("a state")).await {
                    Some(photo) => transitions::delete(tx, photo).await,
                    None => Ok(false),
                }
            }
            _ => match self.photo("live").await {
                Some(photo) => transitions::hide(tx, photo).await,
                None => Ok(false),
            },
        }
    }

    pub(super) async fn change_posted(&mut self, operation: Operation, tx: &mut Tx) -> sqlx::Result<bool> {
        if operation == Operation::Unpost {
            let hub = self.hub().await;
            let posted = format!("select photo_id from hub_photos where hub_id = {hub} order by photo_id");
            return match self.pick(&posted).await {
                Some(photo) => world::unpost(tx, hub, PhotoId(photo)).await,
                None => Ok(false),
            };
        }
        let hub = self.hub().await;
        let postable = format!(
            "select photos.id from photos join hub_roles on user_id = owner_id
             where hub_id = {hub} and role in ('member', 'owner') and state in ('live', 'processing')
               and photos.id not in (select photo_id from hub_photos where hub_id = {hub}) order by photos.id"
        );
        let Some(photo) = self.pick(&postable).await else { return Ok(false) };
        let owner: i64 = self.world.ask(&format!("select owner_id from photos where id = {photo}")).await;
        world::post(tx, hub, PhotoId(photo), UserId(owner)).await
    }
}
