//! Hubs' pages: widgets of every kind, with texts.

use std::collections::HashSet;

use anyhow::{Context as _, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Client, text};
use super::hubs::{Person, find};
use super::plans::Plan;

/// Kinds that look better in the wide column, where they may stand there.
const WIDE: [&str; 7] =
    ["sticky-note", "newest-photos", "top-photos", "trending", "activity", "rate-one", "topic"];

/// Kinds that begin the column.
const FIRST: [&str; 4] = ["talks", "sticky-note", "join-requests", "cobwebs"];

/// Gives the widgets of a hub their texts, and adds those that its plan wants. The site decides which kinds there are.
pub(super) async fn arrange(client: &Client, owner: &Person, plan: &Plan) -> Result<()> {
    let kinds = Kinds::of(client).await?;
    let page = page_of(client, owner, plan).await?;
    for widget in page["widgets"].as_array().context("a hub has widgets")? {
        let kind = text(widget, "kind")?;
        let config = config(kind, plan);
        if config != json!({}) && kinds.column(kind).is_some() {
            let path = format!("hubs/{}/widgets/{}", plan.slug, widget["id"]);
            let body = json!({ "config": config });
            client.succeed(Method::PATCH, &path, Some(&owner.token), Some(&body)).await?;
        }
    }
    let placed = kinds_on(&page);
    for kind in plan.more.iter().filter(|kind| !placed.contains(**kind)) {
        add(client, owner, plan, &kinds, kind).await?;
    }
    Ok(())
}

/// Puts every kind that is on no hub's page onto the first one's. Those for profiles are on each member's.
pub(super) async fn place_missing(client: &Client, people: &[Person], plans: &[Plan]) -> Result<()> {
    let kinds = Kinds::of(client).await?;
    let mut placed = HashSet::new();
    for plan in plans {
        placed.extend(kinds_on(&page_of(client, find(people, plan.owner)?, plan).await?));
    }
    let first = plans.first().context("there are plans")?;
    let owner = find(people, first.owner)?;
    for (kind, _) in kinds.0.iter().filter(|(kind, _)| !placed.contains(kind)) {
        add(client, owner, first, &kinds, kind).await?;
    }
    Ok(())
}

async fn add(client: &Client, owner: &Person, plan: &Plan, kinds: &Kinds, kind: &str) -> Result<()> {
    let Some(column) = kinds.column(kind) else { return Ok(()) };
    let mut body = json!({ "kind": kind, "column": column, "config": config(kind, plan) });
    if FIRST.contains(&kind) {
        body["position"] = json!(0);
    }
    let path = format!("hubs/{}/widgets", plan.slug);
    client.succeed(Method::POST, &path, Some(&owner.token), Some(&body)).await?;
    Ok(())
}

async fn page_of(client: &Client, owner: &Person, plan: &Plan) -> Result<Value> {
    client.succeed(Method::GET, &format!("hubs/{}", plan.slug), Some(&owner.token), None).await
}

fn kinds_on(page: &Value) -> HashSet<String> {
    let widgets = page["widgets"].as_array().into_iter().flatten();
    widgets.filter_map(|widget| Some(widget["kind"].as_str()?.to_owned())).collect()
}

/// The configuration of a kind in a hub; the defaults if there is nothing to say.
fn config(kind: &str, plan: &Plan) -> Value {
    let (key, text) = match kind {
        "about" => ("text", plan.about),
        "rules" => ("text", plan.rules),
        "sticky-note" => ("text", plan.note),
        "links" => ("links", plan.links),
        "topic" => ("topic", "tongue"),
        _ => return json!({}),
    };
    if text.is_empty() { json!({}) } else { json!({ key: text }) }
}

/// The kinds that the site offers for hubs, with the column for each.
struct Kinds(Vec<(String, &'static str)>);

impl Kinds {
    async fn of(client: &Client) -> Result<Self> {
        let listed = client.succeed(Method::GET, "widget-kinds", None, None).await?;
        let kind = |kind: &Value| {
            let name = text(kind, "kind")?;
            let column = match text(kind, "columns")? {
                "left" => "left",
                "right" => "right",
                _ if WIDE.contains(&name) => "left",
                _ => "right",
            };
            Ok((name.to_owned(), column))
        };
        let kinds = listed.as_array().context("the kinds are a list")?.iter();
        let kinds = kinds.filter(|kind| kind["pages"] != "profiles").map(kind);
        Ok(Self(kinds.collect::<Result<_>>()?))
    }

    /// The column for a kind; `None` if the site doesn't have it.
    fn column(&self, kind: &str) -> Option<&'static str> {
        self.0.iter().find(|(name, _)| name == kind).map(|(_, column)| *column)
    }
}
