//! Appeals: what members say against sanctions, one each, and what moderators answer.

use pawdium_queue::Enqueue as _;
use serde_json::json;

use super::impose::{Parties, lift_locked, lock};
use super::{Refusal, list};
use crate::audit::{self, Action, Actor};
use crate::db::Tx;
use crate::ids::{SanctionId, UserId};
use crate::jobs::mail::{SanctionNews, SendMail};
use crate::moderation::cases::{self, Outcome, Thing};
use crate::moderation::review::{self, queue};
use crate::visible::shows_something;

/// What the case of an appeal weighs: as much as two ordinary reports, since somebody waits.
const WEIGHT: i32 = 2000;

/// The most characters of an appeal.
pub const LONGEST: usize = 2000;

/// The most characters of an answer.
pub const LONGEST_ANSWER: usize = 1000;

/// What a member says against a sanction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppealText(String);

impl AppealText {
    /// Checks a text.
    ///
    /// # Errors
    /// [`Refusal::Text`].
    pub fn new(text: &str) -> Result<Self, Refusal> {
        checked(text, LONGEST, "Say why you think that it is wrong.", "Keep it to 2,000 characters.")
            .map(Self)
    }
}

/// What a moderator answers to an appeal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer(String);

impl Answer {
    /// Checks an answer.
    ///
    /// # Errors
    /// [`Refusal::Text`].
    pub fn new(text: &str) -> Result<Self, Refusal> {
        checked(text, LONGEST_ANSWER, "Answer the member, in a few words.", "Keep it to 1,000 characters.")
            .map(Self)
    }
}

fn checked(text: &str, most: usize, empty: &'static str, long: &'static str) -> Result<String, Refusal> {
    let text = text.replace("\r\n", "\n");
    let text = text.trim();
    if !shows_something(text) {
        return Err(Refusal::Text(empty));
    }
    if text.chars().count() > most {
        return Err(Refusal::Text(long));
    }
    if text.contains(|c: char| c.is_control() && c != '\n' && c != '\t') {
        return Err(Refusal::Text("Write plain text."));
    }
    Ok(text.to_owned())
}

/// Stores a member's appeal against a sanction in force, and opens a case for moderators.
///
/// # Errors
/// [`Refusal::Gone`] unless it is the member's; [`Refusal::Over`] and [`Refusal::Appealed`].
pub async fn make(db: &mut Tx, user: UserId, sanction: SanctionId, text: &AppealText) -> Result<(), Refusal> {
    sqlx::query!("select id from users where id = $1 for no key update", user.0)
        .fetch_optional(&mut **db)
        .await?
        .ok_or(Refusal::NoUser)?;
    let found = list::find(db, sanction).await?.filter(|found| found.user == user).ok_or(Refusal::Gone)?;
    if found.appeal.is_some() {
        return Err(Refusal::Appealed);
    }
    if !found.in_force {
        return Err(Refusal::Over);
    }
    sqlx::query!("insert into appeals (sanction_id, text) values ($1, $2)", sanction.0, text.0)
        .execute(&mut **db)
        .await?;
    cases::open(db, Thing::Appeal(sanction.0), Some(user), WEIGHT).await?;
    Ok(())
}

/// Accepts an appeal: lifts the sanction if it still holds.
///
/// # Errors
/// [`Refusal::Gone`], [`Refusal::Judged`], [`Refusal::NotAllowed`], [`Refusal::Own`], [`Refusal::Admin`] and, if another
/// moderator works on it, [`Refusal::Case`].
pub async fn accept(
    db: &mut Tx,
    actor: Actor<'_>,
    sanction: SanctionId,
    answer: &Answer,
) -> Result<(), Refusal> {
    let parties = judge(db, actor, sanction, true, answer).await?;
    match lift_locked(db, actor, &parties, sanction, SanctionNews::Accepted).await {
        // It ended by itself meanwhile.
        Err(Refusal::Over) => Ok(()),
        lifted => lifted.map(drop),
    }
}

/// Refuses an appeal. The sanction stays.
///
/// # Errors
/// Those of [`accept`].
pub async fn refuse(
    db: &mut Tx,
    actor: Actor<'_>,
    sanction: SanctionId,
    answer: &Answer,
) -> Result<(), Refusal> {
    let parties = judge(db, actor, sanction, false, answer).await?;
    if let Some(email) = &parties.email {
        SendMail::sanction(parties.user, sanction, SanctionNews::Refused, email).enqueue(db).await?;
    }
    Ok(())
}

/// Notes what was decided, in the audit log too, and closes the case.
async fn judge(
    db: &mut Tx,
    actor: Actor<'_>,
    sanction: SanctionId,
    accepted: bool,
    answer: &Answer,
) -> Result<Parties, Refusal> {
    let user = list::find(db, sanction).await?.ok_or(Refusal::Gone)?.user;
    let parties = lock(db, actor, user).await?;
    let found =
        list::find(db, sanction).await?.filter(|found| found.appeal.is_some()).ok_or(Refusal::Gone)?;
    if found.accepted.is_some() {
        return Err(Refusal::Judged);
    }
    close_case(db, actor, sanction, accepted).await?;
    sqlx::query!(
        "update appeals set accepted = $2, answer = $3, judged_at = clock_timestamp(), judged_by = $4, judge = $5
         where sanction_id = $1",
        sanction.0,
        accepted,
        answer.0,
        parties.by.map(|user| user.0),
        actor.name(),
    )
    .execute(&mut **db)
    .await?;
    let action = if accepted { Action::AcceptAppeal } else { Action::RefuseAppeal };
    let detail = json!({ "sanction": sanction, "user": parties.name, "kind": found.kind.name() });
    audit::record(db, actor, action, &detail).await?;
    Ok(parties)
}

/// Closes the case of an appeal. An appeal is right if the sanction was wrong.
async fn close_case(
    db: &mut Tx,
    actor: Actor<'_>,
    sanction: SanctionId,
    accepted: bool,
) -> Result<(), Refusal> {
    let Some(case) = queue::find_open(db, Thing::Appeal(sanction.0)).await? else { return Ok(()) };
    let outcome = if accepted { Outcome::Upheld } else { Outcome::Dismissed };
    Ok(review::judge::close(db, case, actor, outcome).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_appeal_says_something_within_2000_characters() {
        assert_eq!(
            AppealText::new(" It was\r\nmy sister. ").ok(),
            Some(AppealText("It was\nmy sister.".into()))
        );
        for bad in ["", " \n", "\u{200b}", "a\0b"] {
            assert!(matches!(AppealText::new(bad), Err(Refusal::Text(_))), "{bad:?}");
        }
        assert!(AppealText::new(&"ä".repeat(2000)).is_ok());
        assert!(AppealText::new(&"ä".repeat(2001)).is_err());
        assert!(Answer::new(&"ä".repeat(1000)).is_ok());
        assert!(Answer::new(&"ä".repeat(1001)).is_err());
    }
}
