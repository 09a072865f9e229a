//! Sections: topics that moderators put together.

use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::PgConnection;

use super::act::{Done, begin, find, record, tell};
use super::refusal::Refusal;
use super::types::{Section, Topic};
use super::{Tag, queries};
use crate::audit::{Action, Actor};
use crate::db::Tx;
use crate::ids::{SectionId, TopicActId, TopicId};
use crate::visible::shows_something;

/// The most topics of a section.
const MOST_TOPICS: usize = 60;

/// The most sections.
const MOST_SECTIONS: i64 = 50;

/// A section as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Stored {
    id: SectionId,
    name: String,
    place: i32,
    topics: Vec<TopicId>,
}

/// Lists the sections in order, with those of their topics that have photos.
pub async fn list(db: &mut PgConnection) -> sqlx::Result<Vec<Section>> {
    let mut sections = list_whole(db).await?;
    for section in &mut sections {
        section.topics.retain(|topic| topic.photos > 0);
    }
    Ok(sections)
}

/// Lists the sections in order, with all of their topics that aren't banned.
pub async fn list_whole(db: &mut PgConnection) -> sqlx::Result<Vec<Section>> {
    let rows = sqlx::query!(
        r#"select id as "id: SectionId", name,
                  array(select coalesce(root_id, topics.id) from section_topics
                        join topics on topics.id = topic_id
                        where section_id = sections.id order by section_topics.place) as "topics!: Vec<TopicId>"
           from sections order by place, id limit $1"#,
        MOST_SECTIONS,
    );
    let rows = rows.fetch_all(&mut *db).await?;
    let all: Vec<_> = rows.iter().flat_map(|row| row.topics.iter().copied()).collect();
    let found = queries::find_each(db, &all).await?;
    let topics = |ids: &[TopicId]| -> Vec<Topic> {
        let mut topics: Vec<Topic> = Vec::new();
        for topic in ids.iter().filter_map(|id| found.iter().find(|topic| topic.id == *id)) {
            if !topics.iter().any(|known| known.id == topic.id) {
                topics.push(topic.clone());
            }
        }
        topics
    };
    Ok(rows
        .into_iter()
        .map(|row| Section { id: row.id, topics: topics(&row.topics), name: row.name })
        .collect())
}

/// Makes a section, or changes one. `topics` are names, separated by commas.
pub async fn save(
    db: &mut Tx,
    actor: Actor<'_>,
    section: Option<SectionId>,
    name: &str,
    topics: &str,
) -> Result<TopicActId, Refusal> {
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ");
    if !shows_something(&name) || name.chars().count() > 60 || name.contains(char::is_control) {
        return Err(Refusal::SectionName);
    }
    begin(db, actor).await?;
    let mut ids = Vec::new();
    for text in topics.split(',').map(str::trim).filter(|text| !text.is_empty()) {
        let tag = Tag::new(text).ok_or(Refusal::NoTag)?;
        let topic = find(db, &tag).await?;
        if !ids.contains(&topic.id) {
            ids.push(topic.id);
        }
    }
    if ids.len() > MOST_TOPICS {
        return Err(Refusal::TooMany);
    }
    let before = match section {
        Some(id) => Some(stored(db, id).await?.ok_or(Refusal::Gone)?),
        None => None,
    };
    let (id, place) = match &before {
        Some(before) => (before.id, before.place),
        None => next(db).await?,
    };
    let after = Stored { id, name, place, topics: ids };
    write(db, Some(&after), id).await?;
    let verb = if before.is_some() { "Changed" } else { "Made" };
    let about = format!("{verb} the section “{}”", after.name);
    keep(db, actor, &about, before.as_ref(), Some(&after)).await
}

/// Deletes a section. Its topics stay.
pub async fn delete(db: &mut Tx, actor: Actor<'_>, section: SectionId) -> Result<TopicActId, Refusal> {
    begin(db, actor).await?;
    let before = stored(db, section).await?.ok_or(Refusal::Gone)?;
    write(db, None, section).await?;
    let about = format!("Deleted the section “{}”", before.name);
    keep(db, actor, &about, Some(&before), None).await
}

async fn keep(
    db: &mut Tx,
    actor: Actor<'_>,
    about: &str,
    before: Option<&Stored>,
    after: Option<&Stored>,
) -> Result<TopicActId, Refusal> {
    let done = Done {
        act: "section",
        action: Action::ChangeSection,
        topic: None,
        about,
        before: json!(before),
        after: json!(after),
    };
    let act = record(db, actor, done).await?;
    tell(db, Vec::new()).await?;
    Ok(act)
}

/// Puts back what was, if what is now is still what an act left.
pub(super) async fn restore(
    db: &mut Tx,
    before: Option<Stored>,
    after: Option<Stored>,
) -> Result<(), Refusal> {
    let id = before.as_ref().or(after.as_ref()).map(|section| section.id).ok_or(Refusal::Gone)?;
    if stored(db, id).await? != after {
        return Err(Refusal::Later);
    }
    write(db, before.as_ref(), id).await
}

async fn next(db: &mut PgConnection) -> sqlx::Result<(SectionId, i32)> {
    let row = sqlx::query!(
        r#"select nextval(pg_get_serial_sequence('sections', 'id')) as "id!: SectionId",
                  coalesce((select max(place) from sections), 0) + 1 as "place!""#
    );
    let row = row.fetch_one(db).await?;
    Ok((row.id, row.place))
}

async fn stored(db: &mut PgConnection, section: SectionId) -> sqlx::Result<Option<Stored>> {
    sqlx::query_as!(
        Stored,
        r#"select id as "id: SectionId", name, place,
                  array(select topic_id from section_topics where section_id = sections.id
                        order by section_topics.place) as "topics!: Vec<TopicId>"
           from sections where id = $1"#,
        section.0,
    )
    .fetch_optional(db)
    .await
}

/// Makes a section what it shall be; `None` deletes it.
async fn write(db: &mut PgConnection, to: Option<&Stored>, id: SectionId) -> Result<(), Refusal> {
    let Some(to) = to else {
        sqlx::query!("delete from sections where id = $1", id.0).execute(db).await?;
        return Ok(());
    };
    let written = sqlx::query!(
        "insert into sections (id, name, place) overriding system value values ($1, $2, $3)
         on conflict (id) do update set name = excluded.name, place = excluded.place",
        id.0,
        to.name,
        to.place,
    );
    written.execute(&mut *db).await.map_err(|error| match error.as_database_error() {
        Some(violation) if violation.is_unique_violation() => Refusal::SectionName,
        _ => Refusal::Database(error),
    })?;
    let topics: Vec<_> = to.topics.iter().map(|topic| topic.0).collect();
    sqlx::query!("delete from section_topics where section_id = $1", id.0).execute(&mut *db).await?;
    sqlx::query!(
        "insert into section_topics (section_id, topic_id, place)
         select $1, topic, place from unnest($2::bigint[]) with ordinality as given (topic, place)",
        id.0,
        &topics,
    )
    .execute(db)
    .await?;
    Ok(())
}
