//! Random changes through the domain's own functions.

mod hubs;
mod moderation;
mod photos;
mod ratings;
mod talks;

use pawdium_shared::accounts::{self, Name};
use pawdium_shared::db::Tx;
use pawdium_shared::departures;
use pawdium_shared::hubs::about::{self, AboutLine};
use pawdium_shared::ids::{HubId, PhotoId, UserId};
use pawdium_shared::photos::{avatars, owner};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use strum::VariantArray as _;

use crate::world::World;

/// The kinds of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, strum::VariantArray)]
pub(crate) enum Operation {
    KeepDraft,
    PublishDraft,
    Submit,
    GoLive,
    Fail,
    Retry,
    Post,
    Unpost,
    Rate,
    RateAgain,
    TakeBack,
    RefreshRanks,
    Share,
    RefreshVirality,
    Recount,
    Rename,
    ShowPortrait,
    SayAboutOneself,
    DeletePhoto,
    EditPhoto,
    CropPhoto,
    RestorePhoto,
    DeleteAccount,
    Register,
    LogInAsAnother,
    Take,
    Drop,
    SetRole,
    Expel,
    Ask,
    Answer,
    ChangeHub,
    CreateHub,
    DeleteHub,
    AddWidget,
    ConfigureWidget,
    MoveWidget,
    RemoveWidget,
    OpenCall,
    ChangeCall,
    MoveCall,
    Pitch,
    EditTalk,
    WithdrawTalk,
    HideTalk,
    ApproveTalk,
    Vote,
    SetAside,
    HidePhoto,
    BlockPicture,
    RemovePhoto,
    RemoveFromHub,
    RemoveTalk,
    RemoveHub,
    Undo,
    Report,
    Dismiss,
    Sanction,
    Lift,
}

/// How often each is drawn, next to once.
const OFTEN: &[(Operation, usize)] = &[
    (Operation::Rate, 12),
    (Operation::RateAgain, 4),
    (Operation::TakeBack, 3),
    (Operation::ShowPortrait, 3),
    (Operation::Post, 8),
    (Operation::Submit, 4),
    (Operation::GoLive, 6),
    (Operation::Take, 6),
    (Operation::RefreshRanks, 4),
    (Operation::Share, 3),
    (Operation::RefreshVirality, 4),
    (Operation::SetRole, 3),
    (Operation::ChangeHub, 4),
    (Operation::ConfigureWidget, 10),
    (Operation::Rename, 3),
    (Operation::KeepDraft, 3),
    (Operation::EditPhoto, 4),
    (Operation::CropPhoto, 3),
    (Operation::RestorePhoto, 2),
    (Operation::PublishDraft, 2),
    (Operation::Ask, 6),
    (Operation::Answer, 6),
    (Operation::Fail, 3),
    (Operation::Retry, 3),
    (Operation::LogInAsAnother, 2),
    (Operation::OpenCall, 4),
    (Operation::MoveCall, 5),
    (Operation::Pitch, 8),
    (Operation::EditTalk, 2),
    (Operation::WithdrawTalk, 2),
    (Operation::HideTalk, 2),
    (Operation::ApproveTalk, 3),
    (Operation::Vote, 10),
    (Operation::SetAside, 5),
    (Operation::Expel, 3),
    (Operation::HidePhoto, 2),
    (Operation::RemoveFromHub, 2),
    (Operation::RemoveTalk, 2),
    (Operation::RemoveHub, 3),
    (Operation::CreateHub, 3),
    (Operation::Undo, 9),
    (Operation::Report, 3),
    (Operation::Dismiss, 3),
    (Operation::Sanction, 2),
    (Operation::Lift, 3),
];

const WORDS: &[&str] = &["blep", "sofa", "loaf", "tongue", "boop", "zoomies", "mlem"];

/// Makes changes, one at a time.
pub(crate) struct Changer<'a> {
    world: &'a World,
    rng: StdRng,
    /// Owns hubs and never goes away.
    founder: UserId,
    /// Does nothing at all.
    lurker: UserId,
    /// Does nothing but moderate.
    moderator: UserId,
    made: u32,
    /// How many widgets were configured.
    configured: usize,
}

impl<'a> Changer<'a> {
    pub(crate) fn new(
        world: &'a World,
        seed: u64,
        founder: UserId,
        lurker: UserId,
        moderator: UserId,
    ) -> Self {
        let rng = StdRng::seed_from_u64(seed);
        Self { world, rng, founder, lurker, moderator, made: 0, configured: 0 }
    }

    pub(crate) fn draw(&mut self) -> Operation {
        let times =
            |operation: &Operation| OFTEN.iter().find(|(often, _)| often == operation).map_or(1, |(_, n)| *n);
        let all: Vec<_> = Operation::VARIANTS
            .iter()
            .flat_map(|operation| std::iter::repeat_n(*operation, times(operation)))
            .collect();
        *all.choose(&mut self.rng).expect("there are some")
    }

