//! What mails about sanctions say, as things are when they are sent.

use pawdium_shared::ids::SanctionId;
use pawdium_shared::jobs::mail::SanctionNews;
use pawdium_shared::moderation::sanctions::{AppealLinks, Content, Sanction, SanctionKind, list};
use sqlx::PgConnection;

use super::hub_mails::About;

/// What to tell. `None` if the sanction is gone with its member, or doesn't hold any more before the mail says that it
/// does.
pub(super) async fn about(
    db: &mut PgConnection,
    links: &AppealLinks,
    sanction: SanctionId,
    news: SanctionNews,
) -> sqlx::Result<Option<About>> {
    let Some(found) = list::find(db, sanction).await? else { return Ok(None) };
    if news == SanctionNews::Imposed && !found.in_force {
        return Ok(None);
    }
    Ok(Some(About { path: links.path(sanction), lines: lines(&found, news), ..About::default() }))
}

fn lines(sanction: &Sanction, news: SanctionNews) -> Vec<String> {
    let answer = || sanction.answer.as_ref().map(|answer| format!("A moderator answers: {answer}"));
    let mut lines = Vec::new();
    match news {
        SanctionNews::Imposed => {
            lines.push(sanction.sentence());
            lines.extend(effect(sanction).map(str::to_owned));
        }
        SanctionNews::Lifted => lines.push(format!("You are not {} any more.", sanction.kind.done())),
        SanctionNews::Accepted => {
            lines.push(format!("Your appeal was accepted. You are not {} any more.", sanction.kind.done()));
            lines.extend(answer());
        }
        SanctionNews::Refused => {
            lines.push("Your appeal was not accepted.".to_owned());
            lines.extend(answer());
            if sanction.in_force {
                lines.push(sanction.sentence());
            }
        }
    }
    lines
}

/// What the member can't do, and what others don't see.
fn effect(sanction: &Sanction) -> impl Iterator<Item = &'static str> {
    let acts = match sanction.kind {
        SanctionKind::Warn => None,
        SanctionKind::Silence => {
            Some("You can read and rate, but not publish anything. Your ratings don't move ranks meanwhile.")
        }
        SanctionKind::Suspend => Some("You can't log in meanwhile."),
        SanctionKind::Ban => Some("You can't log in, and your ratings don't count."),
    };
    let content = (sanction.content == Content::Hide)
        .then_some("Nobody sees your photos, comments and talks meanwhile.");
    acts.into_iter().chain(content)
}
