//! `pawdium media`

use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};
use clap::Subcommand;
use pawdium_shared::audit::{self, Action, Actor};
use pawdium_shared::photos::lineage;
use pawdium_shared::store::MediaStore;
use serde_json::json;

use super::operator;

/// Looks after the store of pictures.
#[derive(Debug, Subcommand)]
pub(crate) enum Media {
    /// Makes the store this database's, after a restore or a move. From then on the purge removes pictures that this
    /// database doesn't name, also those of photos that were published after the dump.
    Adopt {
        /// Don't ask.
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
            "Make {} the store of this database, and remove what it doesn't name?",
            config.media.store
        );
        if !yes && !operator::confirm(&question)? {
            bail!("nothing was done");
        }
        let before = lineage::adopt(&mut db, &store).await.context("media.store")?;
        let (operator, was) = (operator::name(), before.err().map(|mismatch| mismatch.to_string()));
        audit::record(&mut db, Actor::Operator(&operator), Action::AdoptMedia, &json!({ "was": was }))
            .await?;
        match was {
            Some(was) => println!("The store is this database's from now on. Until now: {was}."),
            None => println!("The store was this database's already."),
        }
        Ok(ExitCode::SUCCESS)
    }
}
