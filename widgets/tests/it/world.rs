//! Members, hubs, photos and widgets, made by the domain's own functions.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_shared::accounts::{self, Email, Name, RaterKey, Role, queries};
use pawdium_shared::config::MediaConfig;
use pawdium_shared::db::{Db, Tx};
use pawdium_shared::events::Event;
use pawdium_shared::hubs::activity::{self, Verb};
use pawdium_shared::hubs::{
    self, Hub, HubName, HubRole, Joining, NewHub, Refusal, Slug, Summary, Visibility, changes, members,
};
use pawdium_shared::ids::{CallId, HubId, PhotoId, TalkId, UserId, WidgetId};
use pawdium_shared::photos::transitions::{self, StoredOriginal};
use pawdium_shared::photos::{self, Alt, Draft, Picture, Species, Tags, Title};
use pawdium_shared::ratings::queries::{Given, NotRecorded};
use pawdium_shared::ratings::{self, Ballot, Derpiness, Lane};
use pawdium_shared::store::{MediaKey, MediaStore};
use pawdium_shared::talks::{
    self, CallText, CallTitle, Description, NewCall, NewTalk, Phase, TalkTitle, Times, Totals, Voter, Voters,
    calls, pitch,
};
use pawdium_widgets::layout::{self, Change, Placed, Spot};
use pawdium_widgets::{Columns, KINDS, Kind, Side, Viewer};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgPool};
use tempfile::TempDir;
use url::Url;

/// The key of an original that doesn't exist.
const ORIGINAL: StoredOriginal<'static> = StoredOriginal { key: "original", bytes: 1_000_000 };

#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) pool: PgPool,
    pub(crate) db: Db,
    pub(crate) store: MediaStore,
    /// Where the store is.
    _folder: Arc<TempDir>,
}

impl World {
    pub(crate) fn new(pool: PgPool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let url = Url::from_directory_path(folder.path()).expect("an absolute path");
        let store = MediaStore::open(&MediaConfig { store: url, ..MediaConfig::default() }).expect("a store");
        Self { db: Db::from(pool.clone()), pool, store, _folder: Arc::new(folder) }
    }

    pub(crate) async fn begin(&self) -> Tx {
        Tx::begin(&self.pool).await.expect("a transaction")
    }

    pub(crate) async fn member(&self, name: &str) -> UserId {
        let (checked, email) = (Name::new(name), Email::new(&format!("{name}@example.org")));
        let (checked, email) = (checked.expect("a name"), email.expect("an address"));
        let mut db = self.db.acquire().await.expect("a connection");
        queries::register(&mut db, None, &checked, &email, "no password").await.expect("it is new")
    }

    pub(crate) async fn admin(&self, name: &str) -> UserId {
        let admin = self.member(name).await;
        let mut db = self.db.acquire().await.expect("a connection");
        queries::set_role(&mut db, admin, Role::Admin).await.expect("it is set");
        admin
    }

    pub(crate) async fn hub(&self, owner: UserId, slug: &str) -> HubId {
        let new = NewHub {
            slug: Slug::new(slug).expect("a slug"),
            name: HubName::new(&format!("All about {slug}")).expect("a name"),
            summary: Summary::new("What it is").expect("a summary"),
            joining: Joining::Open,
            visibility: Visibility::Public,
        };
        let mut tx = self.begin().await;
        let hub = changes::create(&mut tx, owner, &new).await.expect("it is created");
        tx.commit().await.expect("a commit");
        hub
    }

    pub(crate) async fn find_hub(&self, hub: HubId) -> Hub {
        let mut db = self.db.acquire().await.expect("a connection");
        hubs::queries::find(&mut db, hub).await.expect("an answer").expect("a hub")
    }

    pub(crate) async fn profile(&self, member: UserId) -> HubId {
        let hub: i64 = self.ask(&format!("select id from hubs where profile_of = {member}")).await;
        HubId(hub)
    }

    pub(crate) async fn join(&self, hub: HubId, user: UserId, role: HubRole) {
        let mut tx = self.begin().await;
        members::take(&mut tx, hub, user, role).await.expect("they may");
        tx.commit().await.expect("a commit");
    }

