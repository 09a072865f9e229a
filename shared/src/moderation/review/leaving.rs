//! What becomes of reports and cases when accounts go.

use pawdium_queue::Enqueue as _;

use crate::db::Tx;
use crate::ids::{CaseId, UserId};
use crate::jobs::moderation::TellReporters;

/// Moves the cases about an anonymous user's things to the account that they go to. Anonymous users report nothing.
pub async fn merge(db: &mut Tx, from: UserId, into: UserId) -> sqlx::Result<()> {
    sqlx::query!("update cases set owner_id = $2 where owner_id = $1", from.0, into.0)
        .execute(&mut **db)
        .await?;
    Ok(())
}

/// Settles what concerns a user who is about to be deleted and whose row is locked. Cases about the member, and about
/// photos and comments that go with the account, are closed, and their reporters hear that it is gone. Talks and hubs
/// stay, and so do their cases. The member's own reports count until they are judged, without name and text.
pub async fn leave_all(db: &mut Tx, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "select id from cases where owner_id = $1 and state = 'open' order by id for no key update",
        user.0
    )
    .fetch_all(&mut **db)
    .await?;
    let closed = sqlx::query_scalar!(
        r#"update cases
           set state = 'closed', outcome = 'void', closed_at = now(), closed_by = '', changed_at = now(),
               claimed_by = null, claimed_until = null, hidden_at = null, before = null
           where owner_id = $1 and state = 'open' and about in ('photo', 'comment', 'member', 'appeal')
           returning id as "id: CaseId""#,
        user.0,
    )
    .fetch_all(&mut **db)
    .await?;
    let ids: Vec<_> = closed.iter().map(|case| case.0).collect();
    sqlx::query!(
        "update reports set outcome = 'void', settled_at = now() where case_id = any($1) and outcome is null",
        &ids,
    )
    .execute(&mut **db)
    .await?;
    let jobs: Vec<_> = closed.into_iter().map(|case| TellReporters { case }).collect();
    TellReporters::enqueue_all(db, &jobs).await?;
    sqlx::query!("update reports set reporter_id = null, text = '' where reporter_id = $1", user.0)
        .execute(&mut **db)
        .await?;
    Ok(())
}
