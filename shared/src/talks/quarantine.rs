//! Talks that the site hides until moderators have judged them.

use super::locks;
use super::pitch::set_state;
use super::queries::find_talk;
use super::refusal::Refusal;
use super::types::TalkState;
use crate::db::Tx;
use crate::ids::TalkId;

/// Hides a talk that is shown. Returns false if it isn't.
///
/// # Errors
/// [`Refusal::Gone`] with its call.
pub async fn quarantine(db: &mut Tx, talk: TalkId) -> Result<bool, Refusal> {
    change(db, talk, TalkState::Shown, TalkState::Hidden).await
}

/// Shows a hidden talk again. Returns false if it isn't hidden.
///
/// # Errors
/// [`Refusal::Gone`] with its call.
pub async fn show(db: &mut Tx, talk: TalkId) -> Result<bool, Refusal> {
    change(db, talk, TalkState::Hidden, TalkState::Shown).await
}

async fn change(db: &mut Tx, talk: TalkId, from: TalkState, to: TalkState) -> Result<bool, Refusal> {
    let Some(found) = find_talk(db, talk).await? else { return Ok(false) };
    locks::alone(db, found.call).await?;
    let Some(found) = find_talk(db, talk).await?.filter(|found| found.state == from) else {
        return Ok(false);
    };
    set_state(db, &found, to).await?;
    Ok(true)
}