    pub(crate) async fn photo(&self, owner: UserId, title: &str, tags: &str) -> PhotoId {
        let mut tx = self.begin().await;
        let photo =
            transitions::submit(&mut tx, owner, &draft(title, tags), ORIGINAL).await.expect("a photo");
        assert!(go_live(&mut tx, photo).await.expect("no error"), "it goes live");
        tx.commit().await.expect("a commit");
        photo
    }

    pub(crate) async fn keep_draft(&self, owner: UserId, title: &str) -> PhotoId {
        let mut tx = self.begin().await;
        let kept = transitions::keep_draft(&mut tx, owner, &draft(title, "blep"), Some(ORIGINAL)).await;
        tx.commit().await.expect("a commit");
        kept.expect("a draft")
    }

    pub(crate) async fn post(&self, hub: HubId, photo: PhotoId, actor: UserId) {
        let mut tx = self.begin().await;
        assert!(post(&mut tx, hub, photo, actor).await.expect("no error"));
        tx.commit().await.expect("a commit");
    }

    pub(crate) async fn rate(&self, photo: PhotoId, rater: UserId, value: i64) -> bool {
        let mut tx = self.begin().await;
        let recorded = rate(&mut tx, photo, rater, value, true).await.expect("no error");
        tx.commit().await.expect("a commit");
        recorded
    }

    /// Opens a call with talks, and lets voting begin until tomorrow.
    pub(crate) async fn call(
        &self,
        hub: HubId,
        owner: UserId,
        totals: Totals,
        talks: &[(UserId, &str)],
    ) -> (CallId, Vec<TalkId>) {
        let mut tx = self.begin().await;
        let owner = accounts::queries::find(&mut tx, owner).await.expect("an answer").expect("a user");
        let new = new_call("A call", totals, Utc::now());
        let call = calls::create(&mut tx, hub, &owner, &new).await.expect("it is opened");
        let mut pitched = Vec::new();
        for (author, title) in talks {
            pitched
                .push(pitch::pitch(&mut tx, call, *author, &new_talk(title)).await.expect("it is pitched"));
        }
        calls::move_to(&mut tx, call, &owner, Phase::Pitch, Phase::Voting).await.expect("voting begins");
        tx.commit().await.expect("a commit");
        (call, pitched)
    }

    pub(crate) async fn move_call(&self, call: CallId, owner: UserId, from: Phase, to: Phase) {
        let mut tx = self.begin().await;
        let owner = accounts::queries::find(&mut tx, owner).await.expect("an answer").expect("a user");
        calls::move_to(&mut tx, call, &owner, from, to).await.expect("it moves");
        tx.commit().await.expect("a commit");
    }

    pub(crate) async fn vote(&self, talk: TalkId, voter: UserId) -> bool {
        let mut tx = self.begin().await;
        let voted = vote(&mut tx, talk, voter).await.expect("no error");
        tx.commit().await.expect("a commit");
        voted
    }

    pub(crate) async fn connect(&self) -> sqlx::pool::PoolConnection<sqlx::Postgres> {
        self.pool.acquire().await.expect("a connection")
    }

    /// Puts a widget of each kind on a page to which it can be added, as far as there is none.
    pub(crate) async fn add_all_kinds(&self, hub: HubId) {
        let (placed, page) = (self.placed(hub).await, self.find_hub(hub).await);
        let is_missing = |kind: &&Kind| !placed.iter().any(|placed| placed.kind == kind.name);
        for kind in KINDS.iter().filter(|kind| kind.pages.allow(&page)).filter(is_missing) {
            self.add(hub, kind, &first_config(kind)).await;
        }
    }

    pub(crate) async fn add(&self, hub: HubId, kind: &Kind, config: &Value) -> WidgetId {
        let side = if kind.columns == Columns::Left { Side::Left } else { Side::Right };
        let config = kind.check(config).expect("a good configuration");
        let mut tx = self.begin().await;
        let spot = Spot { side, position: None };
        let owner = self.owner(hub).await.expect("the hub has an owner");
        let add = Change::Add { kind: kind.name.to_owned(), spot, config };
        let added = layout::change(&mut tx, hub, owner, None, &add).await.expect("it is added");
        tx.commit().await.expect("a commit");
        added
    }

