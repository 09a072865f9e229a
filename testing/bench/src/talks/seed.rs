//! A call with many talks and votes, written by SQL.

use anyhow::{Context as _, Result};
use pawdium_bench::stores::Stores;
use pawdium_shared::accounts::{Email, Name, queries, sessions};
use pawdium_shared::db::Tx;
use sqlx::{Connection as _, Executor as _};

/// How many votes each voter has.
const EACH: i32 = 10;

/// What was written.
#[derive(Clone, Debug)]
pub(crate) struct Seeded {
    /// The call, which takes votes.
    pub(crate) call: i64,
    /// The talk with the most votes.
    pub(crate) talk: i64,
    /// The token of the hub's owner, who also votes.
    pub(crate) token: String,
}

/// Everything but the owner. Votes fall on few talks more than on others; a hundredth of the voters share a browser
/// with another, and a thousandth came from one network within a minute, as new accounts.
const STATEMENTS: [&str; 7] = [
    "insert into hubs (slug, name) values ('talks', 'Talks')",
    "insert into hub_slugs (slug, hub_id) select slug, id from hubs where slug = 'talks'",
    "insert into hub_roles (hub_id, user_id, role) select hubs.id, users.id, 'owner' from hubs, users
     where slug = 'talks' and users.name = 'olga'",
    "insert into calls (hub_id, title, pitch_from, voting_from, voters, seed)
     select id, 'Lightning talks', now() - interval '2 days', now() - interval '1 day', 'verified', decode(md5('seed'), 'hex')
     from hubs where slug = 'talks'",
    "insert into users (rater_key, name, email, email_verified_at, password_hash, created_at, registered_at)
     select 1000 + n, 'voter' || n, 'voter' || n || '@example.org', now(), 'none', made.at, made.at
     from generate_series(1, $1) as n,
          lateral (select now() - case when n % 1000 = 0 then interval '10 hours'
                                       else interval '300 days' - n * interval '1 minute' end) as made (at)",
    "insert into talks (call_id, author_id, title, title_key, description, created_at)
     select calls.id, users.id, 'Talk ' || n, 'talk ' || n, repeat('About it. ', 40), now() - interval '30 hours'
     from calls, users, generate_series(1, $1) as n where users.name = 'olga'",
    "insert into talk_votes (talk_id, voter_id, call_id, at, device, network, nonce)
     select talks.id, voter.id, talks.call_id,
            case when voter.n % 1000 = 0 then now() - interval '9 hours' + voter.n * interval '1 millisecond'
                 else now() - interval '23 hours' + (voter.n * 37 + vote) % 79200 * interval '1 second' end,
            decode(md5('device ' || case when voter.n % 100 = 0 then voter.n - 1 else voter.n end), 'hex'),
            case when voter.n % 1000 = 0 then '192.0.2.0/24'
                 else '10.' || voter.n % 200 || '.' || voter.n % 251 || '.0/24' end,
            decode(md5('nonce ' || voter.n || ' ' || vote), 'hex')
     from (select id, row_number() over (order by id)::int as n from users where name like 'voter%') as voter
     cross join generate_series(0, $2 - 1) as vote
     join talks on talks.id = (select min(id) from talks) + vote
                  + floor(power((voter.n * 7919 + vote * 1013) % 10007 / 10007.0, 2) * ($1 / $2))::int * $2",
];

/// Fills an empty database.
pub(crate) async fn fill(stores: &Stores, talks: i32, votes: i32) -> Result<Seeded> {
    let pool = stores.pool()?;
    pawdium_shared::db::migrate(&pool).await?;
    let mut tx = Tx::begin(&pool).await?;
    let name = Name::new("olga").map_err(anyhow::Error::msg)?;
    let email = Email::new("olga@example.org").map_err(anyhow::Error::msg)?;
    let owner = queries::register(&mut tx, None, &name, &email, "none").await?;
    queries::verify_email(&mut tx, owner).await?;
    let token = sessions::open(&mut tx, owner).await?.expose().to_owned();
    tx.commit().await?;
    let mut db = stores.connect().await?;
    for statement in STATEMENTS {
        let mut query = sqlx::query(statement);
        if statement.contains("into talks") {
            query = query.bind(talks);
        } else if statement.contains("into users") {
            query = query.bind(votes / EACH);
        } else if statement.contains("into talk_votes") {
            query = query.bind(talks).bind(EACH);
        }
        db.execute(query).await.with_context(|| statement.chars().take(60).collect::<String>())?;
    }
    // Each voter has read a part of the list in their own order.
    db.execute(
        "insert into call_readers (call_id, voter_id, order_key, reached)
         select call_id, voter_id, voter_id * 31, 20 + voter_id % 180 from talk_votes group by call_id, voter_id",
    )
    .await?;
    db.execute(
        "update talks set votes = counted.votes
         from (select talk_id, count(*)::int as votes from talk_votes group by talk_id) as counted where id = talk_id",
    )
    .await?;
    db.execute("vacuum analyze").await?;
    let (call, talk): (i64, i64) =
        sqlx::query_as("select call_id, id from talks order by votes desc, id limit 1")
            .fetch_one(&mut db)
            .await?;
    let given: (i64,) = sqlx::query_as("select count(*) from talk_votes").fetch_one(&mut db).await?;
    eprintln!("{} votes", given.0);
    db.close().await?;
    Ok(Seeded { call, talk, token })
}
