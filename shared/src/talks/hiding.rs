//! Who keeps a talk hidden, and so who may show it.

use sqlx::PgConnection;

use super::refusal::Refusal;
use super::types::Talk;
use crate::accounts::{Role, User};

/// Who keeps a talk hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HiddenBy {
    /// Owners of the hub, who may show it again.
    Owners,
    /// The site: a moderator, or reports that are not judged yet.
    Site,
    /// A sanction of its author, which hides all that is theirs. It gives the talk back when it ends.
    Sanction,
}

impl HiddenBy {
    /// Finds out who keeps a hidden talk from being shown, or would hide one that waits. Lock its author first, unless it
    /// is only for a page.
    pub async fn find(db: &mut PgConnection, talk: &Talk) -> sqlx::Result<Self> {
        let found = sqlx::query!(
            r#"select exists (select from withheld where talk_id = $1)
                   or exists (select from users where id = $2 and hidden_until > clock_timestamp()) as "sanction!",
                  exists (select from acts where thing = 'talk' and thing_id = $1 and act = 'hide_talk'
                                             and undone_at is null)
                   or exists (select from cases where about = 'talk' and thing_id = $1 and state = 'open'
                                                  and hidden_at is not null) as "site!""#,
            talk.id.0,
            talk.author.map(|author| author.0),
        );
        let found = found.fetch_one(db).await?;
        Ok(match (found.sanction, found.site) {
            (true, _) => Self::Sanction,
            (false, true) => Self::Site,
            (false, false) => Self::Owners,
        })
    }

    /// Whether somebody who runs the call may show the talk. Moderators don't decide about their own, and admins may.
    ///
    /// # Errors
    /// [`Refusal::HiddenBySanction`], which only moderators are told of, and [`Refusal::HiddenBySite`].
    pub fn permits(self, actor: &User, talk: &Talk) -> Result<(), Refusal> {
        let is_own = talk.author == Some(actor.id) && actor.role != Role::Admin;
        match self {
            Self::Owners => Ok(()),
            Self::Sanction if actor.role.moderates() => Err(Refusal::HiddenBySanction),
            Self::Site if actor.role.moderates() && !is_own => Ok(()),
            Self::Site | Self::Sanction => Err(Refusal::HiddenBySite),
        }
    }
}