    /// Tries an operation on random rows. Returns whether it was done: it may be refused, or nothing may be there.
    pub(crate) async fn run(&mut self, operation: Operation) -> sqlx::Result<bool> {
        self.made += 1;
        let mut tx = self.world.begin().await;
        let done = match operation {
            Operation::KeepDraft
            | Operation::PublishDraft
            | Operation::Submit
            | Operation::GoLive
            | Operation::Fail
            | Operation::Retry
            | Operation::DeletePhoto
            | Operation::EditPhoto
            | Operation::CropPhoto
            | Operation::RestorePhoto => self.change_photo(operation, &mut tx).await?,
            Operation::Post | Operation::Unpost => self.change_posted(operation, &mut tx).await?,
            Operation::Rate | Operation::RateAgain | Operation::TakeBack | Operation::LogInAsAnother => {
                self.change_ratings(operation, &mut tx).await?
            }
            Operation::RefreshRanks | Operation::Share | Operation::RefreshVirality | Operation::Recount => {
                self.refresh(operation, &mut tx).await?
            }
            Operation::Rename
            | Operation::ShowPortrait
            | Operation::SayAboutOneself
            | Operation::DeleteAccount
            | Operation::Register => self.change_account(operation, &mut tx).await?,
            Operation::Take
            | Operation::Drop
            | Operation::SetRole
            | Operation::Expel
            | Operation::Ask
            | Operation::Answer => self.change_roles(operation, &mut tx).await?,
            Operation::ChangeHub | Operation::CreateHub | Operation::DeleteHub => {
                self.change_hub(operation, &mut tx).await?
            }
            Operation::AddWidget
            | Operation::ConfigureWidget
            | Operation::MoveWidget
            | Operation::RemoveWidget => self.change_layout(operation, &mut tx).await?,
            Operation::OpenCall
            | Operation::ChangeCall
            | Operation::MoveCall
            | Operation::Pitch
            | Operation::EditTalk
            | Operation::WithdrawTalk
            | Operation::HideTalk
            | Operation::ApproveTalk
            | Operation::Vote
            | Operation::SetAside => self.change_calls(operation, &mut tx).await?,
            Operation::HidePhoto
            | Operation::BlockPicture
            | Operation::RemovePhoto
            | Operation::RemoveFromHub
            | Operation::RemoveTalk
            | Operation::RemoveHub
            | Operation::Report
            | Operation::Dismiss => self.moderate(operation, &mut tx).await?,
            // These have transactions of their own.
            Operation::Undo => self.undo().await?,
            Operation::Sanction => self.sanction().await?,
            Operation::Lift => self.lift().await?,
        };
        if done {
            tx.commit().await?;
        } else {
            tx.rollback().await?;
        }
        Ok(done)
    }

    async fn pick(&mut self, question: &str) -> Option<i64> {
        self.world.list(question).await.choose(&mut self.rng).copied()
    }

    async fn member(&mut self) -> UserId {
        let (lurker, moderator) = (self.lurker, self.moderator);
        let members = format!(
            "select id from users where name is not null and id not in ({lurker}, {moderator}) order by id"
        );
        UserId(self.pick(&members).await.expect("there are members"))
    }

    async fn hub(&mut self) -> HubId {
        HubId(
            self.pick("select id from hubs where slug is not null order by id")
                .await
                .expect("there are hubs"),
        )
    }

    async fn photo(&mut self, state: &str) -> Option<PhotoId> {
        self.pick(&format!("select id from photos where state = '{state}' order by id")).await.map(PhotoId)
    }

    fn words(&mut self) -> String {
        let count = self.rng.random_range(0..4);
        WORDS.sample(&mut self.rng, count).copied().collect::<Vec<_>>().join(", ")
    }

    async fn change_account(&mut self, operation: Operation, tx: &mut Tx) -> sqlx::Result<bool> {
        let name = Name::new(&format!("member{}", self.made)).expect("a name");
        match operation {
            Operation::Rename => {
                let member = self.member().await;
                owner::rename(tx, member, &name).await?;
                Ok(true)
            }
            Operation::ShowPortrait => {
                let (member, source) = (self.member().await, format!("incoming/{}", self.made));
                avatars::ask(tx, member, &source).await?;
                let key = format!("{:064}.jpg", self.made);
                avatars::claim(tx, member, &source, &key).await?;
                avatars::finish(tx, member, &source, &key).await
            }
            Operation::SayAboutOneself => {
                let (member, words) = (self.member().await, self.words());
                about::set(tx, member, &AboutLine::new(&words).expect("a line")).await
            }
            Operation::Register => {
                let email =
                    accounts::Email::new(&format!("member{}@example.org", self.made)).expect("an address");
                accounts::queries::register(tx, None, &name, &email, "no password").await?;
                Ok(true)
            }
            _ => {
                let member = self.member().await;
                if member == self.founder || self.world.ask::<i64>("select count(*) from users").await < 8 {
                    return Ok(false);
                }
                departures::delete(tx, member).await?;
                Ok(true)
            }
        }
    }

    /// Time passes without an event, and a hub falls idle.
    pub(crate) async fn sleep(&mut self) {
        let hub = self.hub().await;
        self.world
            .execute(&format!("update hubs set active_at = now() - interval '40 days' where id = {hub}"))
            .await;
    }
}
