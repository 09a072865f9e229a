//! Voting. A voter's votes wait for each other at the voter's row, and the call's lock is shared with other voters.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;
use sqlx::PgConnection;

use super::locks;
use super::phase::Phase;
use super::receipt::Nonce;
use super::refusal::Refusal;
use super::types::{Call, TalkState, Totals, Voters};
use crate::accounts::proof;
use crate::db::{Tx, violates};
use crate::events::Event;
use crate::ids::{CallId, TalkId, UserId};

/// The unique index that is violated if two guests vote for a talk from one browser at once.
const GUEST_DEVICE: &str = "talk_votes_guest_device";

/// The id that the server gave a browser: 16 bytes, which a signed cookie keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device(pub [u8; 16]);

impl Device {
    /// Generates a random one.
    #[must_use]
    pub fn generate() -> Self {
        Self(rand::random())
    }
}

/// The network of a client, as much of the address as is kept of it: a /24 or a /64.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Network(String);

impl Network {
    /// The network of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        let address = address.to_canonical();
        let length = if address.is_ipv4() { 24 } else { 64 };
        Self(IpNet::new(address, length).map_or_else(|_| address.to_string(), |net| net.trunc().to_string()))
    }

    /// The network as `address/length`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who votes, and from where.
#[derive(Clone, Debug)]
pub struct Voter {
    /// The user, anonymous or registered.
    pub user: UserId,
    /// The id that the server gave the browser; none for a client with a token.
    pub device: Option<Device>,
    /// The client's network.
    pub network: Option<Network>,
    /// Whether the request came from a page that was served to this browser. Guests vote only so.
    pub served: bool,
}

/// What became of a vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Voted {
    /// What was done: `create vote` or `delete vote`.
    pub action: &'static str,
    /// Whether the voter votes for the talk now.
    pub voted: bool,
    /// The talk's votes, without guests'; `None` while they are hidden from the voter.
    pub votes: Option<i32>,
    /// The talk's guests' votes; `None` while they are hidden from the voter.
    pub guest_votes: Option<i32>,
}

/// Votes for a talk, or takes the vote back.
///
/// # Errors
/// [`Refusal::NotVoting`], [`Refusal::OwnTalk`], [`Refusal::NotMember`], [`Refusal::NotVerified`],
/// [`Refusal::NotServed`], [`Refusal::NoVoteLeft`], [`Refusal::SetAside`], [`Refusal::Archived`] and
/// [`Refusal::Gone`].
pub async fn toggle(db: &mut Tx, talk: TalkId, voter: &Voter) -> Result<Voted, Refusal> {
    let (call, standing) = enter(db, talk, voter).await?;
    let wanted = !standing.voted;
    cast(db, &call, talk, voter, &standing, wanted).await
}

/// Sees to it that a voter votes for a talk, or doesn't. Twice is once.
///
/// # Errors
/// As [`toggle`].
pub async fn set(db: &mut Tx, talk: TalkId, voter: &Voter, wanted: bool) -> Result<Voted, Refusal> {
    let (call, standing) = enter(db, talk, voter).await?;
    cast(db, &call, talk, voter, &standing, wanted).await
}

/// What decides about a vote, read under the locks on its voter and its call.
#[expect(clippy::struct_excessive_bools, reason = "facts of rows, which combine freely")]
struct Standing {
    author: Option<UserId>,
    state: TalkState,
    is_archived: bool,
    is_member: bool,
    is_verified: bool,
    voted: bool,
    is_set_aside: bool,
    /// Whether another guest votes for the talk from the same browser.
    is_taken: bool,
    /// How many votes other guests have in the call from the same browser.
    cast_beside: i64,
    /// How many votes the voter has in the call.
    cast: i64,
    votes: i32,
    guest_votes: i32,
}

/// Locks the voter, so that two votes of one don't overtake each other, shares the lock on the call, and reads.
async fn enter(db: &mut Tx, talk: TalkId, voter: &Voter) -> Result<(Call, Standing), Refusal> {
    if proof::lock(db, &[voter.user]).await?.is_empty() {
        return Err(Refusal::NoUser);
    }
    let found = sqlx::query!(
        r#"select calls.id as "call: CallId", call_phase(calls) as "phase!: Phase"
           from talks join calls on calls.id = call_id where talks.id = $1"#,
        talk.0,
    );
    let found = found.fetch_optional(&mut *db).await?.ok_or(Refusal::Gone)?;
    // Who comes too late doesn't wait for the freeze.
    if found.phase != Phase::Voting {
        return Err(Refusal::NotVoting(found.phase));
    }
    let call = locks::share(db, found.call).await?;
    let standing = stand(db, talk, voter).await?.ok_or(Refusal::Gone)?;
    Ok((call, standing))
}

async fn stand(db: &mut PgConnection, talk: TalkId, voter: &Voter) -> sqlx::Result<Option<Standing>> {
    sqlx::query_as!(
        Standing,
        r#"select author_id as "author: UserId", state as "state: TalkState",
                  archived_at is not null as "is_archived!",
                  exists (select from hub_roles where hub_roles.hub_id = calls.hub_id and user_id = $2
                                                  and role in ('member', 'owner')) as "is_member!",
                  exists (select from users where id = $2 and name is not null
                                              and email_verified_at is not null) as "is_verified!",
                  own.talk_id is not null as "voted!", own.set_aside_at is not null as "is_set_aside!",
                  (select count(*) from talk_votes where voter_id = $2 and talk_votes.call_id = calls.id) as "cast!",
                  beside.is_taken as "is_taken!", beside.votes as "cast_beside!", talks.votes, talks.guest_votes
           from talks
           join calls on calls.id = talks.call_id
           join hubs on hubs.id = calls.hub_id
           left join talk_votes as own on own.talk_id = talks.id and own.voter_id = $2
           cross join lateral (
               select count(*) as votes, coalesce(bool_or(others.talk_id = talks.id), false) as is_taken
               from talk_votes as others
               where others.call_id = calls.id and others.device = $3 and others.guest and others.voter_id <> $2
           ) as beside
           where talks.id = $1"#,
        talk.0,
        voter.user.0,
        voter.device.map(|device| device.0.to_vec()),
    )
    .fetch_optional(db)
    .await
}

