//! The feed: what happened in hubs, with repeats as one entry.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use sqlx::PgConnection;

use super::activity::Verb;
use super::{Hub, Joining, Visibility};
use crate::ids::{HubId, PhotoId, UserId};

/// The most entries of a feed.
pub const MOST: usize = 100;

/// How many activities to read for them. Of a longer burst only the latest count.
const READ: i64 = 1000;

/// How long after the first of them equal activities join its entry.
const TOGETHER: TimeDelta = TimeDelta::hours(1);

/// One activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Its number, which no other has.
    pub id: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// Where it happened.
    pub hub: HubId,
    /// What was done.
    pub verb: Verb,
    /// The public name of the person who did it.
    pub actor: Option<String>,
    /// The photo that was posted.
    pub photo: Option<PhotoId>,
}

/// An entry of a feed: one activity, or several with the same verb in the same hub within an hour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The number of its first activity. It stays the same when more join.
    pub id: i64,
    /// When the first happened.
    pub since: DateTime<Utc>,
    /// When the last happened.
    pub at: DateTime<Utc>,
    /// Where they happened.
    pub hub: HubId,
    /// What was done.
    pub verb: Verb,
    /// Who did it, the latest first, each once.
    pub actors: Vec<String>,
    /// The photos that were posted, the latest first, each once.
    pub photos: Vec<PhotoId>,
}

/// Makes entries of activities, in any order. Returns the latest ones, the latest first.
///
/// An entry lasts an hour from its first activity and not from its last, so that its identity doesn't depend on what
/// happens later, and a busy hub's entry ends.
#[must_use]
pub fn collapse(mut activities: Vec<Activity>) -> Vec<Entry> {
    activities.sort_by_key(|activity| (activity.at, activity.id));
    let mut entries: Vec<Entry> = Vec::new();
    let mut open: HashMap<(HubId, Verb), usize> = HashMap::new();
    for Activity { id, at, hub, verb, actor, photo } in activities {
        let joined = open.get(&(hub, verb)).copied().filter(|place| at - entries[*place].since < TOGETHER);
        let place = joined.unwrap_or(entries.len());
        if joined.is_none() {
            let (actors, photos) = (Vec::new(), Vec::new());
            entries.push(Entry { id, since: at, at, hub, verb, actors, photos });
            open.insert((hub, verb), place);
        }
        let entry = &mut entries[place];
        entry.at = at;
        put_first(&mut entry.actors, actor);
        put_first(&mut entry.photos, photo);
    }
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.id)));
    entries.truncate(MOST);
    entries
}

fn put_first<T: PartialEq>(items: &mut Vec<T>, item: Option<T>) {
    if let Some(item) = item {
        items.retain(|other| *other != item);
        items.insert(0, item);
    }
}

/// A row of `activity`. Its verb may be one of a later version.
struct Row {
    id: i64,
    at: DateTime<Utc>,
    hub: HubId,
    verb: String,
    actor: Option<String>,
    photo: Option<PhotoId>,
}

impl Row {
    fn known(self) -> Option<Activity> {
        let Self { id, at, hub, actor, photo, .. } = self;
        Some(Activity { id, at, hub, verb: self.verb.parse().ok()?, actor, photo })
    }
}

/// Lists the latest activities in hubs that a user is subscribed to or a member of, and of members whose profiles they
/// are subscribed to: what these did in public hubs, and their photos. A private hub's are listed for its members
/// alone, so somebody who loses that role loses them at once. Leaves the user's own profile out.
pub async fn list_followed(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<Activity>> {
    // The latest of each hub come from the index on hub and id, however old the hub is; those of each member from the
    // index on actor and id. A photo on a profile is no activity, so its number is the photo's, made negative.
    let rows = sqlx::query_as!(
        Row,
        r#"with followed as (
               select hub_id, profile_of from hub_roles join hubs on hubs.id = hub_id
               where user_id = $1 and role in ('subscriber', 'member', 'owner') and profile_of is distinct from $1
               group by hub_id, profile_of
               having bool_or(visibility = 'public' or role in ('member', 'owner'))
           ), latest as (
               select of_hub.* from followed cross join lateral (
                   select * from activity where activity.hub_id = followed.hub_id order by id desc limit $2
               ) as of_hub
               union
               select of_member.* from followed cross join lateral (
                   select activity.* from activity join hubs on hubs.id = activity.hub_id
                   where actor_id = followed.profile_of and slug is not null and visibility = 'public'
                   order by activity.id desc limit $2
               ) as of_member
               union all
               select -published.id, live_at, followed.hub_id, 'posted', followed.profile_of, published.id
               from followed cross join lateral (
                   select id, live_at from photos
                   where owner_id = followed.profile_of and state = 'live' order by live_at desc limit $2
               ) as published
           )
           select latest.id as "id!", at as "at!", latest.hub_id as "hub!: HubId", verb as "verb!", users.name as "actor?",
                  photo_id as "photo: PhotoId"
           from latest left join users on users.id = actor_id
           order by at desc, latest.id desc limit $2"#,
        user.0,
        READ,
    )
    .fetch_all(db)
    .await?;
    Ok(without_doubles(rows.into_iter().filter_map(Row::known).collect()))
}