    pub(crate) async fn owner(&self, hub: HubId) -> Option<UserId> {
        let owner = format!(
            "select user_id from hub_roles where hub_id = {hub} and role = 'owner' order by since limit 1"
        );
        sqlx::query_scalar(AssertSqlSafe(owner))
            .fetch_optional(&*self.db)
            .await
            .expect("an answer")
            .map(UserId)
    }

    pub(crate) async fn placed(&self, hub: HubId) -> Vec<Placed> {
        layout::list(&mut self.db.acquire().await.expect("a connection"), hub).await.expect("a list")
    }

    pub(crate) async fn viewer(&self, hub: HubId, user: UserId) -> Viewer {
        let mut db = self.db.acquire().await.expect("a connection");
        let roles = hubs::queries::list_roles(&mut db, hub, user).await.expect("a list");
        Viewer { user: Some(user), key: RaterKey(user.0 * 7919), roles, ..Viewer::nobody() }
    }

    /// Loads and renders a widget.
    pub(crate) async fn show(
        &self,
        hub: HubId,
        kind: &Kind,
        config: &Value,
        viewer: &Viewer,
    ) -> Option<String> {
        let hub = Arc::new(self.find_hub(hub).await);
        let mut db = self.db.acquire().await.expect("a connection");
        let data = kind.load(config, &hub, viewer, &mut db).await;
        let data = data.unwrap_or_else(|error| panic!("{} doesn't load: {error:#}", kind.name));
        kind.render(&data).unwrap_or_else(|error| panic!("{} isn't rendered: {error:#}", kind.name))
    }

    pub(crate) async fn execute(&self, statement: &str) {
        sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&self.pool).await.expect(statement);
    }

    pub(crate) async fn ask<T>(&self, question: &str) -> T
    where
        T: Send + Unpin + sqlx::Type<sqlx::Postgres> + for<'r> sqlx::Decode<'r, sqlx::Postgres>,
    {
        sqlx::query_scalar(sqlx::AssertSqlSafe(question)).fetch_one(&self.pool).await.expect(question)
    }

    pub(crate) async fn list(&self, question: &str) -> Vec<i64> {
        sqlx::query_scalar(sqlx::AssertSqlSafe(question)).fetch_all(&self.pool).await.expect(question)
    }
}

pub(crate) fn draft(title: &str, tags: &str) -> Draft {
    Draft {
        title: Title::new(title).expect("a title"),
        alt: Alt::new("It looks into the camera").expect("a text"),
        species: Species::Cat,
        tags: Tags::new(tags).expect("tags"),
        crop: None,
        allowed: photos::Allowed::default(),
    }
}

/// A call in which members pitch, with times for all later phases.
pub(crate) fn new_call(title: &str, totals: Totals, now: DateTime<Utc>) -> NewCall {
    NewCall {
        title: CallTitle::new(title).expect("a title"),
        text: CallText::new("").expect("a text"),
        times: Times {
            pitch_from: Some(now - TimeDelta::hours(1)),
            voting_from: Some(now + TimeDelta::hours(12)),
            closes_at: Some(now + TimeDelta::hours(24)),
            announced_at: Some(now + TimeDelta::hours(48)),
        },
        voters: Voters::Members,
        votes_each: None,
        totals,
        blind: false,
        moderated: false,
    }
}

pub(crate) fn new_talk(title: &str) -> NewTalk {
    NewTalk {
        title: TalkTitle::new(title).expect("a title"),
        description: Description::new("What it is about").expect("a text"),
        photo: None,
    }
}

/// Votes for a talk, or takes the vote back.
pub(crate) async fn vote(tx: &mut Tx, talk: TalkId, voter: UserId) -> sqlx::Result<bool> {
    let voter = Voter { user: voter, device: None, network: None, served: true };
    asked(talks::vote::toggle(tx, talk, &voter).await)
}

