//! Calls for talks in each phase, with talks of the owner's.

use super::Named;
use super::hubs::id_of;
use crate::matrix::row::Role;
use crate::matrix::scene::{Scene, next};

pub(super) const NAMES: &[Named] = &[
    ("stage", "a public hub of the hub owner, the hub member and the owner, with the calls that follow"),
    ("call-draft", "a call that is still a draft"),
    ("call-pitch", "a call in which members pitch"),
    ("call-voting", "a call in which members vote"),
    ("call-verified", "a call in which verified members of the site vote"),
    ("call-anybody", "a call in which anybody votes"),
    ("call-closed", "a call that is over"),
    ("private-call", "a call of the private hub in which members vote"),
    ("talk-pitch", "a talk of the owner's while members pitch"),
    ("talk-waiting", "a talk of the owner's that waits for the hub's owners"),
    ("talk-voting", "a talk of the owner's while members vote"),
    ("talk-verified", "a talk of the owner's while verified members of the site vote"),
    ("talk-anybody", "a talk of the owner's while anybody votes"),
    ("talk-closed", "a talk of the owner's in a call that is over"),
    ("talk-hidden", "a talk of the owner's that is hidden"),
    ("talk-private", "a talk in the call of the private hub"),
    ("voter", "somebody who has voted for the talk while members vote"),
];

pub(super) async fn make(scene: &mut Scene<'_>, name: &str) -> String {
    match name {
        "stage" => {
            let slug = format!("stage{}", next());
            let owner = scene.person(Role::HubOwner).await;
            let members = (scene.person(Role::HubMember).await, scene.person(Role::Owner).await);
            scene.site.hub_of(&slug, &[&owner, &members.0, &members.1]).await;
            slug
        }
        "call-draft" => call(scene, "stage", 0, "members", false).await,
        "call-pitch" => call(scene, "stage", 1, "members", false).await,
        "call-voting" => call(scene, "stage", 2, "members", false).await,
        "call-verified" => call(scene, "stage", 2, "verified", false).await,
        "call-anybody" => call(scene, "stage", 2, "anybody", false).await,
        "call-closed" => call(scene, "stage", 3, "members", false).await,
        "private-call" => call(scene, "private", 2, "members", false).await,
        "talk-pitch" => talk(scene, "call-pitch", "shown").await,
        "talk-voting" => talk(scene, "call-voting", "shown").await,
        "talk-verified" => talk(scene, "call-verified", "shown").await,
        "talk-anybody" => talk(scene, "call-anybody", "shown").await,
        "talk-closed" => talk(scene, "call-closed", "shown").await,
        "talk-hidden" => talk(scene, "call-voting", "hidden").await,
        "talk-private" => talk(scene, "private-call", "shown").await,
        "talk-waiting" => {
            let call = call(scene, "stage", 1, "members", true).await;
            insert_talk(scene, call.parse().expect("an id"), "waiting").await
        }
        _ => {
            let (talk, voter) = (scene.id("talk-voting").await, scene.person(Role::HubMember).await);
            let vote = "insert into talk_votes (talk_id, voter_id, call_id, nonce) \
                        select id, $2, call_id, decode(md5('nonce'), 'hex') from talks where id = $1";
            let vote = sqlx::query(vote).bind(talk).bind(voter.id);
            vote.execute(&scene.site.db).await.expect("it is new");
            voter.id.to_string()
        }
    }
}

/// Makes a call in which that many phases have begun.
async fn call(scene: &mut Scene<'_>, hub: &str, begun: i32, voters: &str, moderated: bool) -> String {
    let slug = scene.thing(hub).await;
    let hub = id_of(scene, &slug).await;
    let phase = ["draft", "pitch", "voting", "closed"][usize::try_from(begun).expect("a phase")];
    let insert = "insert into calls (hub_id, title, seed, pitch_from, voting_from, closes_at, voters, moderated, \
                                     told_phase) \
                  values ($1, 'Lightning talks', decode(md5('seed'), 'hex'), \
                          case when $2 >= 1 then now() - interval '3 hours' end, \
                          case when $2 >= 2 then now() - interval '2 hours' end, \
                          case when $2 >= 3 then now() - interval '1 hour' end, $3, $4, $5) returning id";
    let insert = sqlx::query_scalar(insert).bind(hub).bind(begun).bind(voters).bind(moderated).bind(phase);
    let call: i64 = insert.fetch_one(&scene.site.db).await.expect("it is new");
    call.to_string()
}

async fn talk(scene: &mut Scene<'_>, call: &str, state: &str) -> String {
    let call = scene.id(call).await;
    insert_talk(scene, call, state).await
}

async fn insert_talk(scene: &mut Scene<'_>, call: i64, state: &str) -> String {
    let author = scene.person(Role::Owner).await;
    let insert = "insert into talks (call_id, author_id, title, title_key, state) \
                  values ($1, $2, 'Talk ' || $3, 'talk ' || $3, $4) returning id";
    let number = next().to_string();
    let insert = sqlx::query_scalar(insert).bind(call).bind(author.id).bind(number).bind(state);
    let talk: i64 = insert.fetch_one(&scene.site.db).await.expect("it is new");
    talk.to_string()
}
