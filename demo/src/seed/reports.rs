//! Reports of each kind of thing, for moderators to judge. One photo has so many that it is hidden until then.

use anyhow::Result;
use pawdium_shared::db::Db;
use reqwest::Method;
use serde_json::json;

use super::client::Client;
use super::hubs::{Person, find};
use crate::logins::NEIGHBOURS;

/// How many new members report a photo: enough to hide it, though each weighs less than an ordinary report.
const CROWD: usize = 12;

/// Whether somebody has reported a member, which comes last.
pub(super) async fn are_there(db: &Db) -> Result<bool> {
    let there =
        sqlx::query_scalar!(r#"select exists (select from cases where about = 'member') as "there!""#);
    Ok(there.fetch_one(&**db).await?)
}

/// Lets people report what is there. An interrupted run goes on: the same report again is the first one.
pub(super) async fn fill(client: &Client, db: &Db, people: &[Person], say: &impl Fn(&str)) -> Result<()> {
    if are_there(db).await? {
        return Ok(());
    }
    let reporter = Reporter { client, people };
    let photo = sqlx::query_scalar!(
        "select photos.id from photos
         where state = 'live' and depth = 0 and not exists (select from photos as remix where remix.parent_id = photos.id)
           and not exists (select from comments where photo_id = photos.id)
         order by photos.id desc limit 1",
    );
    if let Some(photo) = photo.fetch_optional(&**db).await? {
        for neighbour in NEIGHBOURS.iter().take(CROWD) {
            // Once it is hidden, nobody else can report it.
            let is_live =
                sqlx::query_scalar!(r#"select state = 'live' as "live!" from photos where id = $1"#, photo);
            if !is_live.fetch_one(&**db).await? {
                break;
            }
            reporter
                .report(neighbour.name, &format!("photos/{photo}"), "stolen", "I have seen this elsewhere.")
                .await?;
        }
    }
    // The photo's owner reads all comments on it.
    let comment = sqlx::query!(
        r#"select comments.id, owner.name as "owner!" from comments
           join users as author on author.id = author_id
           join photos on photos.id = photo_id join users as owner on owner.id = owner_id
           where author.name = 'ivo' and comments.state = 'shown' and owner.name is not null order by comments.id limit 1"#,
    );
    if let Some(comment) = comment.fetch_optional(&**db).await?
        && people.iter().any(|person| person.name == comment.owner)
    {
        reporter
            .report(&comment.owner, &format!("comments/{}", comment.id), "spam", "Homework in my comments.")
            .await?;
    }
    let talk = sqlx::query_scalar!(
        "select talks.id from talks join calls on calls.id = call_id join hubs on hubs.id = hub_id
         join users on users.id = author_id
         where talks.state = 'shown' and visibility = 'public' and call_phase(calls) <> 'draft' and users.name <> 'sol'
         order by talks.id limit 1",
    );
    if let Some(talk) = talk.fetch_optional(&**db).await? {
        reporter.report("sol", &format!("talks/{talk}"), "hurtful", "It makes fun of my rabbit.").await?;
    }
    let hub = sqlx::query_scalar!(
        r#"select slug as "slug!" from hubs
           where slug is not null and visibility = 'public'
             and not exists (select from hub_roles join users on users.id = user_id
                             where hub_id = hubs.id and hub_roles.role = 'owner' and users.name = 'rosa')
           order by id limit 1"#,
    );
    if let Some(hub) = hub.fetch_optional(&**db).await? {
        reporter.report("rosa", &format!("hubs/{hub}"), "other", "Nobody there answers.").await?;
    }
    reporter.report("bo", "users/quinn", "spam", "Sells treats under every photo.").await?;
    say("a photo, a comment, a talk, a hub and a member are reported");
    Ok(())
}

struct Reporter<'a> {
    client: &'a Client,
    people: &'a [Person],
}

impl Reporter<'_> {
    async fn report(&self, name: &str, what: &str, category: &str, text: &str) -> Result<()> {
        let (person, body) = (find(self.people, name)?, json!({ "category": category, "text": text }));
        let path = format!("{what}/reports");
        self.client.succeed(Method::POST, &path, Some(&person.token), Some(&body)).await?;
        Ok(())
    }
}
