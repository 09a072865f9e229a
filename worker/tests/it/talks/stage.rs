//! A hub with a call, its owner and its voters.

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_kit::workers::transact;
use pawdium_shared::accounts::{RaterKey, User, queries};
use pawdium_shared::db::Tx;
use pawdium_shared::hubs::{self, HubName, HubRole, Joining, NewHub, Slug, Summary, Visibility, members};
use pawdium_shared::ids::{CallId, HubId, TalkId, UserId};
use pawdium_shared::talks::verify::{Verification, verify};
use pawdium_shared::talks::{
    Call, CallText, CallTitle, Description, NewCall, NewTalk, Phase, Refusal, TalkTitle, Times, Totals,
    Voted, Voter, Voters, VotesEach, calls, pitch, vote,
};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use crate::site::Site;

pub(super) struct Stage {
    pub(super) site: Site,
    pub(super) hub: HubId,
    pub(super) owner: User,
    pub(super) call: CallId,
}

pub(super) fn a_call() -> NewCall {
    NewCall {
        title: CallTitle::new("Lightning talks").expect("a title"),
        text: CallText::default(),
        times: Times { pitch_from: Some(Utc::now() - TimeDelta::minutes(1)), ..Times::default() },
        voters: Voters::Members,
        votes_each: None,
        totals: Totals::Hidden,
        blind: false,
        moderated: false,
    }
}

pub(super) fn a_talk(title: &str) -> NewTalk {
    NewTalk {
        title: TalkTitle::new(title).expect("a title"),
        description: Description::default(),
        photo: None,
    }
}

pub(super) fn voter(user: UserId) -> Voter {
    Voter { user, device: None, network: None, served: false }
}

/// A pool for as many connections as a busy site has.
pub(super) fn crowded(db: &PgPool) -> PgPool {
    PgPoolOptions::new().max_connections(30).connect_lazy_with((*db.connect_options()).clone())
}

impl Stage {
    /// A hub whose owner is `ada`, with a call in the phase of pitching.
    pub(super) async fn new(db: PgPool) -> Self {
        Self::with(db, a_call()).await
    }

    pub(super) async fn with(db: PgPool, call: NewCall) -> Self {
        let site = Site::new(db);
        let owner = site.member("ada").await;
        let owner = user(&site, owner).await;
        let new = NewHub {
            slug: Slug::new("cats").expect("a slug"),
            name: HubName::new("Cats").expect("a name"),
            summary: Summary::default(),
            joining: Joining::Open,
            visibility: Visibility::Public,
        };
        let (hub, call) = transact(&site.db, async |tx| {
            let hub = hubs::changes::create(tx, owner.id, &new).await.expect("it can be made");
            (hub, calls::create(tx, hub, &owner, &call).await.expect("it can be opened"))
        })
        .await;
        Self { site, hub, owner, call }
    }

    /// Makes a member of the hub.
    pub(super) async fn member(&self, name: &str) -> UserId {
        let user = self.site.member(name).await;
        let joined =
            transact(&self.site.db, async |tx| members::take(tx, self.hub, user, HubRole::Member).await);
        joined.await.expect("it is open");
        user
    }

    /// Makes many members of the hub at once, whose accounts are old.
    pub(super) async fn crowd(&self, size: i32) -> Vec<UserId> {
        let made: Vec<i64> = sqlx::query_scalar(
            "with made as (
                 insert into users (name, email, password_hash, rater_key, registered_at, created_at)
                 select 'voter' || n, 'voter' || n || '@example.org', 'no hash', n, now(), now() - interval '90 days'
                 from generate_series(1, $2) as n returning id
             ), joined as (
                 insert into hub_roles (hub_id, user_id, role) select $1, id, 'member' from made
             )
             select id from made order by id",
        )
        .bind(self.hub.0)
        .bind(size)
        .fetch_all(&self.site.db)
        .await
        .expect("they can be made");
        made.into_iter().map(UserId).collect()
    }

    /// Pitches a talk of a new member for each title.
    pub(super) async fn pitches<const N: usize>(&self, titles: [&str; N]) -> [TalkId; N] {
        let mut talks = Vec::new();
        for (index, title) in titles.into_iter().enumerate() {
            let author = self.member(&format!("author{index}")).await;
            talks.push(self.pitch(author, title).await.expect("it can be pitched"));
        }
        talks.try_into().expect("as many")
    }

    pub(super) async fn pitch(&self, author: UserId, title: &str) -> Result<TalkId, Refusal> {
        let mut tx = Tx::begin(&self.site.db).await.expect("a transaction");
        let talk = pitch::pitch(&mut tx, self.call, author, &a_talk(title)).await?;
        tx.commit().await?;
        Ok(talk)
    }

    pub(super) async fn move_to(&self, to: Phase) -> Call {
        let from = self.found().await.phase;
        let moved =
            transact(&self.site.db, async |tx| calls::move_to(tx, self.call, &self.owner, from, to).await);
        moved.await.expect("it can be moved on")
    }

    pub(super) async fn found(&self) -> Call {
        let mut db = self.site.db.acquire().await.expect("a connection");
        calls::find(&mut db, self.call).await.expect("no error").expect("it is there")
    }

    pub(super) async fn vote(&self, user: UserId, talk: TalkId) -> Result<Voted, Refusal> {
        set_in(&self.site.db, &voter(user), talk, true).await
    }

    pub(super) async fn verify(&self) -> Verification {
        let mut db = self.site.db.acquire().await.expect("a connection");
        verify(&mut db, self.call).await.expect("it can be checked")
    }

    /// Votes and guests' votes of a talk.
    pub(super) async fn counts(&self, talk: TalkId) -> (i32, i32) {
        sqlx::query_as("select votes, guest_votes from talks where id = $1")
            .bind(talk.0)
            .fetch_one(&self.site.db)
            .await
            .expect("it is there")
    }

    pub(super) async fn sql(&self, statement: &'static str) -> u64 {
        sqlx::query(statement).execute(&self.site.db).await.expect("it can be done").rows_affected()
    }

    /// The details of audited acts.
    pub(super) async fn audited(&self, action: &str) -> Vec<(String, serde_json::Value)> {
        sqlx::query_as("select actor, detail from audit_log where action = $1 order by id")
            .bind(action)
            .fetch_all(&self.site.db)
            .await
            .expect("it can be read")
    }
}

pub(super) async fn user(site: &Site, user: UserId) -> User {
    let mut db = site.db.acquire().await.expect("a connection");
    queries::find(&mut db, user).await.expect("no error").expect("it is there")
}

pub(super) async fn visitor(site: &Site) -> UserId {
    let mut db = site.db.acquire().await.expect("a connection");
    queries::insert_anonymous(&mut db, RaterKey::generate(), None).await.expect("no error")
}

/// Votes in a transaction, as a request does.
pub(super) async fn set_in(db: &PgPool, voter: &Voter, talk: TalkId, wanted: bool) -> Result<Voted, Refusal> {
    let mut tx = Tx::begin(db).await?;
    let voted = vote::set(&mut tx, talk, voter, wanted).await?;
    tx.commit().await?;
    Ok(voted)
}

pub(super) fn votes_each(votes: i64) -> VotesEach {
    VotesEach::new(votes).expect("few")
}

pub(super) fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}
