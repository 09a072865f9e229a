//! What moderators do to topics.

use serde_json::json;
use sqlx::PgConnection;

use super::act::{Done, begin, find, record, tell};
use super::refusal::{Refusal, read};
use crate::audit::{Action, Actor};
use crate::db::Tx;
use crate::ids::{TopicActId, TopicId};

/// Gives a topic another name. The former one redirects.
pub async fn rename(db: &mut Tx, actor: Actor<'_>, topic: &str, name: &str) -> Result<TopicActId, Refusal> {
    let (topic, name) = (read(topic)?, read(name)?);
    begin(db, actor).await?;
    let topic = find(db, &topic).await?;
    if topic.name == name.name() {
        return Err(Refusal::Already);
    }
    let is_new_key = claim(db, name.key(), topic.id).await?;
    sqlx::query!("update topics set key = $2, name = $3 where id = $1", topic.id.0, name.key(), name.name())
        .execute(&mut **db)
        .await?;
    let done = Done {
        act: "rename",
        action: Action::RenameTopic,
        topic: Some(topic.id),
        about: &format!("Renamed “{}” to “{}”", topic.name, name.name()),
        before: json!({ "key": topic.key, "name": topic.name }),
        after: json!({ "key": name.key(), "name": name.name(), "is_new_key": is_new_key }),
    };
    let act = record(db, actor, done).await?;
    let below = list_below(db, topic.id).await?;
    tell(db, below).await?;
    Ok(act)
}

/// Lets another word lead to a topic.
pub async fn alias(db: &mut Tx, actor: Actor<'_>, topic: &str, alias: &str) -> Result<TopicActId, Refusal> {
    let (topic, alias) = (read(topic)?, read(alias)?);
    begin(db, actor).await?;
    let topic = find(db, &topic).await?;
    if !claim(db, alias.key(), topic.id).await? {
        return Err(Refusal::Already);
    }
    let done = Done {
        act: "alias",
        action: Action::AliasTopic,
        topic: Some(topic.id),
        about: &format!("Let “{}” lead to “{}”", alias.name(), topic.name),
        before: json!({}),
        after: json!({ "key": alias.key() }),
    };
    let act = record(db, actor, done).await?;
    tell(db, vec![topic.id]).await?;
    Ok(act)
}

/// Merges a topic into another. All that led to it leads there.
pub async fn merge(db: &mut Tx, actor: Actor<'_>, topic: &str, into: &str) -> Result<TopicActId, Refusal> {
    let (topic, into) = (read(topic)?, read(into)?);
    begin(db, actor).await?;
    let (topic, into) = (find(db, &topic).await?, find(db, &into).await?);
    if topic.id == into.id {
        return Err(Refusal::Itself);
    }
    sqlx::query!("update topics set merged_into = $2, root_id = $2 where id = $1", topic.id.0, into.id.0)
        .execute(&mut **db)
        .await?;
    let done = Done {
        act: "merge",
        action: Action::MergeTopics,
        topic: Some(topic.id),
        about: &format!("Merged “{}” into “{}”", topic.name, into.name),
        before: json!({}),
        after: json!({ "into": into.id }),
    };
    let act = record(db, actor, done).await?;
    let mut moved = lead(db, topic.id, into.id).await?;
    moved.push(into.id);
    tell(db, moved).await?;
    Ok(act)
}

/// Bans a topic: it has no page, and no photo shows it. What is merged into it goes with it.
pub async fn ban(db: &mut Tx, actor: Actor<'_>, topic: &str) -> Result<TopicActId, Refusal> {
    let topic = read(topic)?;
    begin(db, actor).await?;
    let topic = find(db, &topic).await?;
    let banned =
        sqlx::query!("update topics set banned_at = now() where id = $1 and banned_at is null", topic.id.0)
            .execute(&mut **db)
            .await?;
    if banned.rows_affected() == 0 {
        return Err(Refusal::Already);
    }
    let done = Done {
        act: "ban",
        action: Action::BanTopic,
        topic: Some(topic.id),
        about: &format!("Banned “{}”", topic.name),
        before: json!({}),
        after: json!({}),
    };
    let act = record(db, actor, done).await?;
    let below = list_below(db, topic.id).await?;
    tell(db, below).await?;
    Ok(act)
}

/// Lets a key lead to a topic. Returns false if it does already.
pub(super) async fn claim(db: &mut PgConnection, key: &str, topic: TopicId) -> Result<bool, Refusal> {
    let claimed = sqlx::query!(
        "insert into topic_keys (key, topic_id) values ($1, $2) on conflict (key) do nothing",
        key,
        topic.0
    );
    if claimed.execute(&mut *db).await?.rows_affected() == 1 {
        return Ok(true);
    }
    let leads_to =
        sqlx::query_scalar!(r#"select topic_id as "topic: TopicId" from topic_keys where key = $1"#, key);
    match leads_to.fetch_one(db).await? {
        known if known == topic => Ok(false),
        _ => Err(Refusal::Taken(key.to_owned())),
    }
}

/// A topic and all that is merged into it.
pub(super) async fn list_below(db: &mut PgConnection, topic: TopicId) -> sqlx::Result<Vec<TopicId>> {
    sqlx::query_scalar!(
        r#"with recursive below as (
               select id from topics where id = $1
               union all select topics.id from topics join below on topics.merged_into = below.id
           )
           select id as "id!: TopicId" from below order by id"#,
        topic.0,
    )
    .fetch_all(db)
    .await
}

/// Lets a topic and all that is merged into it lead to `root`, with the photos that were tagged with them. Returns these
/// topics.
pub(super) async fn lead(db: &mut PgConnection, topic: TopicId, root: TopicId) -> sqlx::Result<Vec<TopicId>> {
    let below = list_below(db, topic).await?;
    let ids: Vec<_> = below.iter().map(|topic| topic.0).collect();
    sqlx::query!("update topics set root_id = nullif($2, id) where id = any($1)", &ids, root.0)
        .execute(&mut *db)
        .await?;
    sqlx::query!(
        "update taggings set topic_id = $2 where written_id = any($1) and topic_id <> $2",
        &ids,
        root.0,
    )
    .execute(&mut *db)
    .await?;
    // Of several tags that lead to the same topic the first one counts.
    sqlx::query!(
        "update taggings set doubled = placed.doubled
         from (select photo_id, written_id,
                      row_number() over (partition by photo_id, topic_id order by place, written_id) > 1 as doubled
               from taggings where photo_id in (select photo_id from taggings where written_id = any($1))) as placed
         where taggings.photo_id = placed.photo_id and taggings.written_id = placed.written_id
           and taggings.doubled <> placed.doubled",
        &ids,
    )
    .execute(db)
    .await?;
    Ok(below)
}
