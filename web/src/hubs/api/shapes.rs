//! The shapes of hubs in the API's answers. Fields may be added, never renamed or removed.

use chrono::{DateTime, Utc};
use pawdium_shared::hubs::facts::HubFacts;
use pawdium_shared::hubs::lists::Person;
use pawdium_shared::hubs::requests::Request;
use pawdium_shared::hubs::{Hub, HubRole};
use serde::Serialize;
use utoipa::ToSchema;

use super::widget_shapes::WidgetShape;
use crate::api::shapes::PagingShape;

/// A hub.
#[derive(Debug, Serialize, ToSchema)]
pub struct HubShape {
    /// The word in its URL.
    #[schema(example = "orange-cats")]
    pub slug: String,
    /// The name.
    pub name: String,
    /// One sentence about it; may be empty.
    pub summary: String,
    /// Who may become a member: open, request or invite.
    #[schema(example = "open")]
    pub join: &'static str,
    /// public or private.
    #[schema(example = "public")]
    pub visibility: &'static str,
    /// Whether nothing in it can change.
    pub archived: bool,
    /// The owners' names.
    pub owners: Vec<String>,
    /// How many members it has, owners included.
    pub members: i64,
    /// How many live photos it has.
    pub photos: i64,
    /// How many subscribers it has.
    pub subscribers: i64,
    /// How many users have starred it.
    pub stars: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// The zone in which its pages show times, as in the IANA's database.
    #[schema(example = "Europe/Berlin")]
    pub time_zone: String,
    /// The caller's roles: subscriber, stargazer, member, owner.
    pub my_roles: Vec<&'static str>,
}

impl HubShape {
    /// A hub with what is counted in it.
    #[must_use]
    pub fn of(hub: Hub, facts: HubFacts, roles: Vec<HubRole>) -> Self {
        Self {
            archived: hub.is_archived(),
            join: hub.joining.name(),
            visibility: hub.visibility.name(),
            slug: hub.slug.unwrap_or_default(),
            name: hub.name,
            summary: hub.summary,
            owners: facts.owners,
            members: facts.members,
            photos: facts.photos,
            subscribers: facts.subscribers,
            stars: facts.stars,
            created_at: hub.created_at,
            time_zone: hub.time_zone,
            my_roles: roles.into_iter().map(HubRole::name).collect(),
        }
    }
}

/// A hub with its layout.
#[derive(Debug, Serialize, ToSchema)]
pub struct HubPageShape {
    /// The hub.
    #[serde(flatten)]
    pub hub: HubShape,
    /// Counts changes of the layout.
    pub layout_version: i64,
    /// The widgets: the left column from top to bottom, then the right one.
    pub widgets: Vec<WidgetShape>,
}

/// A page of a list of hubs.
#[derive(Debug, Serialize, ToSchema)]
pub struct HubListShape {
    /// The hubs, in order.
    pub data: Vec<HubShape>,
    /// The position in the list.
    pub paging: PagingShape,
}

/// Somebody with a role in a hub.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonShape {
    /// The user's id.
    pub id: i64,
    /// The public name.
    pub name: String,
    /// subscriber, stargazer, member or owner.
    #[schema(example = "member")]
    pub role: &'static str,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl PersonShape {
    pub(super) fn of(person: Person) -> Self {
        Self { id: person.user.0, name: person.name, role: person.role.name(), since: person.since }
    }
}

/// A page of a hub's people.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeopleShape {
    /// The people: owners first, then by time.
    pub data: Vec<PersonShape>,
    /// The position in the list.
    pub paging: PagingShape,
}

/// A request to become a member.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestShape {
    /// The user's id.
    pub id: i64,
    /// The public name.
    pub name: String,
    /// Since when they wait.
    pub asked_at: DateTime<Utc>,
}

/// The requests of a hub.
#[derive(Debug, Serialize, ToSchema)]
pub struct RequestsShape {
    /// The requests, oldest first.
    pub data: Vec<RequestShape>,
}

impl RequestsShape {
    pub(super) fn of(requests: Vec<Request>) -> Self {
        let shape = |request: Request| RequestShape {
            id: request.user.0,
            name: request.name,
            asked_at: request.asked_at,
        };
        Self { data: requests.into_iter().map(shape).collect() }
    }
}

/// A request that waits for an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct PendingShape {
    /// Always true.
    pub pending: bool,
}
