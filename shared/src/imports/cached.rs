//! What open pages hear of imports. Nothing of them is stored: pages read the database.

use crate::cache::{Cached, Lookup, Whole};
use crate::db::Db;
use crate::events::Event;
use crate::ids::ImportId;
use crate::live::Topic;

/// How far an import is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ImportProgress(pub ImportId);

impl Cached for ImportProgress {
    const KIND: &'static str = "import";
    type Part = Whole;
    type Data = ();

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(match event {
            Event::ImportChanged { import } => vec![Self(*import)],
            _ => Vec::new(),
        })
    }

    fn topic(&self, _: &Event) -> Option<Topic> {
        Some(Topic::Import(self.0))
    }

    async fn load(_: &[Self], _: Whole, _: &Db) -> sqlx::Result<Vec<(Self, ())>> {
        Ok(Vec::new())
    }
}
