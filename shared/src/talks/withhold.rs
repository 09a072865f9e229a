//! Talks that nobody sees as long as a sanction of their author hides them. Their votes don't count meanwhile.

use sqlx::PgConnection;

use super::locks;
use super::pitch::set_state;
use super::queries::find_talk;
use super::refusal::Refusal;
use super::types::TalkState;
use crate::db::Tx;
use crate::ids::{HubId, TalkId, UserId};

/// Lists the talks of an author that would have to be hidden.
pub async fn list_shown(db: &mut PgConnection, author: UserId) -> sqlx::Result<Vec<TalkId>> {
    sqlx::query_scalar!(
        r#"select id as "id: TalkId" from talks where author_id = $1 and state in ('shown', 'waiting') order by id"#,
        author.0,
    )
    .fetch_all(db)
    .await
}

/// Lists the withheld talks of an author.
pub async fn list_withheld(db: &mut PgConnection, author: UserId) -> sqlx::Result<Vec<TalkId>> {
    sqlx::query_scalar!(
        r#"select talk_id as "id!: TalkId" from withheld where owner_id = $1 and talk_id is not null order by talk_id"#,
        author.0,
    )
    .fetch_all(db)
    .await
}

/// Lists the authors in a hub whose talks a sanction hides or has hidden.
pub async fn list_authors(db: &mut PgConnection, hub: HubId) -> sqlx::Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"select distinct users.id as "id!: UserId"
           from talks join calls on calls.id = call_id join users on users.id = author_id
           where hub_id = $1
             and (hidden_until > clock_timestamp() or exists (select from withheld where talk_id = talks.id))
           order by 1"#,
        hub.0,
    )
    .fetch_all(db)
    .await
}

/// Hides a talk. Lock its author first.
///
/// # Errors
/// When the database fails.
pub async fn withhold(db: &mut Tx, author: UserId, talk: TalkId) -> Result<(), Refusal> {
    let Some(found) = find_talk(db, talk).await? else { return Ok(()) };
    locks::alone(db, found.call).await?;
    // A separate statement: it sees what the lock waited for.
    let Some(found) = find_talk(db, talk).await? else { return Ok(()) };
    if !matches!(found.state, TalkState::Shown | TalkState::Waiting) {
        return Ok(());
    }
    sqlx::query!(
        "insert into withheld (owner_id, talk_id, state) values ($1, $2, $3) on conflict (talk_id) do nothing",
        author.0,
        talk.0,
        found.state.name(),
    )
    .execute(&mut **db)
    .await?;
    set_state(db, &found, TalkState::Hidden).await
}

/// Gives a talk its state back, unless somebody has changed it meanwhile. Lock its author first.
///
/// # Errors
/// When the database fails.
pub async fn give_back(db: &mut Tx, talk: TalkId) -> Result<(), Refusal> {
    let Some(found) = find_talk(db, talk).await? else { return Ok(()) };
    locks::alone(db, found.call).await?;
    let Some(found) = find_talk(db, talk).await? else { return Ok(()) };
    let state = sqlx::query_scalar!(
        r#"delete from withheld where talk_id = $1 returning state as "state: TalkState""#,
        talk.0,
    );
    let state = state.fetch_optional(&mut **db).await?;
    match state {
        Some(state) if found.state == TalkState::Hidden => set_state(db, &found, state).await,
        _ => Ok(()),
    }
}
