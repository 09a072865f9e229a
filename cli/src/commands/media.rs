//! `pawdium media`

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use pawdium_shared::audit::{self, Action, Actor};
use pawdium_shared::photos::lineage;
use pawdium_shared::store::MediaStore;
use serde_json::json;

use super::operator;

/// Manage the media store
#[derive(Debug, Subcommand)]
pub(crate) enum Media {
    /// Claim the store for this database, after a restore or a move
    ///
    /// From then on the purge deletes files that this database doesn't refer to, including those of photos that
    /// were published after the dump.
    Adopt {
        /// Don't ask for confirmation
        #[arg(long, short)]
        yes: bool,
    },
}

impl Media {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        let config = operator::settings()?;
        let store = MediaStore::open(&config.media)?;
        let pool = operator::pool(&config, "pawdium media")?;
        let mut db = operator::acquire(&pool).await?;
        let Self::Adopt { yes } = self;
        let question = format!(
            "Claim {} for this database, and let the purge delete files that it doesn't refer to?",
            config.media.store
        );
        if !yes && !operator::confirm(&question)? {
            bail!("nothing was changed");
        }
        let before = lineage::adopt(&mut db, &store).await.context("media.store")?;
        let (operator, was) = (operator::name(), before.err().map(|mismatch| mismatch.to_string()));
        audit::record(&mut db, Actor::Operator(&operator), Action::AdoptMedia, &json!({ "was": was }))
            .await?;
        match was {
            Some(was) => println!("The store now belongs to this database. Before: {was}."),
            None => println!("The store already belongs to this database."),
        }
        Ok(ExitCode::SUCCESS)
    }
}
