//! What open pages hear of notifications. Nothing of them is stored: their number is read from the database.

use crate::cache::{Cached, Lookup, Whole};
use crate::db::Db;
use crate::events::Event;
use crate::ids::UserId;
use crate::live::Topic;

/// A member's notifications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserNotifications(pub UserId);

impl Cached for UserNotifications {
    const KIND: &'static str = "notifications";
    type Part = Whole;
    type Data = ();

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        Ok(match event {
            Event::NotificationsChanged { users } => users.iter().copied().map(Self).collect(),
            _ => Vec::new(),
        })
    }

    fn topic(&self, _: &Event) -> Option<Topic> {
        Some(Topic::Notifications(self.0))
    }

    async fn load(_: &[Self], _: Whole, _: &Db) -> sqlx::Result<Vec<(Self, ())>> {
        Ok(Vec::new())
    }
}
