//! How streams hear that a session may have ended. Nothing of sessions is cached: they are read from the database.

use crate::cache::{Cached, Lookup, Whole};
use crate::db::Db;
use crate::events::Event;
use crate::ids::UserId;
use crate::live::Topic;

/// A user's sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserSessions(pub UserId);

impl Cached for UserSessions {
    const KIND: &'static str = "sessions";
    type Part = Whole;
    type Data = ();

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(match event {
            Event::SessionsEnded { user } => vec![Self(*user)],
            _ => Vec::new(),
        })
    }

    fn topic(&self, _: &Event) -> Option<Topic> {
        Some(Topic::Sessions(self.0))
    }

    async fn load(_: &[Self], _: Whole, _: &Db) -> sqlx::Result<Vec<(Self, ())>> {
        Ok(Vec::new())
    }
}
