//! Changes of photos, and of where they are posted.

use pawdium_media::{Crop, Limits};
use pawdium_shared::db::Tx;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::photos::crops::{self, Finished};
use pawdium_shared::photos::edits::{self, Basis, Change};
use pawdium_shared::photos::transitions::{self, KeepOriginal};
use pawdium_shared::photos::{NotChanged, Picture, Species, Tags, Title, drafts, revisions};
use pawdium_shared::store::MediaKey;
use rand::seq::IndexedRandom as _;

use super::{Changer, Operation};
use crate::world;

/// Whether something was done. A refusal is none of the errors that end a test.
fn done(result: Result<(), NotChanged>) -> sqlx::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(NotChanged::Database(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

/// What the job does that makes a crop.
async fn show_crop(tx: &mut Tx, photo: PhotoId) -> sqlx::Result<bool> {
    let Some(pending) = crops::find(tx, photo).await? else { return Ok(false) };
    let picture = |edge: u16| {
        let key = MediaKey::of(&world::content(photo, pending.picture, edge)).as_str().to_owned();
        (edge, Picture { key, width: edge.into(), height: edge.into(), bytes: 1000 })
    };
    let files = [1080, 540, 160].map(picture);
    let hash = "1QcSHQRnh493V4dIh4eXh1h4kJUI";
    assert!(crops::name(tx, photo, &pending, &files, hash, None).await?);
    Ok(crops::finish(tx, photo, &pending).await? == Finished::Shown)
}

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
                done(drafts::publish(tx, photo, UserId(owner)).await)
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
            Operation::EditPhoto => {
                let species = *[Species::Cat, Species::Dog].choose(&mut self.rng).expect("one");
                let change = Change {
                    title: Some(Title::new(&title).expect("a title")),
                    tags: Some(Tags::new(&tags).expect("tags")),
                    species: Some(species),
                    ..Change::default()
                };
                self.edit(tx, &change).await.map(|edited| edited.is_some())
            }
            Operation::CropPhoto => {
                let crop = Crop { x: 0, y: 0, side: 300 + self.made };
                let change = Change { crop: Some(crop), ..Change::default() };
                match self.edit(tx, &change).await? {
                    Some(photo) => show_crop(tx, photo).await,
                    None => Ok(false),
                }
            }
            _ => {
                let Some(photo) = self.pick("select photo_id from photo_revisions order by 1").await else {
                    return Ok(false);
                };
                let owner: i64 =
                    self.world.ask(&format!("select owner_id from photos where id = {photo}")).await;
                let number: i32 = self
                    .world
                    .ask(&format!("select max(number) from photo_revisions where photo_id = {photo}"))
                    .await;
                done(revisions::restore(tx, PhotoId(photo), UserId(owner), number).await)
            }
        }
    }

    /// Changes a live photo for its owner.
    async fn edit(&mut self, tx: &mut Tx, change: &Change) -> sqlx::Result<Option<PhotoId>> {
        let Some(photo) = self.photo("live").await else { return Ok(None) };
        let owner: i64 = self.world.ask(&format!("select owner_id from photos where id = {photo}")).await;
        let limits = Limits::default();
        let basis = Basis { version: None, original: None, limits: &limits };
        let edited = edits::change(tx, photo, UserId(owner), change, basis).await;
        Ok(done(edited)?.then_some(photo))
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
