//! The audit log.

use axum::extract::{Query, State};
use pawdium_shared::audit::{self, Entry};
use serde_json::Value;

use super::paging::{ASKED, PageQuery, cut};
use super::present::shown;
use crate::error::Error;
use crate::http::access::AdminViewing;
use crate::http::page::Page;
use crate::state::App;
use crate::views::admin::{AuditLine, AuditPage};

/// `GET /admin/audit`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(place): Query<PageQuery>,
) -> Result<Page<AuditPage>, Error> {
    let before = place.before();
    let mut entries = audit::list(&mut *app.db.acquire().await?, before, ASKED).await?;
    let last = cut(&mut entries);
    Ok(Page(AuditPage {
        older: last.map(|last| format!("/admin/audit?before={}", last.id)),
        later: before.is_some(),
        lines: entries.into_iter().map(|entry| line(entry, viewing.may_act)).collect(),
        chrome: viewing.chrome,
    }))
}

fn line(entry: Entry, whole: bool) -> AuditLine {
    let jobs = entry.detail.get("jobs").and_then(Value::as_i64);
    AuditLine {
        at: entry.at,
        actor: entry.actor,
        did: did(&entry.action, jobs),
        detail: details(&entry.detail, whole),
    }
}

/// The act in words. An unknown act is shown as recorded.
fn did(action: &str, jobs: Option<i64>) -> String {
    let jobs = match jobs {
        Some(1) => "a job".to_owned(),
        Some(jobs) => format!("{jobs} jobs"),
        None => "jobs".to_owned(),
    };
    match action {
        "queue.pause" => "paused a queue".to_owned(),
        "queue.resume" => "resumed a queue".to_owned(),
        "queue.limit" => "set a queue's limits".to_owned(),
        "job.retry" => format!("retried {jobs}"),
        "job.cancel" => format!("cancelled {jobs}"),
        "job.delete" => format!("deleted {jobs}"),
        "schedule.run" => "ran a schedule by hand".to_owned(),
        "photo.delete" => "deleted somebody's photo".to_owned(),
        "picture.block" => "hid a photo and blocked its picture".to_owned(),
        "picture.unblock" => "unblocked a picture".to_owned(),
        "user.create" => "created an account".to_owned(),
        "user.role" => "changed an account's role".to_owned(),
        "user.reset_link" => "created a password reset link".to_owned(),
        other => other.to_owned(),
    }
}

/// The details of an entry as names and values. Objects are flattened.
fn details(detail: &Value, whole: bool) -> Vec<(String, String)> {
    let Value::Object(fields) = detail else { return Vec::new() };
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_unstable_by_key(|(name, _)| *name);
    let mut lines = Vec::new();
    for (name, value) in fields {
        match value {
            Value::Null => {}
            Value::Object(_) => lines.extend(details(value, whole)),
            // The sentence already has the number of jobs.
            _ if name == "jobs" => {}
            value => lines.push((name.replace('_', " "), shown(&plain(value), whole))),
        }
    }
    lines
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn entries_read_as_sentences_with_their_details() {
        assert_eq!(did("job.retry", Some(12)), "retried 12 jobs");
        assert_eq!(did("job.cancel", Some(1)), "cancelled a job");
        assert_eq!(did("moon.land", None), "moon.land");
        let detail = json!({
            "jobs": 2, "ids": [7, 8], "filter": { "error": "550 <ada@b.test>" },
            "limits": { "max_running": 3, "starts_per_minute": null },
        });
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            details(&detail, false),
            [pair("error", "550 <a…@b.test>"), pair("ids", "7, 8"), pair("max running", "3")]
        );
    }
}
