//! The pages of hubs, of their widgets and of their calls for talks.

use axum::routing::{get, post};

use super::table::Routes;
use crate::{hubs, photos, ranking, ratings, talks, topics};

pub(super) fn pages() -> Routes {
    hub_pages().merge(talk_pages())
}

fn hub_pages() -> Routes {
    Routes::new()
        .route("/hubs", get(hubs::list::page))
        .route("/hubs/new", get(hubs::new::page).post(hubs::new::create))
        .merge(widget_pages("/h/{slug}"))
        .merge(widget_pages("/members/{name}"))
        .route("/h/{slug}/photos", get(photos::posting::page))
        .route("/h/{slug}/top", get(ranking::hub::page))
        .route("/h/{slug}/topics", get(topics::hub::page))
        .route("/h/{slug}/rate", get(ratings::page::hub_page))
        .route("/h/{slug}/feed.atom", get(hubs::atom::of_hub))
        .route("/h/{slug}/members", get(hubs::members::page).post(hubs::members::change))
        .route("/h/{slug}/requests", post(hubs::members::answer))
        .route("/h/{slug}/roles/{role}", post(hubs::roles::change))
        .route("/members/{name}/roles/{role}", post(hubs::roles::follow))
        .route("/h/{slug}/settings", get(hubs::settings::page).post(hubs::settings::change))
        .route("/h/{slug}/delete", post(hubs::settings::delete))
}

fn talk_pages() -> Routes {
    Routes::new()
        .route("/h/{slug}/talks", get(talks::list::page))
        .route("/h/{slug}/talks/part", get(talks::list::part))
        .route("/h/{slug}/calls/new", get(talks::edit::new_page).post(talks::edit::create))
        .route("/calls/{call}", get(talks::show::page))
        .route("/calls/{call}/part", get(talks::show::part))
        .route("/calls/{call}/edit", get(talks::edit::page).post(talks::edit::change))
        .route("/calls/{call}/phase", post(talks::edit::move_on))
        .route("/calls/{call}/pitch", get(talks::pitching::page).post(talks::pitching::pitch))
        .route("/calls/{call}/results", get(talks::results::page))
        .route("/calls/{call}/receipt", get(talks::results::receipt))
        .route("/calls/{call}/receipts.txt", get(talks::results::list))
        .route("/calls/{call}/dashboard", get(talks::dashboard::page))
        .route("/calls/{call}/dashboard/part", get(talks::dashboard::part))
        .route("/calls/{call}/votes.csv", get(talks::dashboard::csv))
        .route("/calls/{call}/votes/set-aside", post(talks::dashboard::judge))
        .route("/talks/{talk}", get(talks::talk::page))
        .route("/talks/{talk}/edit", get(talks::pitching::edit_page).post(talks::pitching::edit))
        .route("/talks/{talk}/withdraw", post(talks::pitching::withdraw))
        .route("/talks/{talk}/moderate", post(talks::pitching::moderate))
        .route("/talks/{talk}/vote", post(talks::vote::vote))
}

/// The page of widgets of a hub, or of a member's profile, below `at`.
fn widget_pages(at: &str) -> Routes {
    Routes::new()
        .route(at, get(hubs::page::page))
        .route(&format!("{at}/versions"), get(hubs::part::versions))
        .route(&format!("{at}/w/{{widget}}"), get(hubs::part::part))
        .route(&format!("{at}/widgets"), post(hubs::edit::add))
        .route(&format!("{at}/widgets/new"), get(hubs::edit::gallery))
        .route(&format!("{at}/widgets/{{widget}}"), get(hubs::edit::configure).post(hubs::edit::act))
}
