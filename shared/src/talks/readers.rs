//! How far voters have read the list in their own order, from which the result computes how often each talk was shown.

use sqlx::PgConnection;

use super::types::{Call, Viewer};

/// Records that a viewer was shown the first `reached` talks of their order. Only while the call takes votes, and never
/// fewer than before. A visitor without a user leaves no trace.
pub async fn record(db: &mut PgConnection, call: &Call, viewer: &Viewer, reached: usize) -> sqlx::Result<()> {
    let Some(user) = viewer.user else { return Ok(()) };
    sqlx::query!(
        "insert into call_readers (call_id, voter_id, order_key, reached)
         select id, $2, $3, $4 from calls where id = $1 and call_phase(calls) = 'voting'
         on conflict (call_id, voter_id) do update set reached = excluded.reached, order_key = excluded.order_key
         where call_readers.reached < excluded.reached",
        call.id.0,
        user.0,
        viewer.key.0,
        i16::try_from(reached).unwrap_or(i16::MAX),
    )
    .execute(db)
    .await?;
    Ok(())
}
