//! The audit log.

use axum::extract::{Query, State};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use pawdium_shared::audit::{self, Entry, Filter};
use serde::Deserialize;
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::paging::{ASKED, cut};
use super::present::shown;
use crate::error::Error;
use crate::http::access::AdminViewing;
use crate::http::page::Page;
use crate::state::App;
use crate::views::admin::{AuditLine, AuditPage, AuditSearch};

/// Which entries are shown. Invalid values are ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct AuditQuery {
    actor: String,
    action: String,
    /// What was acted on: `photo 7`.
    thing: String,
    from: String,
    until: String,
    before: String,
}

impl AuditQuery {
    /// The filter. Moderators see what is about content.
    pub(super) fn filter(&self, is_admin: bool) -> Filter {
        let text =
            |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty() && !text.contains('\0'));
        Filter {
            actor: text(&self.actor),
            action: text(&self.action),
            things: self.things(),
            from: day(&self.from),
            until: day(&self.until).and_then(|last| last.checked_add_days(Days::new(1))),
            moderation: !is_admin,
            before: self.before.parse().ok(),
        }
    }

    fn things(&self) -> Option<Value> {
        let (kind, id) = self.thing.trim().split_once([' ', '=', ':', '/'])?;
        if self.thing.contains('\0') {
            return None;
        }
        let id = id.trim();
        let id = id.parse::<i64>().map_or_else(|_| Value::from(id), Value::from);
        Some(Value::Object(Map::from_iter([(kind.to_lowercase(), id)])))
    }

    fn pairs(&self, before: Option<i64>) -> String {
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        let given = [
            ("actor", &self.actor),
            ("action", &self.action),
            ("thing", &self.thing),
            ("from", &self.from),
            ("until", &self.until),
            ("before", &before),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(given.into_iter().filter(|(_, value)| !value.is_empty()));
        match query.finish() {
            query if query.is_empty() => query,
            query => format!("?{query}"),
        }
    }
}

/// The midnight in UTC with which a day begins.
fn day(text: &str) -> Option<DateTime<Utc>> {
    Some(text.parse::<NaiveDate>().ok()?.and_time(NaiveTime::MIN).and_utc())
}

/// `GET /admin/audit`
pub async fn page(
    State(app): State<App>,
    viewing: AdminViewing,
    Query(query): Query<AuditQuery>,
) -> Result<Page<AuditPage>, Error> {
    let filter = query.filter(viewing.may_act);
    let mut entries = audit::list(&mut *app.db.acquire().await?, &filter, ASKED).await?;
    let last = cut(&mut entries).map(|last| last.id);
    Ok(Page(AuditPage {
        older: last.map(|last| format!("/admin/audit{}", query.pairs(Some(last)))),
        newest: filter.before.map(|_| format!("/admin/audit{}", query.pairs(None))),
        exported: query.pairs(None),
        lines: entries.into_iter().map(|entry| line(entry, viewing.may_act)).collect(),
        search: AuditSearch {
            actor: query.actor,
            action: query.action,
            thing: query.thing,
            from: query.from,
            until: query.until,
            is_admin: viewing.may_act,
        },
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
pub(crate) fn did(action: &str, jobs: Option<i64>) -> String {
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
        "photo.hide" => "hid a photo".to_owned(),
        "comment.remove" => "removed a comment".to_owned(),
        "comment.approve" => "approved a comment".to_owned(),
        "talk.hide" => "hid a talk".to_owned(),
        "talk.show" => "showed a hidden talk".to_owned(),
        "hub.delete" => "deleted a hub".to_owned(),
        "hub.photo.remove" => "removed a photo from a hub".to_owned(),
        "act.undo" => "undid an act".to_owned(),
        "case.hide" => "hid something until somebody has judged it".to_owned(),
        "case.show" => "showed something again that was reported".to_owned(),
        "case.close" => "closed a case".to_owned(),
        "picture.block" => "hid a photo and blocked its picture".to_owned(),
        "picture.unblock" => "unblocked a picture".to_owned(),
        "user.create" => "created an account".to_owned(),
        "user.role" => "changed an account's role".to_owned(),
        "user.reset_link" => "created a password reset link".to_owned(),
        "user.warn" => "warned a member".to_owned(),
        "user.silence" => "silenced a member".to_owned(),
        "user.suspend" => "suspended a member".to_owned(),
        "user.ban" => "banned a member".to_owned(),
        "user.lift" => "lifted a sanction".to_owned(),
        "appeal.accept" => "accepted an appeal".to_owned(),
        "appeal.refuse" => "refused an appeal".to_owned(),
        "user.reset_factors" => "removed an account's second factors".to_owned(),
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
    fn a_thing_is_found_by_kind_and_id() {
        let things = |thing: &str| AuditQuery { thing: thing.to_owned(), ..AuditQuery::default() }.things();
        assert_eq!(things("photo 7"), Some(json!({ "photo": 7 })));
        assert_eq!(things(" Queue: mail "), Some(json!({ "queue": "mail" })));
        assert_eq!((things("photo"), things("a \0")), (None, None));
    }

    #[test]
    fn the_last_day_is_among_the_days_that_are_shown() {
        let query =
            AuditQuery { from: "2026-01-02".into(), until: "2026-01-02".into(), ..AuditQuery::default() };
        let filter = query.filter(true);
        assert_eq!(
            filter.until.zip(filter.from).map(|(until, from)| until - from),
            Some(chrono::TimeDelta::days(1))
        );
        assert_eq!(query.pairs(Some(3)), "?from=2026-01-02&until=2026-01-02&before=3");
    }

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
