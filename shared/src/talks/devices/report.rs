//! The votes that the report is made of.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use sqlx::PgConnection;

use super::suspicion::{Group, Suspect};
use crate::ids::{CallId, TalkId, UserId};

/// Reports the voters of a call who may be one person, the most suspicious first.
pub async fn report(db: &mut PgConnection, call: CallId) -> sqlx::Result<Vec<Group>> {
    let mut groups: Vec<Group> = shared_devices(db, call)
        .await?
        .into_iter()
        .filter_map(|(device, voters)| {
            Group::of_device(HEXLOWER.encode(&device[..device.len().min(4)]), voters)
        })
        .collect();
    for (network, voters) in bursts(db, call).await? {
        groups.extend(Group::of_network(&network, voters));
    }
    groups.sort_by_key(|group| (std::cmp::Reverse((group.level, group.voters.len())), group.voters[0].user));
    Ok(groups)
}

/// The voters of each device that several used.
async fn shared_devices(
    db: &mut PgConnection,
    call: CallId,
) -> sqlx::Result<BTreeMap<Vec<u8>, Vec<Suspect>>> {
    let rows = sqlx::query!(
        r#"with shared as (
               select device from talk_votes where call_id = $1 and device is not null
               group by device having min(voter_id) <> max(voter_id)
           ), used as (
               select device, voter_id, min(at) as first_at, array_agg(talk_id order by talk_id) as talks,
                      count(set_aside_at) as set_aside
               from talk_votes join shared using (device) where call_id = $1 group by device, voter_id
           )
           select device as "device!", voter_id as "user: UserId", name as "name?", created_at as "account_since?",
                  first_at as "first_at!", talks as "talks!: Vec<TalkId>", set_aside as "set_aside!"
           from used left join users on users.id = voter_id
           order by first_at, voter_id"#,
        call.0,
    );
    let mut devices: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows.fetch_all(db).await? {
        devices.entry(row.device).or_default().push(Suspect {
            user: row.user,
            name: row.name,
            account_since: row.account_since,
            first_at: row.first_at,
            talks: row.talks,
            set_aside: row.set_aside,
        });
    }
    Ok(devices)
}

/// The voters of each network in which several new accounts began to vote within one minute. Only of these all votes
/// are looked up.
async fn bursts(db: &mut PgConnection, call: CallId) -> sqlx::Result<BTreeMap<String, Vec<Suspect>>> {
    let young = sqlx::query!(
        r#"with first as (
               select network, voter_id, min(at) as first_at
               from talk_votes where call_id = $1 and network is not null group by network, voter_id
           ), young as (
               select first.network, voter_id, name, created_at, first_at
               from first join users on users.id = voter_id where first_at < created_at + interval '1 day'
           ), at_once as (
               select *, count(*) over (partition by network, date_trunc('minute', first_at)) as voters from young
           )
           select network as "network!", voter_id as "user!: UserId", name, created_at, first_at as "first_at!"
           from at_once where voters > 2
           order by first_at, voter_id"#,
        call.0,
    );
    let young = young.fetch_all(&mut *db).await?;
    let voters: Vec<i64> = young.iter().map(|row| row.user.0).collect();
    let mut votes = votes_by_network(db, call, &voters).await?;
    let mut networks: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in young {
        let Some((talks, set_aside)) = votes.remove(&(row.user, row.network.clone())) else { continue };
        networks.entry(row.network).or_default().push(Suspect {
            user: row.user,
            name: row.name,
            account_since: Some(row.created_at),
            first_at: row.first_at,
            talks,
            set_aside,
        });
    }
    Ok(networks)
}

/// The talks that each voter votes for from each network, and how many of these votes are set aside.
type Votes = BTreeMap<(UserId, String), (Vec<TalkId>, i64)>;

async fn votes_by_network(db: &mut PgConnection, call: CallId, voters: &[i64]) -> sqlx::Result<Votes> {
    let rows = sqlx::query!(
        r#"select network as "network!", voter_id as "user: UserId",
                  array_agg(talk_id order by talk_id) as "talks!: Vec<TalkId>", count(set_aside_at) as "set_aside!"
           from talk_votes
           where voter_id = any($2) and call_id = $1 and network is not null
           group by network, voter_id"#,
        call.0,
        voters,
    );
    let rows = rows.fetch_all(db).await?.into_iter();
    Ok(rows.map(|row| ((row.user, row.network), (row.talks, row.set_aside))).collect())
}
