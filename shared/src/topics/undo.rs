//! Taking back what moderators did.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Refusal;
use super::act::{begin, tell};
use super::acts::{lead, list_below};
use super::sections::{self, Stored};
use super::types::Act;
use crate::audit::{self, Action, Actor};
use crate::db::Tx;
use crate::ids::{TopicActId, TopicId};

#[derive(Deserialize)]
struct Renaming {
    key: String,
    name: String,
    #[serde(default)]
    is_new_key: bool,
}

/// Lists acts, the latest first.
pub async fn list(db: &mut sqlx::PgConnection, limit: i64) -> sqlx::Result<Vec<Act>> {
    sqlx::query_as!(
        Act,
        r#"select id as "id: TopicActId", at, actor, about, undone_by from topic_acts order by id desc limit $1"#,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Takes an act back. Everything is exactly as it was, or nothing is changed.
pub async fn undo(db: &mut Tx, actor: Actor<'_>, act: TopicActId) -> Result<(), Refusal> {
    begin(db, actor).await?;
    let row = sqlx::query!(
        r#"update topic_acts set undone_at = now(), undone_by = $2 where id = $1 and undone_at is null
           returning act, topic_id as "topic: TopicId", about, before, after"#,
        act.0,
        actor.name(),
    );
    let row = row.fetch_optional(&mut **db).await?.ok_or(Refusal::Gone)?;
    let detail = json!({ "act": act, "topic": row.topic, "about": row.about });
    audit::record(db, actor, Action::UndoTopicAct, &detail).await?;
    let changed = match (row.act.as_str(), row.topic) {
        ("rename", Some(topic)) => undo_rename(db, topic, row.before, row.after).await?,
        ("alias", Some(topic)) => undo_alias(db, topic, &row.after).await?,
        ("merge", Some(topic)) => undo_merge(db, topic, &row.after).await?,
        ("ban", Some(topic)) => undo_ban(db, topic).await?,
        ("section", None) => {
            let (before, after) = (stored(row.before)?, stored(row.after)?);
            sections::restore(db, before, after).await?;
            Vec::new()
        }
        _ => return Err(Refusal::Gone),
    };
    tell(db, changed).await?;
    Ok(())
}

fn stored(value: Value) -> Result<Option<Stored>, Refusal> {
    serde_json::from_value(value).map_err(|_| Refusal::Gone)
}

async fn undo_rename(
    db: &mut Tx,
    topic: TopicId,
    before: Value,
    after: Value,
) -> Result<Vec<TopicId>, Refusal> {
    let read = |value| serde_json::from_value::<Renaming>(value).map_err(|_| Refusal::Gone);
    let (before, after) = (read(before)?, read(after)?);
    let restored = sqlx::query!(
        "update topics set key = $2, name = $3 where id = $1 and key = $4 and name = $5",
        topic.0,
        before.key,
        before.name,
        after.key,
        after.name,
    );
    if restored.execute(&mut **db).await?.rows_affected() == 0 {
        return Err(Refusal::Later);
    }
    if after.is_new_key {
        sqlx::query!("delete from topic_keys where key = $1 and topic_id = $2", after.key, topic.0)
            .execute(&mut **db)
            .await?;
    }
    Ok(list_below(db, topic).await?)
}

async fn undo_alias(db: &mut Tx, topic: TopicId, after: &Value) -> Result<Vec<TopicId>, Refusal> {
    let key = after["key"].as_str().ok_or(Refusal::Gone)?;
    let removed = sqlx::query!(
        "delete from topic_keys where key = $1 and topic_id = $2
           and not exists (select from topics where topics.key = $1)",
        key,
        topic.0,
    );
    match removed.execute(&mut **db).await?.rows_affected() {
        0 => Err(Refusal::Later),
        _ => Ok(vec![topic]),
    }
}

async fn undo_merge(db: &mut Tx, topic: TopicId, after: &Value) -> Result<Vec<TopicId>, Refusal> {
    let into = after["into"].as_i64().map(TopicId).ok_or(Refusal::Gone)?;
    let root = sqlx::query_scalar!(
        r#"with before as (select root_id from topics where id = $1)
           update topics set merged_into = null, root_id = null where id = $1 and merged_into = $2
           returning (select root_id from before) as "root: TopicId""#,
        topic.0,
        into.0,
    );
    let root = root.fetch_optional(&mut **db).await?.ok_or(Refusal::Later)?;
    let mut changed = lead(db, topic, topic).await?;
    changed.extend(root);
    Ok(changed)
}

async fn undo_ban(db: &mut Tx, topic: TopicId) -> Result<Vec<TopicId>, Refusal> {
    sqlx::query!("update topics set banned_at = null where id = $1", topic.0).execute(&mut **db).await?;
    Ok(list_below(db, topic).await?)
}