/// Whether a change of a call was made, or refused by the domain's rules.
pub(crate) fn asked<T>(outcome: Result<T, talks::Refusal>) -> sqlx::Result<bool> {
    match outcome {
        Ok(_) => Ok(true),
        Err(talks::Refusal::Database(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

pub(crate) async fn submit(tx: &mut Tx, owner: UserId, title: &str, tags: &str) -> sqlx::Result<PhotoId> {
    transitions::submit(tx, owner, &draft(title, tags), ORIGINAL).await
}

pub(crate) async fn keep_draft(tx: &mut Tx, owner: UserId, title: &str) -> sqlx::Result<PhotoId> {
    transitions::keep_draft(tx, owner, &draft(title, "blep"), Some(ORIGINAL)).await
}

/// What is in a file of a photo's picture.
pub(crate) fn content(photo: PhotoId, picture: i16, edge: u16) -> Vec<u8> {
    format!("{photo}-{picture}-{edge}").into_bytes()
}

pub(crate) async fn go_live(tx: &mut Tx, photo: PhotoId) -> sqlx::Result<bool> {
    let picture = |edge: u16| {
        let key = MediaKey::of(&content(photo, 1, edge)).as_str().to_owned();
        (edge, Picture { key, width: edge.into(), height: edge.into(), bytes: 1000 })
    };
    let pictures = [1080, 540, 160].map(picture);
    transitions::go_live(tx, photo, &pictures, "1QcSHQRnh493V4dIh4eXh1h4kJUI", None).await
}

pub(crate) async fn post(tx: &mut Tx, hub: HubId, photo: PhotoId, actor: UserId) -> sqlx::Result<bool> {
    let posted =
        sqlx::query("insert into hub_photos (hub_id, photo_id) values ($1, $2) on conflict do nothing")
            .bind(hub.0)
            .bind(photo.0)
            .execute(&mut *tx)
            .await?;
    if posted.rows_affected() == 0 {
        return Ok(false);
    }
    activity::record(tx, hub, Verb::Posted, Some(actor), Some(photo)).await?;
    Event::PhotoPosted { hub, photo }.record(tx).await?;
    Ok(true)
}

pub(crate) async fn unpost(tx: &mut Tx, hub: HubId, photo: PhotoId) -> sqlx::Result<bool> {
    let removed = sqlx::query("delete from hub_photos where hub_id = $1 and photo_id = $2")
        .bind(hub.0)
        .bind(photo.0)
        .execute(&mut *tx)
        .await?;
    sqlx::query("delete from activity where hub_id = $1 and photo_id = $2 and verb = 'posted'")
        .bind(hub.0)
        .bind(photo.0)
        .execute(&mut *tx)
        .await?;
    Event::PhotoPosted { hub, photo }.record(tx).await?;
    Ok(removed.rows_affected() > 0)
}

/// Rates a photo, the first time with a ballot.
pub(crate) async fn rate(
    tx: &mut Tx,
    photo: PhotoId,
    rater: UserId,
    value: i64,
    with_ballot: bool,
) -> sqlx::Result<bool> {
    let value = Derpiness::try_from(value).expect("1 to 10");
    let issued_at = Utc::now() - TimeDelta::seconds(1);
    let picture = photos::queries::find(tx, photo).await?.map_or(1, |photo| photo.picture);
    let ballot = Ballot { photo, picture, rater: RaterKey(0), lane: Lane::Random, issued_at };
    let given = Given { photo, rater, value, ballot: with_ballot.then_some(ballot) };
    match ratings::queries::record(tx, given).await {
        Ok(()) => Ok(true),
        Err(NotRecorded::Database(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

/// Whether a change was made, or refused by the domain's rules.
pub(crate) fn made<T>(outcome: Result<T, Refusal>) -> sqlx::Result<bool> {
    match outcome {
        Ok(_) => Ok(true),
        Err(Refusal::Database(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

/// The configuration of a new widget: the defaults, or a topic that photos have.
pub(crate) fn first_config(kind: &Kind) -> Value {
    if kind.name == "topic" { json!({ "topic": "sofa" }) } else { json!({}) }
}
