//! What all acts of moderators have in common: one at a time, a row with which to undo it, an entry in the audit log, and
//! the news.

use pawdium_queue::Enqueue as _;
use serde_json::{Value, json};
use sqlx::PgConnection;

use super::types::Topic;
use super::{Refusal, queries};
use crate::audit::{self, Action, Actor};
use crate::db::Tx;
use crate::events::Event;
use crate::ids::{HubId, TopicActId, TopicId};
use crate::jobs::topics::RewriteTags;
use crate::photos::Tag;
use crate::photos::tagging::TOPICS;

/// How many hubs an event names.
const HUBS: usize = 200;

/// Begins an act: from now on nobody else changes topics or tags a photo until the transaction ends. Users' rows come
/// first in the order of locks.
pub(super) async fn begin(db: &mut PgConnection, actor: Actor<'_>) -> sqlx::Result<()> {
    if let Actor::User { id, .. } = actor {
        sqlx::query!("select id from users where id = $1 for key share", id.0)
            .fetch_optional(&mut *db)
            .await?;
    }
    sqlx::query!("select pg_advisory_xact_lock($1, 0)", TOPICS).fetch_one(&mut *db).await?;
    // A topic may have hundreds of thousands of photos.
    sqlx::query!("select set_config('statement_timeout', '60s', true)").fetch_one(db).await?;
    Ok(())
}

/// The topic that a tag leads to, also if it is banned.
pub(super) async fn find(db: &mut PgConnection, tag: &Tag) -> Result<Topic, Refusal> {
    let root = sqlx::query_scalar!(
        r#"select coalesce(root_id, topics.id) as "id!: TopicId"
           from topic_keys join topics on topics.id = topic_id where topic_keys.key = $1"#,
        tag.key(),
    );
    let root = root.fetch_optional(&mut *db).await?;
    let root = root.ok_or_else(|| Refusal::NoTopic(tag.name().to_owned()))?;
    let topic = queries::topics_where!("where found.id = $1", root.0);
    Ok(topic.fetch_one(db).await?)
}

/// A kind of act, what it is about, and what was and is.
pub(super) struct Done<'a> {
    pub(super) act: &'static str,
    pub(super) action: Action,
    pub(super) topic: Option<TopicId>,
    pub(super) about: &'a str,
    pub(super) before: Value,
    pub(super) after: Value,
}

/// Records an act.
pub(super) async fn record(db: &mut Tx, actor: Actor<'_>, done: Done<'_>) -> sqlx::Result<TopicActId> {
    let id = sqlx::query_scalar!(
        r#"insert into topic_acts (actor, act, topic_id, about, before, after) values ($1, $2, $3, $4, $5, $6)
           returning id as "id: TopicActId""#,
        actor.name(),
        done.act,
        done.topic.map(|topic| topic.0),
        done.about,
        done.before,
        done.after,
    )
    .fetch_one(&mut *db)
    .await?;
    let detail = json!({ "act": id, "topic": done.topic, "about": done.about });
    audit::record(db, actor, done.action, &detail).await?;
    Ok(id)
}

/// Tells of topics that look or lead otherwise now, and has `photos.tags` follow, which search reads.
pub(super) async fn tell(db: &mut Tx, topics: Vec<TopicId>) -> sqlx::Result<()> {
    let hubs = sqlx::query_scalar!(
        r#"select distinct hub_id as "hub: HubId" from widgets where kind in ('topics', 'topic', 'badges')"#
    );
    let hubs = hubs.fetch_all(&mut *db).await?;
    let mut events = vec![Event::TopicsChanged { topics: topics.clone(), hubs: Vec::new() }];
    events.extend(
        hubs.chunks(HUBS).map(|hubs| Event::TopicsChanged { topics: Vec::new(), hubs: hubs.to_vec() }),
    );
    Event::record_all(db, events).await?;
    RewriteTags { topics }.enqueue(db).await?;
    Ok(())
}
