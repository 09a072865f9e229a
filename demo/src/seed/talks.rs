//! Calls for talks: opened, pitched to, voted in and moved on.

use anyhow::{Context as _, Result, bail};
use chrono::{TimeDelta, Utc};
use pawdium_shared::db::Db;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::calls::{PLANS, Plan};
use super::client::{Client, text};
use super::hubs::{Person, find};

/// The phases in their order.
const PHASES: [&str; 5] = ["draft", "pitch", "voting", "closed", "announced"];

/// Whether all calls are there: the last one has been announced. Calls move forwards only, and none is ever deleted.
pub(super) async fn are_there(db: &Db) -> Result<bool> {
    let last = PLANS.last().map(|plan| plan.hub);
    let found = sqlx::query_scalar!(
        r#"select exists (select from calls join hub_slugs on hub_slugs.hub_id = calls.hub_id
                          where slug = $1 and call_phase(calls) = 'announced') as "there!""#,
        last,
    );
    Ok(found.fetch_one(&**db).await?)
}

/// Opens the calls that are missing, and brings each to its phase.
pub(super) async fn fill(client: &Client, db: &Db, people: &[Person], say: &impl Fn(&str)) -> Result<()> {
    if are_there(db).await? {
        return Ok(());
    }
    for plan in &PLANS {
        Caller { client, people, plan }
            .make()
            .await
            .with_context(|| format!("filling the call {}", plan.title))?;
    }
    say(&format!("{} calls for talks are open or over", PLANS.len()));
    Ok(())
}

/// One call.
struct Caller<'a> {
    client: &'a Client,
    people: &'a [Person],
    plan: &'a Plan,
}

impl Caller<'_> {
    /// Goes on from where the call is, since an earlier run may have been interrupted anywhere.
    async fn make(&self) -> Result<()> {
        let owner = find(self.people, self.plan.owner)?;
        let mut call = match self.find(owner).await? {
            Some(call) => call,
            None => self.open(owner).await?,
        };
        loop {
            let phase = text(&call, "phase")?.to_owned();
            match phase.as_str() {
                "pitch" => self.pitch(&call).await?,
                "voting" => self.vote(&call).await?,
                _ => {}
            }
            let place = |name: &str| PHASES.iter().position(|phase| *phase == name);
            if place(&phase) >= place(self.plan.phase) {
                return Ok(());
            }
            let next =
                place(&phase).and_then(|place| PHASES.get(place + 1)).context("a phase that follows")?;
            let path = format!("calls/{}", call["id"]);
            let body = json!({ "phase": next });
            call = self.client.succeed(Method::PATCH, &path, Some(&owner.token), Some(&body)).await?;
        }
    }

    async fn find(&self, owner: &Person) -> Result<Option<Value>> {
        let path = format!("hubs/{}/calls?limit=100", self.plan.hub);
        let list = self.client.succeed(Method::GET, &path, Some(&owner.token), None).await?;
        let calls = list["data"].as_array().context("the calls are a list")?;
        Ok(calls.iter().find(|call| call["title"] == self.plan.title).cloned())
    }

    async fn open(&self, owner: &Person) -> Result<Value> {
        let after = |days: Option<i64>| days.map(|days| (Utc::now() + TimeDelta::days(days)).to_rfc3339());
        let begun = (self.plan.phase != "draft").then(|| (Utc::now() - TimeDelta::days(9)).to_rfc3339());
        let (voting_from, closes_at) = self.plan.days;
        let body = json!({
            "title": self.plan.title, "text": self.plan.text, "totals": self.plan.totals, "voters": "members",
            "pitch_from": begun, "voting_from": after(voting_from), "closes_at": after(closes_at),
        });
        let path = format!("hubs/{}/calls", self.plan.hub);
        self.client.succeed(Method::POST, &path, Some(&owner.token), Some(&body)).await
    }

    async fn pitch(&self, call: &Value) -> Result<()> {
        for talk in self.plan.talks {
            let author = find(self.people, talk.author)?;
            let body = json!({ "title": talk.title, "description": talk.description });
            let path = format!("calls/{}/talks", call["id"]);
            match self.client.call(Method::POST, &path, Some(&author.token), Some(&body)).await? {
                // From a run that was interrupted.
                (StatusCode::CREATED | StatusCode::CONFLICT, _) => {}
                (status, answer) => bail!("{} was answered with {status}: {answer}", talk.title),
            }
        }
        Ok(())
    }

    /// Lets members vote: for each talk others begin.
    async fn vote(&self, call: &Value) -> Result<()> {
        let voters = self.voters().await?;
        let path = format!("calls/{}", call["id"]);
        let page = self.client.succeed(Method::GET, &path, None, None).await?;
        let pitched = page["talks"].as_array().context("the talks are a list")?;
        // Each reads the talks in their own order first, which the result will tell.
        for voter in &voters {
            self.client.succeed(Method::GET, &path, Some(&voter.token), None).await?;
        }
        for (number, talk) in self.plan.talks.iter().enumerate() {
            let found = pitched.iter().find(|pitched| pitched["title"] == talk.title);
            let id = &found.with_context(|| format!("{} was pitched", talk.title))?["id"];
            let others = voters.iter().cycle().skip(number * 2).take(voters.len());
            for voter in others.filter(|voter| voter.name != talk.author).take(talk.votes) {
                let path = format!("talks/{id}/vote");
                self.client.succeed(Method::PUT, &path, Some(&voter.token), None).await?;
            }
        }
        Ok(())
    }

    /// The members of the hub, in the order of [`people`](Self::people), which never changes.
    async fn voters(&self) -> Result<Vec<&Person>> {
        let path = format!("hubs/{}/members?limit=100", self.plan.hub);
        let list = self.client.succeed(Method::GET, &path, None, None).await?;
        let members = list["data"].as_array().context("the members are a list")?;
        let is_member = |person: &&Person| members.iter().any(|member| member["name"] == person.name);
        Ok(self.people.iter().filter(is_member).collect())
    }
}
