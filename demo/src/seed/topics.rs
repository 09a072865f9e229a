//! Sections of topics.

use anyhow::{Result, ensure};
use pawdium_queue::Enqueue as _;
use pawdium_shared::accounts::{User, queries as accounts};
use pawdium_shared::audit::Actor;
use pawdium_shared::db::Db;
use pawdium_shared::jobs::topics::{CountTopics, RelateTopics};
use pawdium_shared::topics::{Refusal, Tag, queries, sections};

/// The sections, with topics that drawn photos may have.
const SECTIONS: [(&str, &[&str]); 3] = [
    (
        "Faces",
        &[
            "blep",
            "tongue",
            "grin",
            "teeth",
            "poker-face",
            "cross-eyed",
            "wonky-eyes",
            "wink",
            "side-eye",
            "startled",
        ],
    ),
    ("Indoors", &["sofa", "kitchen", "carpet", "bookshelf", "studio", "loaf", "sleepy"]),
    ("Outdoors", &["meadow", "beach", "snow", "barn", "autumn", "jungle", "night"]),
];

/// Groups topics in sections, as the moderator of this name, and counts them.
pub(super) async fn fill(db: &Db, moderator: &str) -> Result<()> {
    let mut tx = db.begin().await?;
    let user = accounts::find_by_name(&mut tx, moderator).await?;
    ensure!(user.is_some(), "{moderator} is not registered");
    let actor = user.as_ref().map_or(Actor::Program("seed"), User::actor);
    if sections::list_whole(&mut tx).await?.is_empty() {
        for (name, words) in SECTIONS {
            let mut topics = Vec::new();
            for word in words {
                if let Some(tag) = Tag::new(word)
                    && queries::find(&mut tx, tag.key()).await?.is_some()
                {
                    topics.push(*word);
                }
            }
            match sections::save(&mut tx, actor, None, name, &topics.join(",")).await {
                Ok(_) => {}
                Err(Refusal::Database(error)) => return Err(error.into()),
                Err(refusal) => anyhow::bail!("{refusal}"),
            }
        }
    }
    CountTopics { all: false }.enqueue(&mut tx).await?;
    RelateTopics {}.enqueue(&mut tx).await?;
    tx.commit().await?;
    Ok(())
}