/// Leaves a photo on a profile out if another activity tells that it was posted to a hub.
fn without_doubles(mut activities: Vec<Activity>) -> Vec<Activity> {
    let on_profile = |activity: &Activity| activity.id < 0;
    let posted: HashSet<_> =
        activities.iter().filter(|one| !on_profile(one)).filter_map(|one| one.photo).collect();
    activities.retain(|one| !on_profile(one) || one.photo.is_none_or(|photo| !posted.contains(&photo)));
    activities
}

/// Lists the latest activities in a hub.
pub async fn list_of_hub(db: &mut PgConnection, hub: HubId) -> sqlx::Result<Vec<Activity>> {
    let rows = sqlx::query_as!(
        Row,
        r#"select activity.id, at, hub_id as "hub: HubId", verb, users.name as "actor?",
                  photo_id as "photo: PhotoId"
           from activity left join users on users.id = actor_id
           where hub_id = $1 order by activity.id desc limit $2"#,
        hub.0,
        READ,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().filter_map(Row::known).collect())
}

/// Finds the hubs of entries.
pub async fn find_hubs(db: &mut PgConnection, hubs: &[HubId]) -> sqlx::Result<HashMap<HubId, Hub>> {
    let ids: Vec<_> = hubs.iter().map(|hub| hub.0).collect();
    let found = sqlx::query_as!(
        Hub,
        r#"select id as "id: HubId", slug, profile_of as "profile_of: UserId", name, summary,
                  joining as "joining: Joining", visibility as "visibility: Visibility", layout_version, archived_at,
                  active_at, created_at, time_zone
           from hubs where id = any($1)"#,
        &ids,
    );
    Ok(found.fetch_all(db).await?.into_iter().map(|hub| (hub.id, hub)).collect())
}

/// Finds the secret in the address of a user's own feed, or makes one.
pub async fn find_token(db: &mut PgConnection, user: UserId) -> sqlx::Result<String> {
    let found = sqlx::query_scalar!("select token from feed_tokens where user_id = $1", user.0);
    if let Some(token) = found.fetch_optional(&mut *db).await? {
        return Ok(token);
    }
    // Another request may have made one in the meantime, and its page shows that one.
    sqlx::query_scalar!(
        "insert into feed_tokens (user_id, token) values ($1, $2)
         on conflict (user_id) do update set token = feed_tokens.token returning token",
        user.0,
        generate(),
    )
    .fetch_one(db)
    .await
}

/// The path of the Atom feed that a secret opens.
#[must_use]
pub fn path_of(token: &str) -> String {
    format!("/feed.atom?token={token}")
}

