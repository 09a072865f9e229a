//! What pages show of hubs and read from the database itself, for pages that are kept. Nothing of it is stored: its
//! groups only tell when the pages go stale.

use crate::cache::{Cached, Lookup, Whole};
use crate::db::Db;
use crate::events::Event;
use crate::ids::HubId;

/// A hub or a profile as its pages show it: its name and settings, who may see it, what stands on it. Widgets and
/// counts are cached by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ShownHub(pub HubId);

impl Cached for ShownHub {
    const KIND: &'static str = "hub-page";
    type Part = Whole;
    type Data = ();

    fn name(&self) -> String {
        self.0.to_string()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        let listed = match event {
            // Votes are shown by what is cached by itself. Not even the age of a page tells that somebody has voted.
            Event::TalkVoted { .. } => return Ok(Vec::new()),
            Event::HubListed { hub, .. } => Some(*hub),
            _ => None,
        };
        Ok(event.hubs().iter().copied().chain(listed).map(Self).collect())
    }

    async fn load(_: &[Self], _: Whole, _: &Db) -> sqlx::Result<Vec<(Self, ())>> {
        Ok(Vec::new())
    }
}

/// The lists of hubs, in each order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HubLists;

impl Cached for HubLists {
    const KIND: &'static str = "hubs";
    type Part = Whole;
    type Data = ();

    fn name(&self) -> String {
        String::new()
    }

    async fn stale_after(event: &Event, _: &mut Lookup<'_>) -> sqlx::Result<Vec<Self>> {
        // Whatever happens in a hub may move it to the first place, except a vote.
        let is_vote = matches!(event, Event::TalkVoted { .. });
        let changes = !is_vote && !event.hubs().is_empty() || matches!(event, Event::HubListed { .. });
        Ok(changes.then_some(Self).into_iter().collect())
    }

    async fn load(_: &[Self], _: Whole, _: &Db) -> sqlx::Result<Vec<(Self, ())>> {
        Ok(Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{CallId, PhotoId, TalkId, UserId};

    async fn stale_after<C: Cached>(event: &Event) -> Vec<C> {
        let pool =
            sqlx::postgres::PgPoolOptions::new().connect_lazy("postgres://nowhere").expect("it is a URL");
        C::stale_after(event, &mut Lookup::new(&Db::from(pool))).await.expect("it doesn't ask")
    }

    #[tokio::test]
    async fn a_hubs_events_concern_its_pages_and_the_lists() {
        let hub = HubId(3);
        for event in [
            Event::HubChanged { hub },
            Event::LayoutChanged { hub },
            Event::PhotoPosted { hub, photo: PhotoId(7) },
            Event::HubListed { hub, users: vec![UserId(1)] },
        ] {
            assert_eq!(stale_after::<ShownHub>(&event).await, [ShownHub(hub)], "{event:?}");
            assert_eq!(stale_after::<HubLists>(&event).await, [HubLists], "{event:?}");
        }
        let voted = Event::TalkVoted { talk: TalkId(5), call: CallId(4), hub };
        for event in [Event::PhotoRated { photo: PhotoId(7) }, voted] {
            assert_eq!(stale_after::<ShownHub>(&event).await, [], "{event:?}");
            assert_eq!(stale_after::<HubLists>(&event).await, [], "{event:?}");
        }
    }
}
