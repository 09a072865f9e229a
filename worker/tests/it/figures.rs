//! Reports to an InfluxDB stand-in that is as strict as the original.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::routing::post;
use chrono::{DateTime, TimeDelta, Utc};
use parking_lot::Mutex;
use pawdium_kit::waiting::{find_job, until_job_is};
use pawdium_kit::workers::enqueue;
use pawdium_queue::ledger;
use pawdium_shared::jobs::metrics::ReportMetrics;
use pawdium_shared::photos::Species;
use pawdium_worker::runner;
use sqlx::PgPool;

use crate::site::Site;
use crate::workers::start_workers;

/// One line of line protocol.
#[derive(Clone, Debug, PartialEq)]
struct Line {
    measurement: String,
    tags: BTreeMap<String, String>,
    fields: BTreeMap<String, i64>,
    measures: BTreeMap<String, f64>,
    seconds: i64,
}

/// Splits at separators that are not escaped.
fn split(text: &str, separator: char) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        if c == separator && !escaped {
            parts.push(String::new());
        } else if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        escaped = c == '\\' && !escaped;
    }
    parts
}

fn pair(text: &str) -> Result<(String, String), String> {
    match split(text, '=').as_slice() {
        [key, value] if !key.is_empty() && !value.is_empty() => Ok((key.clone(), value.clone())),
        _ => Err(format!("{text:?} is no key and value")),
    }
}

/// Parses a line, or says why InfluxDB would refuse it. Counts are integers with an `i`; measured values have none.
fn parse(line: &str) -> Result<Line, String> {
    let parts = split(line, ' ');
    let [series, fields, seconds] = parts.as_slice() else {
        return Err(format!("{line:?} has not three parts"));
    };
    let series = split(series, ',');
    let (measurement, tags) = series.split_first().ok_or("no measurement")?;
    if measurement.is_empty() || measurement.starts_with('_') {
        return Err(format!("{measurement:?} is no measurement"));
    }
    let tags: BTreeMap<_, _> = tags.iter().map(|tag| pair(tag)).collect::<Result<_, _>>()?;
    let (mut values, mut measures) = (BTreeMap::new(), BTreeMap::new());
    for field in split(fields, ',') {
        let (key, value) = pair(&field)?;
        if let Some(digits) = value.strip_suffix('i') {
            values.insert(key, digits.parse().map_err(|_| format!("{field:?} is no integer"))?);
        } else {
            let measure: Option<f64> = value.parse().ok().filter(|measure: &f64| measure.is_finite());
            measures.insert(key, measure.ok_or_else(|| format!("{field:?} is no number"))?);
        }
    }
    let seconds = seconds.parse().map_err(|_| format!("{seconds:?} is no time in seconds"))?;
    Ok(Line { measurement: measurement.clone(), tags, fields: values, measures, seconds })
}

#[derive(Debug, Default)]
struct Influx {
    /// Whether it answers that it is busy.
    busy: bool,
    complaints: Vec<String>,
    lines: Vec<Line>,
}

type Shared = Arc<Mutex<Influx>>;

fn expect(influx: &mut Influx, what: &str, found: &str, expected: &str) {
    if found != expected {
        influx.complaints.push(format!("{what} is {found:?} and not {expected:?}"));
    }
}

