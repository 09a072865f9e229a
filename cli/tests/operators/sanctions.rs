//! Sanctions from the command line.

use sqlx::PgPool;

use crate::command::{audited, pawdium};

async fn standing(db: &PgPool, name: &str) -> String {
    sqlx::query_scalar(
        "select standing(barred_until, silenced_until, warned_until) from users where name = $1",
    )
    .bind(name)
    .fetch_one(db)
    .await
    .expect("the member is there")
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn members_are_warned_silenced_suspended_banned_and_let_off(db: PgPool) {
    let create =
        ["user", "create", "--name", "ada", "--email", "ada@example.org", "--admin", "--password-stdin"];
    assert!(pawdium(&db, &create, "correct horse\n").await.succeeded);
    let none = pawdium(&db, &["user", "sanctions", "ada"], "").await;
    assert_eq!(none.out, "ada has never been sanctioned.\n");

    // The command line may sanction admins.
    let warned = pawdium(&db, &["user", "warn", "ada", "--reason", "Be nice"], "").await;
    assert!(warned.succeeded, "{}", warned.err);
    assert_eq!(standing(&db, "ada").await, "warned");
    let silenced = pawdium(&db, &["user", "silence", "ADA", "--for", "12h", "--reason", "Spam"], "").await;
    assert!(silenced.succeeded && silenced.out.starts_with("ada is silenced until "), "{}", silenced.out);
    assert_eq!(standing(&db, "ada").await, "silenced");
    let until = ["user", "suspend", "ada", "--until", "2999-01-01", "--reason", "x"];
    assert!(pawdium(&db, &until, "").await.err.contains("within ten years"));
    let suspend =
        ["user", "suspend", "ada@example.org", "--for", "4w", "--reason", "More spam", "--content", "hide"];
    assert!(pawdium(&db, &suspend, "").await.succeeded);
    assert!(pawdium(&db, &["user", "ban", "ada", "--reason", "Enough"], "").await.succeeded);
    assert_eq!(standing(&db, "ada").await, "barred");

    let list = pawdium(&db, &["user", "sanctions", "ada"], "").await.out;
    for said in ["warn", "silence", "suspend, hides content", "ban", "no end", "in force", "More spam"] {
        assert!(list.contains(said), "{said} in {list}");
    }
    assert_eq!(list.lines().count(), 5);
    let one = pawdium(&db, &["user", "lift", "ada", "--only", "4"], "").await;
    assert_eq!(one.out, "Lifted a sanction of ada. What it took away comes back within a minute.\n");
    let all = pawdium(&db, &["user", "lift", "ada"], "").await;
    assert!(all.out.starts_with("Lifted 3 sanctions of ada."), "{}", all.out);
    assert_eq!(standing(&db, "ada").await, "good");
    let again = pawdium(&db, &["user", "lift", "ada"], "").await;
    assert!(!again.succeeded && again.err.contains("no sanction of ada holds"), "{}", again.err);
    let acts: Vec<_> = audited(&db).await.into_iter().map(|entry| entry.action).collect();
    assert_eq!(
        acts,
        [
            "user.create",
            "user.warn",
            "user.silence",
            "user.suspend",
            "user.ban",
            "user.lift",
            "user.lift",
            "user.lift",
            "user.lift"
        ]
    );
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn nonsense_is_refused_with_what_to_do(db: PgPool) {
    let create = ["user", "create", "--name", "ada", "--email", "ada@example.org", "--password-stdin"];
    assert!(pawdium(&db, &create, "correct horse\n").await.succeeded);
    for (arguments, complaint) in [
        (&["user", "warn", "nobody", "--reason", "x"][..], "no account nobody"),
        (&["user", "warn", "ada"], "--reason"),
        (&["user", "warn", "ada", "--reason", " "], "Say why"),
        (&["user", "silence", "ada", "--reason", "x", "--for", "soon"], "7d"),
        (&["user", "silence", "ada", "--reason", "x", "--until", "2020-01-01"], "not over yet"),
        (
            &["user", "silence", "ada", "--reason", "x", "--until", "2027-01-01", "--for", "1d"],
            "cannot be used with",
        ),
        (&["user", "suspend", "ada", "--reason", "x", "--content", "burn"], "keep or hide"),
        (&["user", "ban", "ada", "--reason", "x", "--for", "1d"], "unexpected argument"),
        (&["user", "lift", "ada"], "no sanction of ada holds"),
        (&["user", "lift", "ada", "--only", "7"], "no such sanction"),
    ] {
        let ended = pawdium(&db, arguments, "").await;
        assert!(!ended.succeeded && ended.err.contains(complaint), "{arguments:?}: {}", ended.err);
    }
    let sanctions: i64 =
        sqlx::query_scalar("select count(*) from sanctions").fetch_one(&db).await.expect("no error");
    assert_eq!(sanctions, 0);
}
