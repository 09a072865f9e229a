//! What moderators and reports take from everybody's sight, and what brings it back.

use pawdium_shared::accounts::{self, User};
use pawdium_shared::acts::Thing;
use pawdium_shared::db::Tx;
use pawdium_shared::ids::{ActId, CaseId, PhotoId, TalkId, UserId};
use pawdium_shared::moderation::blocked::{self, BlockOutcome, Reason};
use pawdium_shared::moderation::review::judge::{self, Decision};
use pawdium_shared::moderation::review::reports::{self, Bounds, NewReport};
use pawdium_shared::moderation::review::{self, Act, Category, ReportText, quarantine};
use pawdium_shared::moderation::sanctions::{
    self, Content, NewSanction, SanctionKind, Terms, impose, lift_all, settle,
};
use pawdium_shared::moderation::{self, Refusal, hiding, undo};
use pawdium_shared::photos::posting::{self, NotPosted, Remover};
use pawdium_shared::talks;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use super::{Changer, Operation};
use crate::world;

/// Reports hide a thing that weigh as much as one of somebody whom the site trusts. Their number has no limit.
const BOUNDS: Bounds = Bounds { per_hour: 0, to_hide: 1 };

impl Changer<'_> {
    async fn moderator(&self) -> sqlx::Result<User> {
        let mut db = self.world.db.acquire().await?;
        Ok(accounts::queries::find(&mut db, self.moderator).await?.expect("it stays"))
    }

    pub(super) async fn moderate(&mut self, operation: Operation, tx: &mut Tx) -> sqlx::Result<bool> {
        let moderator = self.moderator().await?;
        match operation {
            Operation::HidePhoto => {
                let Some(photo) = self.photo("live").await else { return Ok(false) };
                hidden(hiding::hide(tx, Thing::Photo(photo), moderator.actor(), &reason()).await)
            }
            Operation::BlockPicture => {
                let Some(photo) = self.photo("live").await else { return Ok(false) };
                let outcome = blocked::block(tx, moderator.actor(), photo, &reason()).await?;
                Ok(outcome != BlockOutcome::Gone)
            }
            Operation::RemovePhoto => {
                let Some(photo) = self.photo("live").await else { return Ok(false) };
                Ok(hiding::delete_photo(tx, photo, moderator.actor()).await?.is_some())
            }
            Operation::RemoveFromHub => self.remove_from_hub(tx, &moderator).await,
            Operation::RemoveTalk => {
                let Some(talk) = self.shown_talk().await else { return Ok(false) };
                hidden(hiding::hide(tx, Thing::Talk(talk), moderator.actor(), &reason()).await)
            }
            Operation::RemoveHub => {
                if self.world.ask::<i64>("select count(*) from hubs where slug is not null").await < 4 {
                    return Ok(false);
                }
                let hub = self.hub().await;
                hidden(hiding::hide(tx, Thing::Hub(hub), moderator.actor(), &reason()).await)
            }
            Operation::Report => self.report(tx).await,
            _ => self.dismiss(tx, &moderator).await,
        }
    }

    async fn shown_talk(&mut self) -> Option<TalkId> {
        self.pick("select id from talks where state = 'shown' order by id").await.map(TalkId)
    }

    async fn remove_from_hub(&mut self, tx: &mut Tx, moderator: &User) -> sqlx::Result<bool> {
        let hub = self.hub().await;
        let posted = format!("select photo_id from hub_photos where hub_id = {hub} order by photo_id");
        let Some(photo) = self.pick(&posted).await else { return Ok(false) };
        let remover = Remover { id: moderator.id, moderator: Some(moderator.actor()) };
        match posting::remove(tx, hub, PhotoId(photo), remover).await {
            Ok(()) => Ok(true),
            Err(NotPosted::Database(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Members report the same thing until it is hidden.
    async fn report(&mut self, tx: &mut Tx) -> sqlx::Result<bool> {
        let thing = match self.rng.random_range(0..4) {
            0 => self.shown_talk().await.map(moderation::Thing::Talk),
            1 => Some(moderation::Thing::Hub(self.hub().await)),
            _ => self.photo("live").await.map(moderation::Thing::Photo),
        };
        let Some(thing) = thing else { return Ok(false) };
        let text = ReportText::new("").expect("a text");
        let members = self.world.list("select id from users where role = 'member' order by id").await;
        for reporter in members.into_iter().map(UserId) {
            let report = NewReport { thing, reporter, category: Category::Spam, text: &text };
            match reports::file(tx, &report, &BOUNDS).await {
                Ok(_) if quarantine::is_quarantined(tx, thing).await? => return Ok(true),
                Err(review::Refusal::Database(error)) => return Err(error),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(false)
    }

    /// A moderator finds the reports of something to be wrong, which is shown again.
    async fn dismiss(&mut self, tx: &mut Tx, moderator: &User) -> sqlx::Result<bool> {
        let open = "select id from cases where state = 'open' and hidden_at is not null order by id";
        let Some(case) = self.pick(open).await.map(CaseId) else { return Ok(false) };
        self.store_all().await;
        let decision = Decision { act: Act::Dismiss, reason: None, closes: true, seen: None };
        match judge::judge(tx, &self.world.store, case, moderator, decision).await {
            Ok(_) => Ok(true),
            Err(review::Refusal::Database(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Puts every file into the store that a photo has.
    async fn store_all(&self) {
        for photo in self.world.list("select id from photos order by id").await.into_iter().map(PhotoId) {
            let pictures =
                format!("select coalesce(max(picture), 1::smallint) from photos where id = {photo}");
            let last: i16 = self.world.ask(&pictures).await;
            for (picture, edge) in (1..=last).flat_map(|picture| [1080, 540, 160].map(|edge| (picture, edge)))
            {
                let content = world::content(photo, picture, edge);
                self.world.store.put_picture(content.into()).await.expect("it is stored");
            }
        }
    }

    pub(super) async fn undo(&mut self) -> sqlx::Result<bool> {
        let acts = "select id from acts where undone_at is null and final_at is null order by id";
        let Some(act) = self.pick(acts).await.map(ActId) else { return Ok(false) };
        self.store_all().await;
        let moderator = self.moderator().await?;
        let undone = undo::undo(&self.world.db, &self.world.store, moderator.actor(), act).await;
        hidden(undone.map(Some))
    }

    /// Sanctions a member, and does what jobs do then.
    pub(super) async fn sanction(&mut self) -> sqlx::Result<bool> {
        let (user, moderator) = (self.member().await, self.moderator().await?);
        let now = chrono::Utc::now();
        let kind = [SanctionKind::Silence, SanctionKind::Suspend, SanctionKind::Ban];
        let kind = *kind.choose(&mut self.rng).expect("one");
        let terms = Terms::new(kind, Content::Hide, None, now);
        let Ok(terms) = terms else { return Ok(false) };
        let mut tx = self.world.begin().await;
        let new = NewSanction { user, terms, reason: reason(), case: None };
        match impose(&mut tx, moderator.actor(), &new).await {
            Ok(_) => tx.commit().await?,
            Err(sanctions::Refusal::Database(error)) => return Err(error),
            Err(_) => return Ok(false),
        }
        settled(settle::settle(&self.world.db, user).await)
    }

    /// Lifts the sanctions of a member, and gives back what they took.
    pub(super) async fn lift(&mut self) -> sqlx::Result<bool> {
        let sanctioned = "select distinct user_id from sanctions where lifted_at is null order by 1";
        let Some(user) = self.pick(sanctioned).await.map(UserId) else { return Ok(false) };
        let moderator = self.moderator().await?;
        let mut tx = self.world.begin().await;
        match lift_all(&mut tx, moderator.actor(), user).await {
            Ok(_) => tx.commit().await?,
            Err(sanctions::Refusal::Database(error)) => return Err(error),
            Err(_) => return Ok(false),
        }
        settled(settle::settle(&self.world.db, user).await)
    }
}

fn reason() -> Reason {
    Reason::new("To see what happens").expect("a reason")
}

/// Whether something was hidden or shown again.
fn hidden<T>(outcome: Result<Option<T>, Refusal>) -> sqlx::Result<bool> {
    match outcome {
        Ok(done) => Ok(done.is_some()),
        Err(Refusal::Database(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

fn settled(outcome: Result<(), talks::Refusal>) -> sqlx::Result<bool> {
    match outcome {
        Ok(()) => Ok(true),
        Err(talks::Refusal::Database(error)) => Err(error),
        Err(_) => Ok(false),
    }
}
