//! What owners do to talks and votes, on pages. Each act is one transaction.

use pawdium_shared::db::retry_conflicts;
use pawdium_shared::ids::{CallId, TalkId, UserId};
use pawdium_shared::talks::{Reason, devices, pitch};

use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::state::App;

/// Shows a talk that waits or was hidden.
pub(super) async fn approve_talk(app: &App, visitor: &Visitor, talk: TalkId) -> Result<(), Error> {
    let actor = visitor.member()?;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        pitch::approve(&mut tx, talk, actor).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Takes a talk from everybody's sight.
pub(super) async fn hide_talk(app: &App, visitor: &Visitor, talk: TalkId, reason: &str) -> Result<(), Error> {
    let actor = visitor.member()?;
    let reason = Reason::new(reason)?;
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        pitch::hide(&mut tx, talk, actor, &reason).await?;
        Ok(tx.commit().await?)
    })
    .await
}

/// Sets all votes of voters in a call aside, or restores them. Returns how many.
pub(super) async fn judge_votes(
    app: &App,
    visitor: &Visitor,
    call: CallId,
    voters: &[UserId],
    is_aside: bool,
    reason: &str,
) -> Result<u64, Error> {
    let owner = visitor.member()?;
    let reason = Reason::new(reason)?;
    if voters.is_empty() {
        let message = "Choose whose votes.".to_owned();
        return Err(Error::Field { field: "voters", message });
    }
    retry_conflicts(async || {
        let mut tx = app.db.begin().await?;
        let votes = if is_aside {
            devices::set_aside(&mut tx, call, owner, voters, None, &reason).await?
        } else {
            devices::restore(&mut tx, call, owner, voters, None, &reason).await?
        };
        tx.commit().await?;
        Ok(votes)
    })
    .await
}
