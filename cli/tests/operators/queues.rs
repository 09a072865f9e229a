//! Queues and schedules.

use pawdium_queue::{Enqueue as _, schedules};
use pawdium_shared::db::Db;
use pawdium_shared::jobs::upkeep::Purge;
use serde_json::json;
use sqlx::PgPool;

use crate::command::{audited, connection, pawdium, read};

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn pausing_resuming_and_limiting_queues_is_audited(db: PgPool) {
    Purge {}.enqueue_alone(&Db::from(db.clone())).await.expect("no error");
    assert_eq!(pawdium(&db, &["queues", "pause", "upkeep"], "").await.out, "upkeep is paused\n");
    assert_eq!(pawdium(&db, &["queues", "pause", "upkeep"], "").await.out, "upkeep is paused already\n");
    let limits = ["queues", "limit", "mail", "--max-running", "3", "--partition-starts-per-minute", "20"];
    assert!(pawdium(&db, &limits, "").await.succeeded);
    let limited =
        pawdium(&db, &["queues", "limit", "mail", "--partition-starts-per-minute", "none"], "").await;
    assert_eq!(limited.out, "mail: 3 at once, each partition 2 at once\n", "{}", limited.err);

    let list = pawdium(&db, &["queues", "list"], "").await.out;
    assert!(list.contains("upkeep is paused since") && list.contains("mail is limited: 3 at once"), "{list}");
    let list = read(&pawdium(&db, &["queues", "list", "--json"], "").await);
    let queue = |name: &str| {
        let queues = list.as_array().expect("a list");
        queues.iter().find(|queue| queue["name"] == name).expect("every queue").clone()
    };
    assert_eq!(queue("upkeep")["kinds"][0]["ready"], 1);
    assert!(queue("upkeep")["paused_at"].is_string() && queue("mail")["paused_at"].is_null());
    assert_eq!(queue("mail")["max_running"], 3);
    assert_eq!(pawdium(&db, &["queues", "resume", "upkeep"], "").await.out, "upkeep is resumed\n");
    for (arguments, said) in [
        (
            &["queues", "pause", "upkeep", "--json"][..],
            json!({"name": "upkeep", "paused": true, "changed": true}),
        ),
        (
            &["queues", "resume", "upkeep", "--json"],
            json!({"name": "upkeep", "paused": false, "changed": true}),
        ),
        (
            &["queues", "limit", "mail", "--max-running", "none", "--json"],
            json!({"name": "mail", "max_running": null, "starts_per_minute": null, "partition_max_running": 2,
                   "partition_starts_per_minute": null}),
        ),
    ] {
        assert_eq!(read(&pawdium(&db, arguments, "").await), said);
    }

    let did: Vec<_> = audited(&db).await.into_iter().map(|entry| entry.action).collect();
    assert_eq!(
        did,
        [
            "queue.pause",
            "queue.limit",
            "queue.limit",
            "queue.resume",
            "queue.pause",
            "queue.resume",
            "queue.limit"
        ]
    );
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_run_of_a_schedule_is_requested(db: PgPool) {
    let none = pawdium(&db, &["schedules", "list"], "").await.out;
    assert!(none.contains("is pawdium-scheduler running?"), "{none}");
    let schedule = schedules::Announcement {
        name: "upkeep.purge",
        expression: "17 3 * * *".to_owned(),
        missed: "once".to_owned(),
        kind: "upkeep.purge.v1",
        next_at: None,
    };
    schedules::announce(&mut connection(&db).await, &[schedule]).await.expect("no error");
    let asked = pawdium(&db, &["schedules", "run", "upkeep.purge"], "").await;
    assert!(asked.out.contains("a scheduler will enqueue its job"), "{}", asked.err);
    let again = pawdium(&db, &["schedules", "run", "upkeep.purge"], "").await;
    assert!(again.succeeded && again.out.contains("was already requested"), "{}", again.out);
    let again = pawdium(&db, &["schedules", "run", "upkeep.purge", "--json"], "").await;
    assert_eq!(read(&again), json!({"name": "upkeep.purge", "changed": false}));
    let list = pawdium(&db, &["schedules", "list"], "").await.out;
    assert!(list.contains("17 3 * * *") && list.contains("now"), "{list}");
    let list = read(&pawdium(&db, &["schedules", "list", "--json"], "").await);
    assert!(list[0]["requested_at"].is_string());
    let did: Vec<_> = audited(&db).await.into_iter().map(|entry| entry.action).collect();
    assert_eq!(did, ["schedule.run"]);
}
