//! Statistics of a photo that clients report.

use axum::extract::State;
use axum::http::StatusCode;
use pawdium_shared::ids::PhotoId;
use pawdium_shared::photos::PhotoState;
use pawdium_shared::ranking::virality::Moment;

use super::moments::record_moment;
use super::show::find_visible;
use crate::api::caller::Caller;
use crate::api::shapes::ErrorShape;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::visitor::Visitor;
use crate::state::App;

/// What a statistic counts.
fn moment_of(name: &str) -> Result<Moment, Error> {
    Ok(match name {
        "views" => Moment::View,
        "shares" => Moment::Share,
        "remixes" => Moment::Remix,
        "comments" => Moment::Comment,
        _ => return Err(Error::Refused("not a valid stat".to_owned())),
    })
}

/// Counts something that a visitor did with a live photo: views, shares, remixes or comments. Each counts once a
/// visitor and day, and appears in the photo's `stats` within a minute.
#[utoipa::path(post, path = "/photos/{id}/stats/{name}", tag = "photos", security((), ("token" = ["submit"])),
    params(("id" = i64, Path, description = "The photo's id"),
           ("name" = String, Path, description = "views, shares, remixes or comments")), responses(
    (status = 201, description = "Counted, or counted before"),
    (status = 400, description = "Not the name of a statistic", body = ErrorShape),
    (status = 404, description = "No such photo, or not live", body = ErrorShape),
))]
pub async fn count(
    State(app): State<App>,
    caller: Option<Caller>,
    client: Client,
    Path((id, name)): Path<(PhotoId, String)>,
) -> Result<StatusCode, Error> {
    let moment = moment_of(&name)?;
    let visitor = caller.as_ref().map_or_else(Visitor::nobody, Caller::visitor);
    if find_visible(&app, &visitor, id).await?.state != PhotoState::Live {
        return Err(Error::NotFound);
    }
    record_moment(&app, &visitor, client, id, moment).await?;
    Ok(StatusCode::CREATED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_four_names_are_statistics() {
        for name in ["views", "shares", "remixes", "comments"] {
            assert!(moment_of(name).is_ok(), "{name}");
        }
        for name in ["", "view", "link_view", "Views", "ratings"] {
            assert!(matches!(moment_of(name), Err(Error::Refused(message)) if message == "not a valid stat"));
        }
    }
}