impl Standing {
    /// Whether the voter may cast or take back the vote, apart from the clock.
    fn judge(&self, call: &Call, voter: &Voter, wanted: bool) -> Result<(), Refusal> {
        if self.state != TalkState::Shown {
            return Err(Refusal::Gone);
        }
        if self.is_archived {
            return Err(Refusal::Archived);
        }
        if call.phase != Phase::Voting {
            return Err(Refusal::NotVoting(call.phase));
        }
        if self.author == Some(voter.user) {
            return Err(Refusal::OwnTalk);
        }
        if self.is_set_aside {
            return Err(Refusal::SetAside);
        }
        if wanted && !self.voted { self.judge_new(call, voter) } else { Ok(()) }
    }

    fn judge_new(&self, call: &Call, voter: &Voter) -> Result<(), Refusal> {
        match call.voters {
            Voters::Members if !self.is_member => return Err(Refusal::NotMember),
            Voters::Verified if !self.is_verified => return Err(Refusal::NotVerified),
            Voters::Anybody if self.is_guest() && !voter.served => return Err(Refusal::NotServed),
            Voters::Anybody if self.is_guest() && self.is_taken => return Err(Refusal::SameBrowser),
            _ => {}
        }
        let cast = if self.is_guest() { self.cast + self.cast_beside } else { self.cast };
        match call.votes_each {
            Some(most) if cast >= i64::from(most) => Err(Refusal::NoVoteLeft(most)),
            _ => Ok(()),
        }
    }

    const fn is_guest(&self) -> bool {
        !self.is_member && !self.is_verified
    }
}

async fn cast(
    db: &mut Tx,
    call: &Call,
    talk: TalkId,
    voter: &Voter,
    standing: &Standing,
    wanted: bool,
) -> Result<Voted, Refusal> {
    standing.judge(call, voter, wanted)?;
    let action = if wanted { "create vote" } else { "delete vote" };
    if wanted == standing.voted {
        let is_seen = Totals::visible_to(call, standing.cast > 0);
        let seen = |count| is_seen.then_some(count);
        return Ok(Voted {
            action,
            voted: wanted,
            votes: seen(standing.votes),
            guest_votes: seen(standing.guest_votes),
        });
    }
    let guest = if wanted {
        insert(db, talk, voter, standing.is_guest()).await?
    } else {
        delete(db, talk, voter.user).await?
    };
    let guest = guest.ok_or(Refusal::NotVoting(Phase::Closed))?;
    let step = if wanted { 1 } else { -1 };
    let counts = sqlx::query!(
        "update talks set votes = votes + $2, guest_votes = guest_votes + $3 where id = $1
         returning votes, guest_votes",
        talk.0,
        if guest { 0 } else { step },
        if guest { step } else { 0 },
    )
    .fetch_one(&mut *db)
    .await?;
    Event::TalkVoted { talk, call: call.id, hub: call.hub }.record(db).await?;
    let is_seen = Totals::visible_to(call, standing.cast + i64::from(step) > 0);
    let seen = |count| is_seen.then_some(count);
    Ok(Voted { action, voted: wanted, votes: seen(counts.votes), guest_votes: seen(counts.guest_votes) })
}

/// Inserts a vote unless the clock has passed the close. Returns whether it is a guest's.
async fn insert(
    db: &mut PgConnection,
    talk: TalkId,
    voter: &Voter,
    guest: bool,
) -> Result<Option<bool>, Refusal> {
    sqlx::query_scalar!(
        "insert into talk_votes (talk_id, voter_id, call_id, guest, device, network, nonce)
         select talks.id, $2, calls.id, $3, $4, $5, $6
         from talks join calls on calls.id = call_id
         where talks.id = $1 and call_phase(calls) = 'voting'
         returning guest",
        talk.0,
        voter.user.0,
        guest,
        voter.device.map(|device| device.0.to_vec()),
        voter.network.as_ref().map(Network::as_str),
        Nonce::generate().0,
    )
    .fetch_optional(db)
    .await
    .map_err(|error| if violates(&error, GUEST_DEVICE) { Refusal::SameBrowser } else { error.into() })
}

/// Deletes a vote unless the clock has passed the close. Returns whether it was a guest's.
async fn delete(db: &mut PgConnection, talk: TalkId, voter: UserId) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        "delete from talk_votes using calls
         where talk_id = $1 and voter_id = $2 and calls.id = call_id and call_phase(calls) = 'voting'
         returning guest",
        talk.0,
        voter.0,
    )
    .fetch_optional(db)
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_network_of_an_address_is_kept() {
        for (address, network) in [
            ("192.0.2.77", "192.0.2.0/24"),
            ("::ffff:192.0.2.77", "192.0.2.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ] {
            assert_eq!(Network::of(address.parse().expect("an address")).as_str(), network);
        }
    }
}
