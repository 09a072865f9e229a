//! Checking the results of calls.

use pawdium_shared::db::Tx;
use pawdium_shared::ids::CallId;
use pawdium_shared::talks::results;
use serde_json::Value;
use sqlx::PgPool;

use crate::command::pawdium;

/// A call that has closed, with two talks, of which the first has two votes.
const CLOSED: [&str; 5] = [
    "insert into hubs (slug, name) values ('cats', 'Cats')",
    "insert into calls (hub_id, title, voting_from, closes_at, seed)
     select id, 'Lightning talks', now() - interval '1 hour', now(), decode(repeat('00', 16), 'hex') from hubs",
    "insert into talks (call_id, title, title_key)
     select id, name, lower(name) from calls, unnest('{Cheese,Nails}'::text[]) as names (name)",
    "insert into talk_votes (talk_id, voter_id, call_id, nonce)
     select min(id), voter, min(call_id), decode(repeat('0' || voter, 16), 'hex')
     from talks, generate_series(1, 2) as voters (voter) group by voter",
    "update talks set votes = 2 where title = 'Cheese'",
];

async fn execute(db: &PgPool, statement: &'static str) {
    sqlx::query(statement).execute(db).await.expect("a good statement");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_result_is_checked_and_what_differs_is_said(db: PgPool) {
    for statement in CLOSED {
        execute(&db, statement).await;
    }
    let early = pawdium(&db, &["talks", "verify", "1"], "").await;
    assert!(!early.succeeded && early.err.contains("isn't frozen yet"), "{}", early.err);
    let mut tx = Tx::begin(&db).await.expect("a transaction");
    assert!(results::freeze(&mut tx, CallId(1)).await.expect("it has closed"));
    tx.commit().await.expect("it commits");

    let right = pawdium(&db, &["talks", "verify", "1"], "").await;
    assert!(right.succeeded, "{}{}", right.out, right.err);
    assert!(right.out.starts_with("Call 1 (Lightning talks): 2 votes of 2 voters, hash "), "{}", right.out);

    execute(&db, "update call_result_talks set votes = 9 where votes = 2").await;
    let wrong = pawdium(&db, &["talks", "verify", "1"], "").await;
    assert!(!wrong.succeeded);
    assert!(wrong.out.ends_with("1 difference:\n  talk 1: votes: frozen 9, computed 2\n"), "{}", wrong.out);
    let json = pawdium(&db, &["talks", "verify", "1", "--json"], "").await;
    let said: Value = serde_json::from_str(&json.out).expect("it is JSON");
    assert!(!json.succeeded);
    assert_eq!(said["differences"][0]["computed"], "2");
    let none = pawdium(&db, &["talks", "verify", "7"], "").await;
    assert!(!none.succeeded && none.err.contains("no such call"), "{}", none.err);
}
