//! The audit log in the shell.

use pawdium_shared::audit::{self, Action, Actor};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::command::{connection, pawdium};

async fn record(db: &PgPool, name: &'static str, action: Action, detail: Value) {
    let actor = Actor::Operator(name);
    audit::record(&mut connection(db).await, actor, action, &detail).await.expect("no error");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn the_audit_log_is_filtered_and_exported(db: PgPool) {
    record(&db, "grace", Action::PauseQueue, json!({ "queue": "mail" })).await;
    record(&db, "=heidi", Action::HidePhoto, json!({ "photo": 7, "reason": "No, \"never\"." })).await;
    record(&db, "grace", Action::HidePhoto, json!({ "photo": 8 })).await;
    let lines = async |arguments: &[&str]| {
        let ended = pawdium(&db, arguments, "").await;
        assert!(ended.succeeded, "{}", ended.err);
        ended.out.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let csv = lines(&["audit", "export"]).await;
    assert_eq!((csv.len(), csv[0].as_str()), (4, "id,at,user,actor,action,detail"));
    assert!(csv[2].contains("\"'=heidi\"") && csv[2].contains("photo.hide"), "{}", csv[2]);
    let rows = lines(&["audit", "export", "--format", "jsonl", "--thing", "photo=7"]).await;
    let entry: Value = serde_json::from_str(&rows[0]).expect("JSON");
    assert_eq!((rows.len(), &entry["detail"]["photo"]), (1, &json!(7)));
    assert_eq!(lines(&["audit", "export", "--actor", "Grace", "--action", "photo.hide"]).await.len(), 2);
    assert_eq!(lines(&["audit", "export", "--until", "2020-01-01"]).await.len(), 1);
    let found = pawdium(&db, &["audit", "--json", "--actor", "grace", "--from", "2020-01-01"], "").await;
    let found: Value = serde_json::from_str(&found.out).expect("JSON");
    assert_eq!(found.as_array().map(Vec::len), Some(2));
    let refused = pawdium(&db, &["audit", "--thing", "photo"], "").await;
    assert!(!refused.succeeded && refused.err.contains("photo=7"), "{}", refused.err);
}
