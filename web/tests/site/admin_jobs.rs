//! The search for jobs and a job's page.

use std::collections::BTreeSet;

use pawdium_shared::db::MIGRATIONS;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::jobs::ranking::RefreshRanks;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, SOON, Setup, Site, eventually, pictures, submission};

/// Inserts `$2` dead jobs into the history, with ids from `$1` and the error `$3`.
pub(crate) async fn dead(site: &Site, kind: &str, first: i64, count: i64, error: &str) {
    sqlx::query(
        "insert into job_history (id, queue, kind, outcome, priority, attempt, max_attempts, claim, created_at,
                                  expires_at, payload, last_error)
         select id, split_part($4, '.', 1), $4, 'dead', 0, 3, 3, 3, now(), now() + interval '30 days', '{}', $3
         from generate_series($1, $1 + $2 - 1) as id",
    )
    .bind(first)
    .bind(count)
    .bind(error)
    .bind(kind)
    .execute(&site.db)
    .await
    .expect("they are inserted");
}

/// The ids of the jobs on a page.
pub(crate) fn ids(page: &Answer) -> Vec<i64> {
    let id = |text: String| text.trim_start_matches("Job ").parse().expect("an id");
    page.texts(".jobs .job-id").into_iter().map(id).collect()
}

async fn found(viewer: &Person, query: &[(&str, &str)]) -> Vec<i64> {
    let request = viewer.pages.request(reqwest::Method::GET, "/admin/jobs").query(query);
    ids(&Answer::to(request).await.expect(200))
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn jobs_are_found_by_every_field(db: PgPool) {
    let site = Site::start(db).await;
    let (root, ada) = (site.admin("root").await, site.member("ada").await);
    site.change("delete from jobs").await;
    let upload = async || {
        let photo =
            ada.api.upload(submission("A cat", pictures::quarters(300, 300))).await.expect(202).json();
        photo["id"].as_i64().expect("an id")
    };
    let (first, second) = (upload().await, upload().await);
    site.enqueue(RefreshRanks {}).await;
    dead(&site, "mail.send.v1", 900, 2, "550 no such mailbox").await;
    dead(&site, "media.process.v1", 910, 1, "the file ends too early").await;
    site.change("update job_history set subject = 'photo:1' where id = 910").await;
    let job = |kind: &'static str, photo: Option<i64>| {
        let subject = photo.map(|photo| format!("photo:{photo}"));
        let query =
            sqlx::query_scalar("select id from jobs where kind = $1 and subject is not distinct from $2");
        let query = query.bind(kind).bind(subject);
        async {
            let id: i64 = query.fetch_one(&site.db).await.expect("one");
            id
        }
    };
    let (one, two) =
        (job("media.process.v1", Some(first)).await, job("media.process.v1", Some(second)).await);
    let ranks = job("ranking.refresh.v1", None).await;

    assert_eq!(found(&root, &[]).await, [910, 901, 900, ranks, two, one]);
    for (query, jobs) in [
        (vec![("id", "901")], vec![901]),
        (vec![("id", "#901")], vec![901]),
        (vec![("id", "12345")], vec![]),
        (vec![("state", "ready")], vec![ranks, two, one]),
        (vec![("state", "dead")], vec![910, 901, 900]),
        (vec![("state", "dead"), ("kind", "mail.send.v1")], vec![901, 900]),
        (vec![("kind", "media.process.v1")], vec![910, two, one]),
        (vec![("kind", "nothing.v9")], vec![]),
        (vec![("member", "ADA")], vec![910, two, one]),
        (vec![("member", &ada.id.to_string())], vec![910, two, one]),
        (vec![("member", "ada"), ("state", "ready")], vec![two, one]),
        (vec![("member", "root")], vec![]),
        (vec![("photo", &second.to_string())], vec![two]),
        (vec![("photo", &first.to_string())], vec![910, one]),
        (vec![("error", "MAILBOX")], vec![901, 900]),
        (vec![("error", "ends too"), ("member", "ada")], vec![910]),
        (vec![("error", "mailbox"), ("state", "ready")], vec![]),
        (vec![("group", "# no such mailbox")], vec![901, 900]),
        (vec![("group", "# no such mailbox"), ("kind", "media.process.v1")], vec![]),
    ] {
        assert_eq!(found(&root, &query).await, jobs, "{query:?}");
    }
    let page = root.pages.get("/admin/jobs?id=twelve&member=nobody").await.expect(200);
    assert_eq!(page.texts(".field-error"), ["Enter a number.", "No member has this name or number."]);
    assert_eq!(page.attribute("#id", "value"), "twelve");
    assert!(ids(&page).is_empty());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn wildcards_in_an_error_match_literally(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    dead(&site, "a.v1", 1001, 1, "used 100% of quota_bytes in C:\\photos").await;
    dead(&site, "a.v1", 1002, 1, "used 1000 of quotaXbytes in C:/photos").await;
    for (text, jobs) in [
        ("100% of", vec![1001]),
        ("quota_bytes", vec![1001]),
        ("c:\\photos", vec![1001]),
        ("photos", vec![1002, 1001]),
        ("used%quota", vec![]),
        ("' or true --abc", vec![]),
    ] {
        assert_eq!(found(&root, &[("error", text)]).await, jobs, "{text}");
    }
    // Refuse a search that no index supports.
    let page = root.pages.get("/admin/jobs?error=%25%25%25").await.expect(200);
    assert_eq!(page.texts("#error-error"), ["Enter at least three letters or digits in a row."]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn paging_a_search_repeats_and_misses_nothing(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    dead(&site, "a.v1", 1000, 130, "gone").await;
    dead(&site, "b.v1", 2000, 30, "gone").await;
    let (mut path, mut seen) = ("/admin/jobs?kind=a.v1&state=dead".to_owned(), Vec::new());
    loop {
        let page = root.pages.get(&path).await.expect(200);
        seen.extend(ids(&page));
        // New jobs in between don't shift the pages.
        let next = 5000 + i64::try_from(seen.len()).expect("few");
        dead(&site, "a.v1", next, 1, "gone").await;
        if !page.has("a[rel=next]") {
            break;
        }
        path = page.attribute("a[rel=next]", "href");
        assert!(path.contains("kind=a.v1") && path.contains("state=dead"), "{path}");
    }
    assert_eq!(seen, (1000..1130).rev().collect::<Vec<_>>());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn dead_jobs_are_grouped_by_error_and_each_group_links_to_its_jobs(db: PgPool) {
    let site = Site::start(db).await;
    let (root, mo) = (site.admin("root").await, site.moderator("mo").await);
    for job in 0..7 {
        dead(
            &site,
            "mail.send.v1",
            1000 + job,
            1,
            &format!("timed out after {job} s\ncaused by {job} things & <b>"),
        )
        .await;
    }
    dead(&site, "media.process.v1", 1100, 3, "timed out after 9 s").await;
    dead(&site, "mail.send.v1", 1200, 2, "550 not here: <ada@example.org>").await;
    let page = root.pages.get("/admin/jobs").await.expect(200);
    let rows: Vec<_> =
        page.texts(".errors tbody tr th").into_iter().zip(page.texts(".errors td.bad")).collect();
    let row = |error: &str, count: &str| (error.to_owned(), count.to_owned());
    assert_eq!(
        rows,
        [
            row("timed out after # s", "7"),
            row("timed out after # s", "3"),
            row("# not here: <ada@example.org>", "2")
        ]
    );
    let mails = root.pages.get(&page.attribute(".errors tr:nth-child(1) a", "href")).await.expect(200);
    assert_eq!(ids(&mails), (1000..1007).rev().collect::<Vec<_>>());
    let addressed = root.pages.get(&page.attribute(".errors tr:nth-child(3) a", "href")).await.expect(200);
    assert_eq!(ids(&addressed), [1201, 1200]);

    let page = mo.pages.get("/admin/jobs").await.expect(200);
    assert_eq!(page.texts(".errors tr:nth-child(3) th"), ["# not here: <a…@example.org>"]);
    assert!(!page.text().contains("ada@"), "neither in texts nor in addresses");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_jobs_page_shows_its_timeline_and_why_it_waits(db: PgPool) {
    let mut site = Site::start(db).await;
    let (root, mo) = (site.admin("root").await, site.moderator("mo").await);
    site.change("delete from jobs").await;
    site.sink.fail_with(451);
    site.enqueue(SendMail::PasswordReset { email: root.email() }).await;
    let job: i64 = site.ask("select id from jobs").await;
    let path = format!("/admin/jobs/{job}");
    let page = root.pages.get(&path).await.expect(200);
    assert_eq!(page.texts(".job-why"), ["It is waiting because no worker is alive."]);
    assert_eq!(page.texts(".timeline-label"), ["Enqueued"]);
    assert!(page.texts(".payload")[0].contains("\"email\": \"root@example.org\""), "{}", page.text());

    site.start_worker();
    let page = eventually("an attempt has failed", SOON, async || {
        let page = root.pages.get(&path).await.expect(200);
        (page.attribute("[data-refresh=job]", "data-state") == "scheduled").then_some(page)
    })
    .await;
    let why = page.texts(".job-why").remove(0);
    assert!(why.starts_with("It is scheduled for") && why.contains("is away: “"), "{why}");
    let labels = page.texts(".timeline-label");
    assert_eq!(labels[..2], ["Enqueued", "Attempt 1 failed"], "{labels:?}");
    assert!(labels.last().is_some_and(|last| last.ends_with("is due")), "{labels:?}");
    assert!(page.texts(".timeline pre")[0].contains("451"), "{}", page.text());
    let worker: String = site.ask("select name from job_workers").await;
    assert!(page.texts(".timeline-by")[0].contains(&worker));

    let page = mo.pages.get(&path).await.expect(200);
    assert!(page.texts(".payload")[0].contains("r…@example.org"));
    assert!(!page.text().contains("root@example.org"), "addresses are for admins");

    // When it can run, it ends and leaves no trace, because its kind keeps no history.
    site.sink.accept();
    assert_eq!(root.pages.post(&format!("{path}/retry"), &[("back", "")]).await.location(), path);
    let gone = eventually("it is sent", SOON, async || {
        Some(root.pages.get(&path).await).filter(|page| page.status == 404)
    })
    .await;
    assert_eq!(gone.texts("h1"), [format!("No job {job}")]);
    root.pages.get(&format!("{path}/status")).await.expect(404);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn retrying_cancelling_and_deleting_a_job_is_audited(db: PgPool) {
    let site = Site::start(db).await;
    let root = site.admin("root").await;
    dead(&site, "mail.send.v1", 900, 1, "gone").await;
    let list = "/admin/jobs?state=dead&kind=mail.send.v1";
    let act = |path: &'static str, back: &'static str| {
        let pages = root.pages.clone();
        async move { pages.post(path, &[("back", back)]).await.location().to_owned() }
    };
    assert_eq!(act("/admin/jobs/900/retry", list).await, list);
    assert!(root.pages.get(list).await.texts(".flash.good")[0].contains("retried"));
    assert_eq!(site.ask::<String>("select state::text from jobs where id = 900").await, "ready");
    assert_eq!(act("/admin/jobs/900/retry", "").await, "/admin/jobs/900", "it is ready already");
    assert!(root.pages.get("/admin/jobs/900").await.has(".flash.bad"));
    assert_eq!(act("/admin/jobs/900/cancel", "").await, "/admin/jobs/900");
    let page = root.pages.get("/admin/jobs/900").await.expect(200);
    assert!(page.texts(".job-why")[0].ends_with(": cancelled by root."), "{:?}", page.texts(".job-why"));
    assert_eq!(act("/admin/jobs/900/delete", "").await, "/admin/jobs");
    root.pages.get("/admin/jobs/900").await.expect(404);

    let entries: Vec<(String, Value)> = sqlx::query_as("select action, detail from audit_log order by id")
        .fetch_all(&site.db)
        .await
        .expect("the log");
    let entry = |action: &str| (action.to_owned(), json!({ "jobs": 1, "ids": [900] }));
    assert_eq!(entries, [entry("job.retry"), entry("job.cancel"), entry("job.delete")]);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_overview_shows_waiting_mail_and_why_it_waits(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let root = site.admin("root").await;
    site.settle().await;
    let told = async || root.pages.get("/admin").await.expect(200).texts("section:has(#mail)").remove(0);
    assert!(told().await.contains("No mail is waiting."), "{}", told().await);
    site.sink.fail_with(451);
    site.member("ada").await;
    let waits = async || {
        (site.ask::<i64>("select count(*) from jobs where state = 'scheduled'").await == 1).then_some(())
    };
    eventually("the mail waits for its next attempt", SOON, waits).await;
    let told = told().await;
    assert!(told.contains("1 mail waiting") && told.contains("451 refused, as it was asked to"), "{told}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn owners_read_why_a_photo_waits_and_moderators_find_its_job(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, mo) = (site.member("ada").await, site.member("bob").await, site.moderator("mo").await);
    site.change("delete from jobs").await;
    let upload = async |by: &Person| {
        let photo = by.api.upload(submission("A cat", pictures::quarters(300, 300))).await.expect(202).json();
        photo["id"].as_i64().expect("an id")
    };
    upload(&bob).await;
    let hers = upload(&ada).await;
    let status = format!("/photos/{hers}/status");
    let said = async || ada.pages.get(&status).await.expect(200).texts("#status p").remove(0);
    assert!(
        said().await.starts_with("No worker is running right now; your photo is safe"),
        "{}",
        said().await
    );
    site.change(
        "insert into job_workers (name, host, pid, beat_at) values ('w', 'h', 1, now() + interval '1 hour')",
    )
    .await;
    assert!(said().await.starts_with("1 photo is ahead of yours."), "{}", said().await);
    site.change("update job_queues set paused_at = now() where name = 'media'").await;
    assert!(
        said().await.starts_with("The workers are paused right now; your photo is safe."),
        "{}",
        said().await
    );

    let page = format!("/photos/{hers}");
    assert!(!ada.pages.get(&page).await.expect(200).has("a[href^='/admin']:not(.menu-sheet a)"));
    let link = mo.pages.get(&page).await.expect(200).attribute("a[href^='/admin/jobs']", "href");
    let found: BTreeSet<i64> = ids(&mo.pages.get(&link).await.expect(200)).into_iter().collect();
    let job: i64 =
        site.ask("select id from jobs where kind = 'media.process.v1' order by id desc limit 1").await;
    assert_eq!(found, BTreeSet::from([job]));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn an_open_job_page_updates_until_the_job_has_ended(db: PgPool) {
    let site = Setup::on(db).start().await;
    let root = site.admin("root").await;
    site.change("delete from jobs").await;
    site.enqueue(RefreshRanks {}).await;
    let job: i64 = site.ask("select id from jobs").await;
    let browser = site.browser().await;
    browser.log_in(&root.email()).await;
    browser.goto(&format!("/admin/jobs/{job}")).await;
    browser.mark().await;
    assert!(browser.text(".job-why").await.contains("no worker is alive"));
    let mut site = site;
    site.start_worker();
    browser.find("[data-refresh=job][data-state=done]").await;
    assert!(browser.text(".job-why").await.starts_with("It was done at"));
    assert!(browser.is_marked().await, "the page was never reloaded");
    browser.has_no_complaints().await;
}
