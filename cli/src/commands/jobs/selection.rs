//! Selects jobs by what they have in common.

use anyhow::{Context as _, Result, bail};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use pawdium_queue::Subject;
use pawdium_queue::inspect::{Filter, JobState, is_searchable};
use pawdium_shared::accounts::queries;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::mask::printable;
use pawdium_shared::operate;
use sqlx::PgConnection;

/// A conjunction of conditions.
#[derive(Debug, Default, Args)]
pub(crate) struct Selection {
    /// In this state
    #[arg(long, value_parser = PossibleValuesParser::new(JobState::ALL.map(JobState::as_str))
        .try_map(|name| name.parse::<JobState>()))]
    state: Option<JobState>,
    /// Of this kind, such as media.process.v1
    #[arg(long)]
    kind: Option<String>,
    /// Of this member or about their photos, by name or id
    #[arg(long, value_name = "NAME|ID")]
    member: Option<String>,
    /// About this photo
    #[arg(long, value_name = "ID")]
    photo: Option<PhotoId>,
    /// Whose last error contains this text, ignoring case
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    /// Dead jobs with this error, as `pawdium jobs errors` prints it
    #[arg(long, value_name = "ERROR")]
    error_group: Option<String>,
}

impl Selection {
    pub(super) async fn filter(&self, db: &mut PgConnection) -> Result<Filter> {
        if self.error.as_deref().is_some_and(|text| !is_searchable(text)) {
            bail!("--error needs at least three letters or digits in a row");
        }
        let party = match &self.member {
            Some(text) => {
                let member = find_member(db, text).await?;
                Some(operate::party(db, member).await?)
            }
            None => None,
        };
        Ok(Filter {
            state: self.state,
            kind: self.kind.clone(),
            subject: self.photo.map(|photo| Subject::from(photo).to_string()),
            party,
            error: self.error.clone(),
            error_group: self.error_group.clone(),
            ..Filter::default()
        })
    }
}

/// By name, then by id, like the site's own search.
async fn find_member(db: &mut PgConnection, text: &str) -> Result<UserId> {
    if let Some(user) = queries::find_by_name(&mut *db, text).await? {
        return Ok(user.id);
    }
    let user = match text.parse() {
        Ok(id) => queries::find(db, id).await?,
        Err(_) => None,
    };
    Ok(user.with_context(|| format!("there is no member {}", printable(text)))?.id)
}