/// Replaces the secret, so that the address given out before leads nowhere.
pub async fn renew_token(db: &mut PgConnection, user: UserId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into feed_tokens (user_id, token) values ($1, $2)
         on conflict (user_id) do update set token = excluded.token",
        user.0,
        generate(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Finds the user whose feed a secret opens, and when they registered.
pub async fn find_reader(
    db: &mut PgConnection,
    token: &str,
) -> sqlx::Result<Option<(UserId, DateTime<Utc>)>> {
    let found = sqlx::query!(
        r#"select user_id as "user: UserId", created_at from feed_tokens join users on users.id = user_id
           where token = $1"#,
        token,
    );
    Ok(found.fetch_optional(db).await?.map(|found| (found.user, found.created_at)))
}

/// 32 random bytes in base64url. Stored as it is, because the page shows it again; all that it opens is a list to read.
fn generate() -> String {
    BASE64URL_NOPAD.encode(&rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::VariantArray as _;

    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).expect("in range") + TimeDelta::minutes(minute)
    }

    fn joined(id: i64, minute: i64, actor: &str) -> Activity {
        let actor = Some(actor.to_owned());
        Activity { id, at: at(minute), hub: HubId(1), verb: Verb::Joined, actor, photo: None }
    }

    #[test]
    fn repeats_within_an_hour_are_one_entry() {
        let activities =
            vec![joined(1, 0, "bob"), joined(2, 10, "eve"), joined(3, 59, "bob"), joined(4, 60, "ada")];
        let entries = collapse(activities);
        let told: Vec<_> = entries.iter().map(|entry| (entry.id, entry.at, entry.actors.clone())).collect();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(told, [(4, at(60), names(&["ada"])), (1, at(59), names(&["bob", "eve"]))]);
    }

    #[test]
    fn a_photo_that_was_posted_to_a_hub_is_not_told_again() {
        let posted =
            |id, photo| Activity { verb: Verb::Posted, photo: Some(PhotoId(photo)), ..joined(id, 0, "ada") };
        let told = without_doubles(vec![posted(-7, 7), posted(-8, 8), posted(3, 7)]);
        assert_eq!(told.iter().map(|activity| activity.id).collect::<Vec<_>>(), [-8, 3]);
    }

    #[test]
    fn other_verbs_and_other_hubs_are_other_entries() {
        let elsewhere = Activity { hub: HubId(2), ..joined(2, 1, "ada") };
        let left = Activity { verb: Verb::BecameOwner, ..joined(3, 2, "ada") };
        assert_eq!(collapse(vec![joined(1, 0, "ada"), elsewhere, left]).len(), 3);
    }

    fn activities() -> impl Strategy<Value = Vec<Activity>> {
        let one = (0..400_i64, 1..4_i64, 0..Verb::VARIANTS.len(), 0..5_i64, 0..9_i64);
        proptest::collection::vec(one, 0..120).prop_map(|all| {
            let activity = |(id, (minute, hub, verb, actor, photo)): (i64, (i64, i64, usize, i64, i64))| {
                let actor = (actor > 0).then(|| format!("member{actor}"));
                let photo = (photo > 0).then_some(PhotoId(photo));
                Activity { id, at: at(minute), hub: HubId(hub), verb: Verb::VARIANTS[verb], actor, photo }
            };
            (1..).zip(all).map(activity).collect()
        })
    }

    proptest! {
        #[test]
        fn every_activity_is_in_the_entry_of_its_hour(activities in activities()) {
            let entries = collapse(activities.clone());
            prop_assume!(entries.len() < MOST);
            for activity in &activities {
                let holds = |entry: &&Entry| {
                    entry.hub == activity.hub && entry.verb == activity.verb
                        && entry.since <= activity.at && activity.at <= entry.at
                };
                let holding: Vec<_> = entries.iter().filter(holds).collect();
                prop_assert_eq!(holding.len(), 1);
                prop_assert!(activity.actor.as_ref().is_none_or(|actor| holding[0].actors.contains(actor)));
                prop_assert!(activity.photo.is_none_or(|photo| holding[0].photos.contains(&photo)));
            }
        }

        #[test]
        fn entries_are_short_sorted_and_apart(activities in activities()) {
            let entries = collapse(activities);
            prop_assert!(entries.len() <= MOST);
            prop_assert!(entries.is_sorted_by_key(|entry| std::cmp::Reverse(entry.at)));
            for (place, entry) in entries.iter().enumerate() {
                prop_assert!(entry.at - entry.since < TOGETHER);
                for other in &entries[place + 1..] {
                    let same = (other.hub, other.verb) == (entry.hub, entry.verb);
                    prop_assert!(!same || (entry.since - other.since).abs() >= TOGETHER);
                }
            }
        }

        #[test]
        fn the_order_of_reading_doesnt_matter(activities in activities()) {
            let mut turned = activities.clone();
            turned.reverse();
            prop_assert_eq!(collapse(activities), collapse(turned));
        }

        #[test]
        fn what_happens_later_leaves_the_entries_identities_alone(
            activities in activities(), actor in "[a-z]{1,5}", minute in 400..900_i64,
        ) {
            let before: Vec<_> = collapse(activities.clone()).into_iter().map(|entry| entry.id).collect();
            prop_assume!(before.len() < MOST);
            let more = [activities, vec![joined(1000, minute, &actor)]].concat();
            let after: Vec<_> = collapse(more).into_iter().map(|entry| entry.id).collect();
            prop_assert!(before.iter().all(|id| after.contains(id)));
        }
    }
}
