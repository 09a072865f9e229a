//! Changes of hubs, their people and their pages.

use pawdium_shared::accounts;
use pawdium_shared::db::Tx;
use pawdium_shared::hubs::{
    HubChanges, HubName, HubRole, Joining, NewHub, Refusal, Slug, Summary, Visibility, changes, members,
    requests,
};
use pawdium_shared::ids::{HubId, UserId, WidgetId};
use pawdium_widgets::layout::{self, Change, NotChanged, Spot};
use pawdium_widgets::{KINDS, Side};
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use strum::VariantArray as _;

use super::{Changer, Operation, WORDS};
use crate::world::{first_config, made};

impl Changer<'_> {
    pub(super) async fn change_roles(&mut self, operation: Operation, tx: &mut Tx) -> sqlx::Result<bool> {
        let (hub, user, founder) = (self.hub().await, self.member().await, self.founder);
        let role = *HubRole::VARIANTS.choose(&mut self.rng).expect("a role");
        match operation {
            Operation::Take => made(members::take(tx, hub, user, role).await),
            // The founder owns the hubs throughout.
            Operation::Drop | Operation::Expel if user == founder => Ok(false),
            Operation::Drop => made(members::drop_role(tx, hub, user, role).await),
            Operation::SetRole => {
                let role = if role == HubRole::Owner { role } else { HubRole::Member };
                if user == founder {
                    Ok(false)
                } else {
                    made(members::set(tx, hub, founder, user, role).await)
                }
            }
            Operation::Expel => made(members::remove(tx, hub, founder, user).await),
            Operation::Ask => self.ask(tx, user).await,
            _ => {
                let asked = self.pick("select user_id from hub_requests order by hub_id, user_id").await;
                let Some(asker) = asked else { return Ok(false) };
                let at = format!("select hub_id from hub_requests where user_id = {asker} order by hub_id");
                let hub = HubId(self.pick(&at).await.expect("a hub"));
                let accepted = self.rng.random();
                made(requests::answer(tx, hub, founder, UserId(asker), accepted).await)
            }
        }
    }

    /// Asks to join a hub that has requests, or makes a hub have them.
    async fn ask(&mut self, tx: &mut Tx, user: UserId) -> sqlx::Result<bool> {
        let asks = "select id from hubs where joining = 'request' and archived_at is null order by id";
        if let Some(hub) = self.pick(asks).await {
            return made(members::take(tx, HubId(hub), user, HubRole::Member).await);
        }
        let chosen =
            HubChanges { joining: Some(Joining::Request), archived: Some(false), ..HubChanges::default() };
        let hub = self.hub().await;
        made(changes::update(tx, hub, self.founder, &chosen).await)
    }

    pub(super) async fn change_hub(&mut self, operation: Operation, tx: &mut Tx) -> sqlx::Result<bool> {
        let slug = Slug::new(&format!("hub-{}", self.made)).expect("a slug");
        let name = HubName::new(&format!("Hub {}", self.made)).expect("a name");
        let summary = Summary::new(&format!("Summary {}", self.made)).expect("a summary");
        let (joining, visibility) = (
            *Joining::VARIANTS.choose(&mut self.rng).expect("one"),
            *Visibility::VARIANTS.choose(&mut self.rng).expect("one"),
        );
        match operation {
            Operation::CreateHub => {
                let new = NewHub { slug, name, summary, joining, visibility };
                made(changes::create(tx, self.founder, &new).await)
            }
            Operation::DeleteHub => {
                if self.world.ask::<i64>("select count(*) from hubs where slug is not null").await < 4 {
                    return Ok(false);
                }
                let hub = self.hub().await;
                let founder = accounts::queries::find(tx, self.founder).await?.expect("it stays");
                made(changes::delete(tx, hub, &founder).await)
            }
            _ => {
                let hub = self.hub().await;
                let mut chosen = HubChanges::default();
                match self.rng.random_range(0..9) {
                    0 => chosen.slug = Some(slug),
                    1 => chosen.name = Some(name),
                    2 => chosen.summary = Some(summary),
                    3 => chosen.joining = Some(joining),
                    4 => chosen.visibility = Some(visibility),
                    5 => chosen.archived = Some(true),
                    6 => {
                        chosen.time_zone = ["Europe/Berlin", "UTC", "Asia/Tokyo"]
                            .choose(&mut self.rng)
                            .map(|&zone| zone.into());
                    }
                    _ => chosen.archived = Some(false),
                }
                made(changes::update(tx, hub, self.founder, &chosen).await)
            }
        }
    }

    pub(super) async fn change_layout(&mut self, operation: Operation, tx: &mut Tx) -> sqlx::Result<bool> {
        let hub = HubId(self.pick("select id from hubs order by id").await.expect("a hub"));
        let side = *Side::VARIANTS.choose(&mut self.rng).expect("a side");
        let spot = Spot { side, position: Some(self.rng.random_range(0..4)) };
        let kind = KINDS.choose(&mut self.rng).expect("a kind");
        if operation == Operation::AddWidget {
            let config = kind.check(&first_config(kind)).expect("it is good");
            let add = Change::Add { kind: kind.name.to_owned(), spot, config };
            return self.arrange(tx, hub, add).await;
        }
        if operation == Operation::ConfigureWidget {
            return self.configure(tx).await;
        }
        let on_page = format!("select id from widgets where hub_id = {hub} order by id");
        let Some(widget) = self.pick(&on_page).await.map(WidgetId) else { return Ok(false) };
        match operation {
            Operation::MoveWidget => self.arrange(tx, hub, Change::Move(widget, spot)).await,
            _ => self.arrange(tx, hub, Change::Remove(widget)).await,
        }
    }

    /// Configures a widget of each kind in turn, because some change in no other way.
    async fn configure(&mut self, tx: &mut Tx) -> sqlx::Result<bool> {
        let kind = &KINDS[self.configured % KINDS.len()];
        self.configured += 1;
        let config = kind.check(&self.config(&kind.schema())).expect("a good configuration");
        let of_kind = format!("select id from widgets where kind = '{}' order by id", kind.name);
        let Some(widget) = self.pick(&of_kind).await else { return Ok(false) };
        let hub: i64 = self.world.ask(&format!("select hub_id from widgets where id = {widget}")).await;
        self.arrange(tx, HubId(hub), Change::Configure(WidgetId(widget), config)).await
    }

    /// Changes a layout as an owner, if the hub has one.
    async fn arrange(&mut self, tx: &mut Tx, hub: HubId, change: Change) -> sqlx::Result<bool> {
        let Some(owner) = self.world.owner(hub).await else { return Ok(false) };
        arranged(layout::change(tx, hub, owner, None, &change).await)
    }

    /// A configuration in the bounds of a schema.
    fn config(&mut self, schema: &Value) -> Value {
        let Some(properties) = schema["properties"].as_object() else { return json!({}) };
        let mut config = serde_json::Map::new();
        for (key, property) in properties {
            let value = match (key.as_str(), property["type"].as_str()) {
                (_, Some("integer")) => {
                    json!(self.rng.random_range(1..=property["maximum"].as_i64().expect("a bound")))
                }
                ("links", _) => json!(format!("Place {} https://example.org/{}", self.made, self.made)),
                ("title" | "text", _) => json!(format!("Text {}", self.made)),
                ("topic", _) => json!(WORDS.choose(&mut self.rng)),
                ("colour", _) => json!(["yellow", "pink", "green", "blue"].choose(&mut self.rng)),
                _ => continue,
            };
            config.insert(key.clone(), value);
        }
        Value::Object(config)
    }
}

fn arranged<T>(outcome: Result<T, NotChanged>) -> sqlx::Result<bool> {
    match outcome {
        Ok(_) => Ok(true),
        Err(NotChanged::Refused(Refusal::Database(error))) => Err(error),
        Err(_) => Ok(false),
    }
}