async fn write(
    State(influx): State<Shared>,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let mut influx = influx.lock();
    if influx.busy {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let header = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    expect(&mut influx, "the token", header, "Token open sesame");
    expect(&mut influx, "the path", uri.path(), "/api/v2/write");
    for (key, value) in [("org", "paws & co"), ("bucket", "derps"), ("precision", "s")] {
        let found = query.get(key).cloned().unwrap_or_default();
        expect(&mut influx, key, &found, value);
    }
    if !body.ends_with('\n') {
        influx.complaints.push("the last line has no end".to_owned());
    }
    for line in body.lines() {
        match parse(line) {
            Ok(line) => influx.lines.push(line),
            Err(complaint) => influx.complaints.push(complaint),
        }
    }
    if influx.complaints.is_empty() { StatusCode::NO_CONTENT } else { StatusCode::BAD_REQUEST }
}

/// A server and the lines that it received.
async fn serve() -> (String, Shared) {
    let influx = Shared::default();
    let router = Router::new().route("/api/v2/write", post(write)).with_state(Arc::clone(&influx));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    (url, influx)
}

fn site(db: PgPool, url: &str) -> Site {
    let settings = [
        ("PAWDIUM_METRICS__URL", url),
        ("PAWDIUM_METRICS__ORG", "paws & co"),
        ("PAWDIUM_METRICS__BUCKET", "derps"),
        ("PAWDIUM_METRICS__TOKEN", "open sesame"),
    ];
    Site::with(db, &settings)
}

/// A past minute in which the test's photos are already live.
fn boundary() -> DateTime<Utc> {
    let seconds = Utc::now().timestamp() + 60;
    DateTime::from_timestamp(seconds - seconds % 60 + 60, 0).expect("in range")
}

fn found<'a>(lines: &'a [Line], measurement: &str, tag: Option<(&str, &str)>) -> &'a Line {
    let fits = |line: &&Line| {
        line.measurement == measurement
            && tag.is_none_or(|(key, value)| line.tags.get(key).is_some_and(|found| found == value))
    };
    lines.iter().find(fits).unwrap_or_else(|| panic!("no {measurement} of {tag:?} in {lines:#?}"))
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn two_dogs_and_one_cat_arrive_as_lines_of_the_boundary(db: PgPool) {
    let (url, influx) = serve().await;
    let site = site(db, &url);
    let owner = site.member("ada").await;
    for species in [Species::Dog, Species::Cat, Species::Dog] {
        site.live(owner, species).await;
    }
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let boundary = boundary();
    let job = enqueue(&site.db, &ReportMetrics { boundary, seconds: 300 }).await;
    until_job_is(&site.db, job, "done").await;
    workers.stop().await;

    let influx = influx.lock();
    assert!(influx.complaints.is_empty(), "{:?}", influx.complaints);
    let count = |measurement, tag| found(&influx.lines, measurement, tag).fields["count"];
    assert_eq!(count("photos", Some(("species", "dog"))), 2);
    assert_eq!(count("photos", Some(("species", "cat"))), 1);
    assert_eq!(count("ratings", None), 0);
    assert_eq!(count("submissions", None), 3);
    assert_eq!(count("registrations", Some(("kind", "registered"))), 1);
    assert_eq!(count("registrations", Some(("kind", "anonymous"))), 0);
    let report = Some(("kind", "metrics.report.v1"));
    assert_eq!(found(&influx.lines, "jobs", report).fields["running"], 1);
    assert_eq!(found(&influx.lines, "job_accounts", report).fields["missing"], 0);
    assert_eq!(found(&influx.lines, "queues", Some(("queue", "metrics"))).fields["running"], 1);
    // Zeros are also reported.
    assert_eq!(found(&influx.lines, "queues", Some(("queue", "cache"))).fields["ready"], 0);
    assert_eq!(found(&influx.lines, "job_runs", Some(("kind", "cache.invalidate.v1"))).fields["attempts"], 0);
    assert!(influx.lines.iter().all(|line| line.seconds == boundary.timestamp()));
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn what_jobs_did_is_reported_with_the_minutes_that_ended_in_the_period(db: PgPool) {
    let (url, influx) = serve().await;
    let site = site(db, &url);
    // Far from now, so that nothing else happens in that minute.
    let boundary = boundary() - TimeDelta::days(1);
    // Before, in and after the period. Some of them are already aggregated into minutes.
    for (seconds, done, retried) in [(-61, 100, 0), (-60, 2, 0), (-1, 0, 1), (0, 1000, 0)] {
        sqlx::query(
            "insert into job_movements (at, queue, kind, enqueued, done, retried, waited_ms, ran_ms, max_waited_ms,
                                        max_ran_ms)
             values ($1, 'mail', 'mail.send.v1', $2 + $3, $2, $3, 300 * ($2 + $3), 50, 400, 50)",
        )
        .bind(boundary + TimeDelta::seconds(seconds))
        .bind(done)
        .bind(retried)
        .execute(&site.db)
        .await
        .expect("movements are written");
        if seconds == -60 {
            ledger::fold(&mut site.db.acquire().await.expect("a connection")).await.expect("it folds");
        }
    }
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let job = enqueue(&site.db, &ReportMetrics { boundary, seconds: 60 }).await;
    until_job_is(&site.db, job, "done").await;
    workers.stop().await;

    let influx = influx.lock();
    assert!(influx.complaints.is_empty(), "{:?}", influx.complaints);
    let runs = found(&influx.lines, "job_runs", Some(("kind", "mail.send.v1")));
    assert_eq!((runs.fields["enqueued"], runs.fields["attempts"]), (3, 3));
    assert_eq!((runs.fields["done"], runs.fields["retried"]), (2, 1));
    assert_eq!((runs.fields["wait_ms_max"], runs.fields["run_ms_max"]), (400, 50));
    assert!((runs.measures["wait_ms_mean"] - 300.0).abs() < 1e-9, "{runs:?}");
    assert!((runs.measures["run_ms_mean"] - 100.0 / 3.0).abs() < 1e-9, "{runs:?}");
    // The retried job's queue doesn't exist here, which the report shows.
    let account = found(&influx.lines, "job_accounts", Some(("kind", "mail.send.v1")));
    assert_eq!(account.fields["missing"], 1);
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_report_waits_until_influxdb_takes_it(db: PgPool) {
    let (url, influx) = serve().await;
    influx.lock().busy = true;
    let site = site(db, &url);
    let owner = site.member("ada").await;
    site.live(owner, Species::Dog).await;
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let boundary = boundary();
    let job = enqueue(&site.db, &ReportMetrics { boundary, seconds: 300 }).await;
    until_job_is(&site.db, job, "scheduled").await;
    influx.lock().busy = false;
    until_job_is(&site.db, job, "done").await;
    let lines = influx.lock().lines.clone();
    assert_eq!(found(&lines, "photos", Some(("species", "dog"))).seconds, boundary.timestamp());
    workers.stop().await;
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn without_an_influxdb_there_is_nothing_to_report(db: PgPool) {
    let site = Site::new(db);
    let workers = start_workers(&site.db, &runner(site.env.clone())).await;
    let job = enqueue(&site.db, &ReportMetrics { boundary: boundary(), seconds: 60 }).await;
    until_job_is(&site.db, job, "done").await;
    assert!(find_job(&site.db, job).await.is_some_and(|job| job.last_error.is_none()));
    workers.stop().await;
}
