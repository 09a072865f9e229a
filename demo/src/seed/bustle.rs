//! Life in the demo's hubs while somebody watches: now and then one of its people rates, joins, leaves or posts.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use anyhow::{Result, bail};
use pawdium_shared::db::Db;
use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::client::Client;
use super::hubs::postable;
use super::people::{enter, opinion};
use super::plans::{PLANS, Plan};
use crate::logins::{LOGINS, Login, NEIGHBOURS};

/// The shortest and the longest time between two acts, in milliseconds.
const PAUSE: std::ops::Range<u64> = 2_000..6_000;

/// How long to wait after an act that failed.
const REST: Duration = Duration::from_secs(30);

/// The demo's people, who do something now and then. What they do stays within bounds: they rate again what they have
/// rated, leave what they have joined, and take photos out again when all are posted.
#[derive(Debug)]
pub struct Bustle {
    client: Client,
    db: Db,
    tokens: HashMap<&'static str, String>,
    dice: ChaCha8Rng,
}

impl Bustle {
    /// The people of the site at `site` with database `db`.
    ///
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(site: &Url, db: &Db) -> Result<Self> {
        let dice = ChaCha8Rng::seed_from_u64(rand::random());
        Ok(Self { client: Client::new(site.clone())?, db: db.clone(), tokens: HashMap::new(), dice })
    }

    /// Goes on until it is dropped. `say` is told when acts begin to fail.
    pub async fn run(mut self, say: impl Fn(&str)) -> Infallible {
        let mut is_failing = false;
        loop {
            tokio::time::sleep(Duration::from_millis(self.dice.random_range(PAUSE))).await;
            match self.act().await {
                Ok(()) => is_failing = false,
                Err(error) => {
                    if !is_failing {
                        say(&format!("the demo's people rest for a while: {error:#}"));
                    }
                    is_failing = true;
                    tokio::time::sleep(REST).await;
                }
            }
        }
    }

    /// Lets one of them do something.
    ///
    /// # Errors
    /// When the site or the database doesn't answer.
    pub async fn act(&mut self) -> Result<()> {
        let open: Vec<_> =
            PLANS.iter().filter(|plan| !plan.is_archived && plan.visibility == "public").collect();
        let (Some(plan), Some(login)) = (open.choose(&mut self.dice), NEIGHBOURS.choose(&mut self.dice))
        else {
            return Ok(());
        };
        match self.dice.random_range(0..20) {
            0..3 => self.change_role(plan, *login).await,
            3..5 => self.post(plan).await,
            _ => self.rate(plan, *login).await,
        }
    }

    /// Rates the next photo of a hub, or changes an earlier rating once all are rated.
    async fn rate(&mut self, plan: &Plan, login: Login) -> Result<()> {
        let mildness = self.dice.random_range(-1.5..1.5);
        let path = format!("hubs/{}/rate/next", plan.slug);
        let served = self.call(login, Method::GET, &path, None).await?;
        let mut photo = served["photo"]["id"].as_i64();
        if photo.is_none() {
            let mut photos = postable(&self.db, plan).await?;
            photos.retain(|photo| photo.is_posted);
            photo = photos.choose(&mut self.dice).map(|photo| photo.id);
        }
        let Some(photo) = photo else { return Ok(()) };
        let value = opinion(photo, mildness, &mut self.dice);
        let body = json!({ "value": value, "ballot": served["ballot"], "hub": plan.slug });
        self.call(login, Method::PUT, &format!("photos/{photo}/rating"), Some(&body)).await?;
        Ok(())
    }

    /// Joins, subscribes or stars a hub, or gives that up.
    async fn change_role(&mut self, plan: &Plan, login: Login) -> Result<()> {
        let roles = if plan.join == "open" {
            &["member", "subscriber", "stargazer"][..]
        } else {
            &["subscriber", "stargazer"]
        };
        let Some(&role) = roles.choose(&mut self.dice) else { return Ok(()) };
        let hub = self.call(login, Method::GET, &format!("hubs/{}", plan.slug), None).await?;
        let has = hub["my_roles"].as_array().is_some_and(|own| own.iter().any(|own| own == role));
        let method = if has { Method::DELETE } else { Method::PUT };
        self.call(login, method, &format!("hubs/{}/roles/{role}", plan.slug), None).await?;
        Ok(())
    }

    /// Posts a photo to a hub, or removes one if all are posted. The admin, whom visitors are most likely to be, does
    /// nothing.
    async fn post(&mut self, plan: &Plan) -> Result<()> {
        let mut photos = postable(&self.db, plan).await?;
        photos.retain(|photo| LOGINS.iter().any(|login| login.name == photo.owner && !login.is_admin));
        let (posted, missing): (Vec<_>, Vec<_>) = photos.iter().partition(|photo| photo.is_posted);
        let (from, method) =
            if missing.is_empty() { (posted, Method::DELETE) } else { (missing, Method::PUT) };
        let Some(photo) = from.choose(&mut self.dice) else { return Ok(()) };
        let Some(login) = LOGINS.iter().find(|login| login.name == photo.owner) else { return Ok(()) };
        self.call(*login, method, &format!("hubs/{}/photos/{}", plan.slug, photo.id), None).await?;
        Ok(())
    }

    /// Makes a call for somebody. What visitors of the demo have changed may refuse it, which is fine.
    async fn call(
        &mut self,
        login: Login,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value> {
        let token = match self.tokens.get(login.name) {
            Some(token) => token.clone(),
            None => enter(&self.client, login).await?,
        };
        let (status, answer) = self.client.call(method, path, Some(&token), body).await?;
        match status {
            // The session has ended. The next act begins another one.
            StatusCode::UNAUTHORIZED => drop(self.tokens.remove(login.name)),
            status if status.is_server_error() => bail!("{path} was answered with {status}: {answer}"),
            _ => drop(self.tokens.insert(login.name, token)),
        }
        Ok(if status.is_success() { answer } else { Value::Null })
    }
}
