//! Hubs: made, joined, filled with photos and ratings, and spread over the last weeks.

use anyhow::{Context as _, Result, bail};
use pawdium_shared::db::Db;
use pawdium_shared::events::Event;
use pawdium_shared::ids::{HubId, WidgetId};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::client::Client;
use super::people::{enter, rate_as};
use super::plans::{PLANS, Plan};
use super::widgets;
use crate::logins::{LOGINS, NEIGHBOURS};

/// Somebody with an account.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) token: String,
}

/// A photo that could be in a hub, because its owner is a member there.
#[derive(Debug)]
pub(super) struct Postable {
    pub(super) id: i64,
    pub(super) owner: String,
    pub(super) is_posted: bool,
}

/// Whether all hubs have been made. Their slugs stay theirs, so it holds when they are renamed.
pub(super) async fn are_there(db: &Db) -> Result<bool> {
    let last = PLANS.last().map(|plan| plan.slug);
    let found =
        sqlx::query_scalar!(r#"select exists (select from hub_slugs where slug = $1) as "there!""#, last);
    Ok(found.fetch_one(&**db).await?)
}

/// Registers the neighbours, or logs them in. Returns all people; `members` are the tokens of [`LOGINS`].
pub(super) async fn enter_all(client: &Client, members: &[String]) -> Result<Vec<Person>> {
    let mut people: Vec<_> = LOGINS
        .iter()
        .zip(members)
        .map(|(login, token)| Person { name: login.name, token: token.clone() })
        .collect();
    for login in NEIGHBOURS {
        let token = enter(client, login).await.with_context(|| format!("registering {}", login.name))?;
        people.push(Person { name: login.name, token });
    }
    Ok(people)
}

/// Makes the hubs that are missing, and fills them.
pub(super) async fn fill(client: &Client, db: &Db, people: &[Person], say: &impl Fn(&str)) -> Result<()> {
    if are_there(db).await? {
        return Ok(());
    }
    for (number, plan) in PLANS.iter().enumerate() {
        let filler = Filler { client, db, people, plan };
        let dice = ChaCha8Rng::seed_from_u64(100 + number as u64);
        filler.make(dice).await.with_context(|| format!("filling the hub {}", plan.slug))?;
        say(&format!("the hub {} is there", plan.name));
    }
    widgets::place_missing(client, people, &PLANS).await
}

/// One hub.
struct Filler<'a> {
    client: &'a Client,
    db: &'a Db,
    people: &'a [Person],
    plan: &'a Plan,
}

impl Filler<'_> {
    async fn make(&self, mut dice: ChaCha8Rng) -> Result<()> {
        let plan = self.plan;
        let owner = find(self.people, plan.owner)?;
        let body = json!({ "slug": plan.slug, "name": plan.name, "summary": plan.summary, "join": plan.join,
                           "visibility": plan.visibility });
        match self.client.call(Method::POST, "hubs", Some(&owner.token), Some(&body)).await? {
            // From a run that was interrupted.
            (StatusCode::CREATED | StatusCode::CONFLICT, _) => {}
            (status, answer) => bail!("it was answered with {status}: {answer}"),
        }
        let members = self.gather(owner, &mut dice).await?;
        for name in plan.waiting {
            self.put(find(self.people, name)?, "roles/member").await?;
        }
        for person in self.people {
            // A private hub doesn't exist for others.
            let may_see =
                plan.visibility == "public" || members.iter().any(|member| member.name == person.name);
            for (role, share) in [("subscriber", 0.4), ("stargazer", 0.3)] {
                if dice.random_bool(share) && may_see {
                    self.put(person, &format!("roles/{role}")).await?;
                }
            }
        }
        for photo in postable(self.db, plan).await? {
            // Some are left for later.
            if dice.random_bool(0.75) || plan.is_archived {
                self.put(find(self.people, &photo.owner)?, &format!("photos/{}", photo.id)).await?;
            }
        }
        for (number, member) in members.iter().enumerate() {
            rate_as(self.client, 500 + number as u64, &member.token, Some(plan.slug)).await?;
        }
        widgets::arrange(self.client, owner, plan).await?;
        if plan.is_archived {
            let body = json!({ "archived": true });
            let path = format!("hubs/{}", plan.slug);
            self.client.succeed(Method::PATCH, &path, Some(&owner.token), Some(&body)).await?;
        }
        spread_over_time(self.db, plan).await
    }

    /// Lets people become members in the way that the hub wants. Returns all members.
    async fn gather(&self, owner: &Person, dice: &mut ChaCha8Rng) -> Result<Vec<Person>> {
        let plan = self.plan;
        let mut members = vec![owner.clone()];
        for person in self.people {
            let is_helper = person.name == plan.helper;
            // They have the photos.
            let is_photographer =
                plan.visibility == "public" && LOGINS.iter().any(|login| login.name == person.name);
            let is_chosen = is_helper || is_photographer || dice.random_ratio(plan.tenths, 10);
            if person.name == plan.owner || plan.waiting.contains(&person.name) || !is_chosen {
                continue;
            }
            if plan.join == "invite" || is_helper {
                let role = if is_helper { "owner" } else { "member" };
                self.act(Method::PUT, owner, &format!("members/{}", person.name), &json!({ "role": role }))
                    .await?;
            } else if self.put(person, "roles/member").await? == StatusCode::ACCEPTED {
                let answer = json!({ "accept": true });
                self.act(Method::POST, owner, &format!("requests/{}", person.name), &answer).await?;
            }
            members.push(person.clone());
        }
        Ok(members)
    }

    async fn act(&self, method: Method, who: &Person, what: &str, body: &serde_json::Value) -> Result<()> {
        let path = format!("hubs/{}/{what}", self.plan.slug);
        self.client.succeed(method, &path, Some(&who.token), Some(body)).await?;
        Ok(())
    }

    async fn put(&self, who: &Person, what: &str) -> Result<StatusCode> {
        let path = format!("hubs/{}/{what}", self.plan.slug);
        match self.client.call(Method::PUT, &path, Some(&who.token), None).await? {
            (status, _) if status.is_success() => Ok(status),
            (status, answer) => bail!("{path} was answered with {status}: {answer}"),
        }
    }
}

