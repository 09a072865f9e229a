//! What operators look at.

use super::Named;
use crate::matrix::scene::{Scene, next};

pub(super) const NAMES: &[Named] = &[
    ("job", "a job that waits"),
    ("schedule", "the name of a schedule"),
    ("blocked", "a blocked picture"),
    ("mail", "a mail in the demo's mailbox"),
    ("asset", "the version of scripts and styles"),
];

pub(super) async fn make(scene: &mut Scene<'_>, name: &str) -> String {
    let site = scene.site;
    match name {
        "job" => {
            let insert = "insert into jobs (queue, kind, max_attempts, payload, state, run_at) \
                          values ('mail', 'nothing.v1', 1, '{}', 'scheduled', now() + interval '1 day') returning id";
            site.ask::<i64>(insert).await.to_string()
        }
        "schedule" => {
            let name = format!("tick{}", next());
            let insert = "insert into schedules (name, expression, missed, kind) \
                          values ($1, '* * * * * *', 'one', 'x.v1')";
            sqlx::query(insert).bind(&name).execute(&site.db).await.expect("it is new");
            name
        }
        "blocked" => {
            let insert = "insert into blocked_pictures (reason, blocker, fingerprint) values ('No animal', 'mo', 7) \
                          returning id";
            site.ask::<i64>(insert).await.to_string()
        }
        "mail" => {
            let name = ulid::Ulid::generate().to_string();
            let mail = "From: a@example.org\r\nTo: b@example.org\r\nSubject: Hello\r\n\r\nHello\r\n";
            std::fs::create_dir_all(site.mailbox()).expect("a folder");
            std::fs::write(site.mailbox().join(format!("{name}.eml")), mail).expect("it is written");
            name
        }
        _ => {
            let script = site.get("/").await.attribute("script[src*='app.js']", "src");
            script.trim_start_matches("/assets/").split('/').next().unwrap_or_default().to_owned()
        }
    }
}
