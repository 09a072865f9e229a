//! Search through the API.

use axum::Json;
use axum::extract::{Query, State};
use pawdium_shared::search::{Words, queries};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::{IntoParams, ToSchema};

use crate::api::caller::Caller;
use crate::api::shapes::{ErrorShape, PhotoShape};
use crate::error::Error;
use crate::http::visitor::Visitor;
use crate::photos::find;
use crate::state::App;
use crate::topics::api::TopicShape;

/// What a search finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
enum Kind {
    Photos,
    Members,
    Hubs,
    Topics,
}

/// The query of a search.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// The words. All must be found; the beginning of a word is enough.
    q: Option<String>,
    /// Any of `photos`, `members`, `hubs` and `topics`, separated by commas; all if left out.
    #[serde(rename = "in")]
    #[param(rename = "in")]
    within: Option<String>,
    /// Results of each kind, 1 to 100; 25 if left out.
    limit: Option<String>,
}

/// What was found. Kinds that were not asked for are empty.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchShape {
    /// Live photos with the words in title, tags or description.
    pub photos: Vec<PhotoShape>,
    /// Members with the words in their name.
    pub members: Vec<MemberShape>,
    /// Hubs with the words in name or summary, as far as the caller may see them.
    pub hubs: Vec<FoundHubShape>,
    /// Topics with the words in their name.
    pub topics: Vec<TopicShape>,
}

/// A member that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberShape {
    /// The user's id.
    pub id: i64,
    /// The public name.
    pub name: String,
}

/// A hub that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct FoundHubShape {
    /// The word in its URL.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// One sentence about it; may be empty.
    pub summary: String,
}

impl SearchParams {
    fn words(&self) -> Result<Words, Error> {
        match self.q.as_deref().map(str::trim) {
            None | Some("") => {
                Err(Error::Field { field: "q", message: "Say what to search for.".to_owned() })
            }
            Some(text) => Ok(Words::of(text)),
        }
    }

    fn kinds(&self) -> Result<Vec<Kind>, Error> {
        let Some(text) = self.within.as_deref().filter(|text| !text.is_empty()) else {
            return Ok(Kind::VARIANTS.to_vec());
        };
        let refused = |_| Error::Field {
            field: "in",
            message: "Choose among photos, members, hubs and topics, separated by commas.".to_owned(),
        };
        text.split(',').map(|kind| kind.trim().parse().map_err(refused)).collect()
    }

    fn limit(&self) -> Result<i64, Error> {
        let Some(text) = self.limit.as_deref().filter(|text| !text.is_empty()) else { return Ok(25) };
        let limit = text.parse().ok().filter(|limit| (1..=100).contains(limit));
        limit.ok_or_else(|| Error::Field {
            field: "limit",
            message: "Give a whole number from 1 to 100.".to_owned(),
        })
    }
}

/// Searches photos, members, hubs and topics, the best matches first.
#[utoipa::path(get, path = "/search", tag = "search",
    security((), ("token" = ["read"])), params(SearchParams), responses(
    (status = 200, description = "What was found", body = SearchShape),
    (status = 400, description = "No words, or an invalid parameter", body = ErrorShape),
    (status = 401, description = "An invalid token", body = ErrorShape),
))]
pub async fn search(
    State(app): State<App>,
    caller: Option<Caller>,
    Query(query): Query<SearchParams>,
) -> Result<Json<SearchShape>, Error> {
    let (words, kinds, limit) = (query.words()?, query.kinds()?, query.limit()?);
    let viewer = caller.as_ref().map_or_else(Visitor::nobody, Caller::visitor).id();
    let mut found =
        SearchShape { photos: Vec::new(), members: Vec::new(), hubs: Vec::new(), topics: Vec::new() };
    let mut db = app.db.acquire().await?;
    if kinds.contains(&Kind::Members) {
        let members = queries::find_members(&mut db, &words, limit).await?;
        let shape = |member: queries::FoundMember| MemberShape { id: member.id.0, name: member.name };
        found.members = members.into_iter().map(shape).collect();
    }
    if kinds.contains(&Kind::Hubs) {
        let hubs = queries::find_hubs(&mut db, &words, viewer, limit).await?;
        let shape =
            |hub: queries::FoundHub| FoundHubShape { slug: hub.slug, name: hub.name, summary: hub.summary };
        found.hubs = hubs.into_iter().map(shape).collect();
    }
    if kinds.contains(&Kind::Topics) {
        let topics = queries::find_topics(&mut db, &words, limit).await?;
        found.topics = topics.into_iter().map(|topic| TopicShape::of(&app, topic)).collect();
    }
    if kinds.contains(&Kind::Photos) {
        let mut photos = queries::find_photos(&mut db, &words).await?;
        drop(db);
        photos.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let photos = find::list_live(&app, &photos).await?;
        found.photos = photos.into_iter().map(|photo| PhotoShape::of(&app, photo)).collect();
    }
    Ok(Json(found))
}
