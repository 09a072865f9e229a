//! Sessions and API tokens of accounts.

use pawdium_shared::accounts::agent::Agent;
use pawdium_shared::accounts::sessions;
use pawdium_shared::accounts::tokens::{self, NewToken, TokenName};
use pawdium_shared::accounts::{Origin, Role, Scope, Scopes, User, queries};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::command::{audited, connection, pawdium};

async fn member(db: &PgPool) -> User {
    let arguments = ["user", "create", "--name", "ada", "--email", "ada@example.org", "--password-stdin"];
    assert!(pawdium(db, &arguments, "correct horse\n").await.succeeded);
    queries::find_by_name(&mut connection(db).await, "ada").await.expect("no error").expect("it is there")
}

async fn fill(db: &PgPool, user: &User) {
    let mut db = connection(db).await;
    let origin = Origin::of("203.0.113.7".parse().expect("an address"), Agent::of(b"curl/8.5.0"));
    sessions::open_from(&mut db, user.id, Some(&origin)).await.expect("no error");
    sessions::open(&mut db, user.id).await.expect("no error");
    let new = NewToken {
        name: TokenName::new("My bot").expect("a name"),
        scopes: Scopes::of([Scope::Read, Scope::Moderate]),
        days: None,
    };
    tokens::make(&mut db, user.id, &new).await.expect("no error").expect("there is room");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn sessions_and_tokens_are_listed(db: PgPool) {
    let ada = member(&db).await;
    let none = pawdium(&db, &["user", "sessions", "ada"], "").await;
    assert_eq!(none.out, "No sessions and no API tokens.\n");
    fill(&db, &ada).await;
    let listed = pawdium(&db, &["user", "sessions", "ADA"], "").await.out;
    for said in ["203.0.113.x", "curl", "An unknown device", "My bot", "read, moderate", "never"] {
        assert!(listed.contains(said), "{said} is missing in {listed}");
    }
    let json: Value =
        serde_json::from_str(&pawdium(&db, &["user", "sessions", "ada", "--json"], "").await.out)
            .expect("JSON");
    assert_eq!(json["sessions"].as_array().map(Vec::len), Some(2));
    assert_eq!(json["tokens"][0]["scopes"], "read, moderate");
    let unknown = pawdium(&db, &["user", "sessions", "bob"], "").await;
    assert!(!unknown.succeeded && unknown.err.contains("no account bob"), "{}", unknown.err);
    assert_eq!(audited(&db).await.len(), 1, "looking is no act");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn all_sessions_are_ended_and_tokens_if_asked(db: PgPool) {
    let ada = member(&db).await;
    fill(&db, &ada).await;
    let ended = pawdium(&db, &["user", "end-sessions", "ada"], "").await;
    assert_eq!(ended.out, "Ended 2 sessions of ada.\n", "{}", ended.err);
    assert!(sessions::list(&mut connection(&db).await, ada.id, None).await.expect("no error").is_empty());
    assert_eq!(tokens::list(&mut connection(&db).await, ada.id).await.expect("no error").len(), 1);
    let told: i64 = sqlx::query_scalar(
        "select count(*) from jobs where payload -> 'event' ->> 'event' = 'sessions_ended'",
    )
    .fetch_one(&db)
    .await
    .expect("the statement is right");
    assert_eq!(told, 1, "open pages hear of it");

    let ended = pawdium(&db, &["user", "end-sessions", "ada@example.org", "--tokens"], "").await;
    assert_eq!(ended.out, "Ended 0 sessions of ada, and 1 API token.\n");
    let entries = audited(&db).await;
    let did: Vec<_> = entries.iter().skip(1).map(|entry| (entry.action.as_str(), &entry.detail)).collect();
    assert_eq!(
        did,
        [
            ("user.end_sessions", &json!({"user": "ada", "sessions": 2, "tokens": 0})),
            ("user.end_sessions", &json!({"user": "ada", "sessions": 0, "tokens": 1})),
        ]
    );
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn who_is_no_moderator_any_more_has_no_tokens_that_moderate(db: PgPool) {
    let ada = member(&db).await;
    assert!(pawdium(&db, &["user", "promote", "ada", "moderator"], "").await.succeeded);
    fill(&db, &ada).await;
    assert!(pawdium(&db, &["user", "promote", "ada", "admin"], "").await.succeeded);
    let scopes =
        async || tokens::list(&mut connection(&db).await, ada.id).await.expect("no error")[0].scopes.clone();
    assert!(scopes().await.has(Scope::Moderate));
    assert!(pawdium(&db, &["user", "promote", "ada", "member"], "").await.succeeded);
    assert_eq!(scopes().await, Scopes::of([Scope::Read]));
    let role =
        queries::find(&mut connection(&db).await, ada.id).await.expect("no error").expect("it is there").role;
    assert_eq!(role, Role::Member);
}