pub(super) fn find<'a>(people: &'a [Person], name: &str) -> Result<&'a Person> {
    people.iter().find(|person| person.name == name).with_context(|| format!("{name} is nobody"))
}

/// The live photos that members could post to a hub, as far as they are of its species.
pub(super) async fn postable(db: &Db, plan: &Plan) -> Result<Vec<Postable>> {
    let names = LOGINS.map(|login| login.name.to_owned());
    let species: Vec<_> = plan.species.iter().map(|&species| species.to_owned()).collect();
    let photos = sqlx::query_as!(
        Postable,
        r#"select photos.id, users.name as "owner!",
                  exists (select from hub_photos where hub_id = hubs.id and photo_id = photos.id) as "is_posted!"
           from hubs join hub_roles on hub_roles.hub_id = hubs.id and hub_roles.role in ('member', 'owner')
                     join users on users.id = hub_roles.user_id
                     join photos on photos.owner_id = users.id
           where slug = $1 and species = any($2) and state = 'live' and users.name = any($3)
           order by photos.id"#,
        plan.slug,
        &species,
        &names,
    );
    Ok(photos.fetch_all(&**db).await?)
}

/// Backdates what happened in a hub over the last four weeks, more of it recently, in the order in which it happened.
/// In an archived hub it ended long ago.
async fn spread_over_time(db: &Db, plan: &Plan) -> Result<()> {
    let days_ago = if plan.is_archived { 50.0 } else { 0.0 };
    let mut tx = db.begin().await?;
    sqlx::query!(
        "with placed as (
             select activity.id, percent_rank() over (order by activity.id) as place
             from activity join hubs on hubs.id = hub_id where slug = $1
         )
         update activity set at = now() - interval '26 days' * power(1 - place, 1.6) - interval '1 day' * $2::float8
         from placed where placed.id = activity.id",
        plan.slug,
        days_ago,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update hub_photos set posted_at = activity.at from activity join hubs on hubs.id = activity.hub_id
         where slug = $1 and verb = 'posted' and hub_photos.hub_id = hubs.id
           and hub_photos.photo_id = activity.photo_id",
        plan.slug,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update hub_roles set since = activity.at from activity join hubs on hubs.id = activity.hub_id
         where slug = $1 and verb in ('created', 'joined') and hub_roles.hub_id = hubs.id and user_id = actor_id",
        plan.slug,
    )
    .execute(&mut *tx)
    .await?;
    sqlx::query!(
        "update hubs set created_at = times.first, active_at = times.last,
                         archived_at = case when archived_at is null then null else times.last end
         from (select hub_id, min(at) as first, max(at) as last from activity group by hub_id) as times
         where slug = $1 and times.hub_id = hubs.id",
        plan.slug,
    )
    .execute(&mut *tx)
    .await?;
    let names = NEIGHBOURS.map(|login| login.name.to_owned());
    sqlx::query!(
        "update users set created_at = now() - interval '80 days' - id % 9 * interval '31 hours'
         where name = any($1) and created_at > now() - interval '80 days'",
        &names,
    )
    .execute(&mut *tx)
    .await?;
    // These rows were changed behind the back of the site, so no event says which widgets are stale.
    let widgets = sqlx::query!(
        r#"select hub_id as "hub: HubId", widgets.id as "widget: WidgetId" from widgets join hubs on hubs.id = hub_id
           where slug = $1"#,
        plan.slug,
    )
    .fetch_all(&mut *tx)
    .await?;
    let stale = widgets.into_iter().map(|row| Event::WidgetConfigured { hub: row.hub, widget: row.widget });
    Event::record_all(&mut tx, stale.collect()).await?;
    tx.commit().await?;
    Ok(())
}
