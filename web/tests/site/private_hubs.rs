//! A private hub is a secret: nothing that others are answered, told or shown gives it away.

use std::time::Duration;

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Setup, Site, pictures, submission};

/// What only members may read: the hub's slugs, its name, its summary, and what its widgets, calls and talks say.
const SECRETS: [&str; 7] =
    ["zqxden", "zqxold", "quagmire", "wombatastic", "snorkelnote", "squidcall", "squidtalk"];

/// Long enough for what would come.
const QUIET: Duration = Duration::from_millis(1500);

/// A private hub, a public one of the same members with every kind of widget, and those who must not know.
struct Den {
    site: Site,
    olga: Person,
    mia: Person,
    photo: i64,
    /// A widget of the private hub.
    widget: i64,
    outsiders: Vec<Person>,
}

impl Den {
    async fn dig(db: PgPool) -> Self {
        // Each statement is in the log.
        let site = Setup::on(db).set("log.filter", "info,sqlx=debug").worker().start().await;
        let (olga, mia) = (site.member("olga").await, site.member("mia").await);
        let settings = json!({ "visibility": "private", "name": "Quagmire", "summary": "Wombatastic.", "join": "request" });
        site.hub_with(&olga, "zqxold", settings).await;
        olga.api.patch("hubs/zqxold", json!({ "slug": "zqxden" })).await.expect(200);
        site.hub(&olga, "open-den").await;
        for slug in ["zqxden", "open-den"] {
            olga.api.put(&format!("hubs/{slug}/members/mia"), json!({ "role": "member" })).await.expect(204);
            let kinds = site.api().get("widget-kinds").await.json();
            for kind in kinds.as_array().expect("a list") {
                let column = if kind["columns"] == "right" { "right" } else { "left" };
                let body = json!({ "kind": kind["kind"], "column": column });
                olga.api.post(&format!("hubs/{slug}/widgets"), body).await.expect(201);
            }
            for role in ["subscriber", "stargazer"] {
                mia.api.put(&format!("hubs/{slug}/roles/{role}"), Value::Null).await.expect(204);
            }
        }
        let body = json!({ "kind": "sticky-note", "column": "left", "config": { "text": "Snorkelnote" } });
        let widget = olga.api.post("hubs/zqxden/widgets", body).await.expect(201).json()["id"].as_i64();
        let call =
            site.open_call(&olga, "zqxden", json!({ "title": "Squidcall", "voters": "members" })).await;
        let talk = mia.pitch(call, "Squidtalk").await;
        olga.move_to(call, "voting").await;
        olga.vote(talk).await.expect(200);
        let photo = site.photo().by(&mia).live().await;
        site.post(&mia, "zqxden", photo).await;
        site.post(&mia, "open-den", photo).await;
        let follower = site.member("fay").await;
        let left = site.member("lou").await;
        olga.api.put("hubs/zqxden/members/lou", json!({ "role": "member" })).await.expect(204);
        for role in ["subscriber", "stargazer"] {
            left.api.put(&format!("hubs/zqxden/roles/{role}"), Value::Null).await.expect(204);
            follower.api.put(&format!("hubs/open-den/roles/{role}"), Value::Null).await.expect(204);
        }
        olga.api.delete("hubs/zqxden/members/lou", Value::Null).await.expect(204);
        site.change("update hubs set active_at = now() - interval '40 days'").await;
        let nobody = Person { id: 0, name: String::new(), api: site.api(), pages: site.visitor() };
        let outsiders = vec![nobody, site.anonymous().await, follower, left];
        Self { site, olga, mia, photo, widget: widget.expect("an id"), outsiders }
    }

    /// Everything that anybody may look at.
    async fn public(&self) -> Vec<String> {
        let photo = self.photo;
        let mut paths: Vec<String> = [
            "/",
            "/hubs",
            "/hubs?sort=new",
            "/hubs?sort=name",
            "/hubs?q=quagmire",
            "/hubs?q=zqx",
            "/hubs?q=wombat",
            "/feed",
            "/feed.atom",
            "/explore",
            "/top",
            "/trending",
            "/new",
            "/submit",
            "/settings",
            "/api",
            "/search?q=quagmire",
            "/search?q=zqxden&in=hubs",
            "/search?q=wombatastic&in=hubs",
            "/search?q=olga",
            "/members/olga",
            "/members/mia",
            "/members/mia/photos",
            "/members/lou",
            "/members/olga/versions",
            "/h/open-den",
            "/h/open-den/members",
            "/h/open-den/photos",
            "/h/open-den/top",
            "/h/open-den/rate",
            "/h/open-den/feed.atom",
            "/h/open-den/versions",
        ]
        .map(str::to_owned)
        .to_vec();
        for call in [
            "openapi.json",
            "hubs",
            "hubs?q=quagmire",
            "hubs?q=zqxden",
            "search?q=quagmire",
            "search?q=zqxold",
            "users/olga",
            "users/mia",
            "users/me/feed",
            "users/me/hubs",
            "users/me/hubs?q=quagmire",
            "top",
            "new",
            "hubs/open-den",
            "hubs/open-den/members",
            "hubs/open-den/photos",
            "hubs/open-den/calls",
            "widget-kinds",
        ] {
            paths.push(format!("/api/v1/{call}"));
        }
        paths.extend([
            format!("/photos/{photo}"),
            format!("/photos/{photo}?from=hub:zqxnone"),
            format!("/api/v1/photos/{photo}"),
        ]);
        for path in ["/h/open-den", "/members/olga", "/members/mia", "/members/lou"] {
            let versions = self.site.get(&format!("{path}/versions")).await.expect(200).json();
            let shared = versions["widgets"].as_object().expect("an object").keys().cloned();
            let personal = versions["personal"].as_array().expect("a list").iter().map(ToString::to_string);
            paths.extend(shared.chain(personal).map(|widget| format!("{path}/w/{widget}")));
        }
        paths
    }

    /// A look at a path as that person, through the API or as a page.
    async fn get(&self, person: &Person, path: &str) -> Answer {
        match path.strip_prefix("/api/v1/") {
            Some(call) => person.api.get(call).await,
            None => person.pages.get(path).await,
        }
    }
}

/// Asserts that a text gives nothing away.
#[track_caller]
fn tells_nothing(what: &str, text: &str) {
    let text = text.to_lowercase();
    for secret in SECRETS {
        if let Some(at) = text.find(secret) {
            let around: String = text[..at + secret.len()].chars().rev().take(200).collect();
            panic!("{what} tells {secret}: …{}", around.chars().rev().collect::<String>());
        }
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn no_page_call_feed_or_search_tells_others_of_a_private_hub(db: PgPool) {
    let den = Den::dig(db).await;
    den.site.settle().await;
    let paths = den.public().await;
    // Who may see it comes first, so that whatever is cached was made for them.
    let mut told = 0;
    for path in &paths {
        for insider in [&den.olga, &den.mia] {
            let text = den.get(insider, path).await.text().to_lowercase();
            told += usize::from(SECRETS.iter().any(|secret| text.contains(secret)));
        }
    }
    assert!(told > 10, "its members are told of it in {told} places");
    for path in &paths {
        for outsider in &den.outsiders {
            // A search repeats its words.
            let answer = den.get(outsider, path).await;
            assert!(answer.status < 500, "{}", answer.asked);
            let query =
                path.split_once("q=").map_or("", |(_, query)| query.split('&').next().unwrap_or_default());
            let text = answer.text().to_lowercase();
            let text = if query.is_empty() { text } else { text.replace(query, "") };
            tells_nothing(&format!("{} to {:?}", answer.asked, outsider.name), &text);
        }
    }
}

/// The method, the path below a hub's, and the form.
type Question = (Method, String, Vec<(&'static str, &'static str)>);

/// Everything that can be asked of a hub.
fn questions(widget: i64, photo: i64) -> Vec<Question> {
    let mut questions = Vec::new();
    for page in [
        "",
        "?edit=1",
        "/versions",
        "/members",
        "/photos",
        "/top",
        "/rate",
        "/feed.atom",
        "/settings",
        "/widgets/new",
    ] {
        questions.push((Method::GET, page.to_owned(), vec![]));
        questions.push((Method::HEAD, page.to_owned(), vec![]));
    }
    questions.push((Method::GET, format!("/w/{widget}"), vec![]));
    questions.push((Method::GET, format!("/widgets/{widget}"), vec![]));
    for (path, fields) in [
        ("/widgets".to_owned(), vec![("kind", "rules"), ("side", "left")]),
        ("/widgets".to_owned(), vec![]),
        (format!("/widgets/{widget}"), vec![("act", "remove")]),
        ("/members".to_owned(), vec![("name", "mia"), ("act", "remove")]),
        ("/members".to_owned(), vec![("name", "ghost"), ("act", "add")]),
        ("/members".to_owned(), vec![("name", "mia"), ("act", "add")]),
        ("/requests".to_owned(), vec![("name", "mia"), ("act", "accept")]),
        ("/roles/member".to_owned(), vec![("act", "take")]),
        ("/roles/subscriber".to_owned(), vec![("act", "drop")]),
        ("/roles/stargazer".to_owned(), vec![("act", "explode")]),
        ("/settings".to_owned(), vec![("name", "Mine")]),
        ("/settings".to_owned(), vec![("slug", "new")]),
        ("/delete".to_owned(), vec![("confirm", "zqxden")]),
    ] {
        questions.push((Method::POST, path, fields));
    }
    for (method, call) in [
        (Method::GET, String::new()),
        (Method::GET, "/members?role=owner".to_owned()),
        (Method::GET, "/requests".to_owned()),
        (Method::GET, "/photos".to_owned()),
        (Method::GET, "/top".to_owned()),
        (Method::GET, "/rate/next".to_owned()),
        (Method::GET, "/calls".to_owned()),
        (Method::POST, "/calls".to_owned()),
        (Method::GET, format!("/widgets/{widget}")),
        (Method::DELETE, format!("/widgets/{widget}")),
        (Method::PUT, format!("/photos/{photo}")),
        (Method::DELETE, format!("/photos/{photo}")),
        (Method::PUT, "/roles/member".to_owned()),
        (Method::DELETE, String::new()),
    ] {
        questions.push((method, format!("api:{call}"), vec![]));
    }
    questions
}

async fn ask(person: &Person, slug: &str, (method, path, fields): &Question) -> Answer {
    if let Some(call) = path.strip_prefix("api:") {
        return Answer::to(person.api.call(method.clone(), &format!("hubs/{slug}{call}"))).await;
    }
    let request = person.pages.request(method.clone(), &format!("/h/{slug}{path}"));
    let request = request.header("sec-fetch-site", "same-origin");
    Answer::to(if *method == Method::POST { request.form(fields) } else { request }).await
}

/// The headers that may say something.
fn headers(answer: &Answer) -> Vec<(String, String)> {
    let differs = ["date", "set-cookie", "content-length", "x-request-id"];
    let headers = answer.headers.iter().filter(|(name, _)| !differs.contains(&name.as_str()));
    let mut headers: Vec<_> = headers
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect();
    headers.sort();
    headers
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_private_hub_answers_others_as_one_that_does_not_exist(db: PgPool) {
    let den = Den::dig(db).await;
    for question in questions(den.widget, den.photo) {
        for outsider in &den.outsiders {
            let unknown = ask(outsider, "zqxnix", &question).await;
            for slug in ["zqxden", "zqxold"] {
                let asked = ask(outsider, slug, &question).await;
                let what = format!("{} as {:?}", asked.asked, outsider.name);
                assert_eq!(asked.status, unknown.status, "{what}");
                assert!([400, 401, 403, 404].contains(&asked.status), "{what}: {}", asked.status);
                assert_eq!(asked.text().replace(slug, "zqxnix"), unknown.text(), "{what}");
                assert_eq!(headers(&asked), headers(&unknown), "{what}");
                tells_nothing(&what, &asked.text().replace(slug, ""));
            }
        }
    }
    let stranger = &den.outsiders[2];
    let own = den.site.photo().by(stranger).live().await;
    for (path, fields) in [
        (format!("/photos/{own}/hubs"), [("hub", "?")]),
        (format!("/photos/{}/hubs/remove", den.photo), [("hub", "?")]),
    ] {
        let post = async |slug| stranger.pages.post(&path, &[(fields[0].0, slug)]).await;
        let (hidden, unknown) = (post("zqxden").await, post("zqxnix").await);
        assert_eq!((hidden.status, hidden.text()), (unknown.status, unknown.text()), "{path}");
        assert_eq!(hidden.status, 404, "{path}");
    }
    let upload = async |slug: &str| {
        let form = submission("A cat", pictures::quarters(300, 300)).text("hubs", slug.to_owned());
        stranger.api.upload(form).await.error(400)
    };
    assert_eq!(upload("zqxden").await, upload("zqxnix").await);
    // That a slug is taken can't be hidden from who wants it. What has it is.
    let body = json!({ "slug": "zqxden", "name": "Mine", "join": "open", "visibility": "public" });
    let taken = stranger.api.post("hubs", body).await.expect(409);
    tells_nothing("a taken slug", &taken.text().replace("zqxden", ""));
}

/// The statements that web runs for an answer.
async fn statements(site: &Site, act: impl AsyncFn()) -> usize {
    let mut fewest = usize::MAX;
    // Others, such as those that keep a session alive, come now and then.
    for _ in 0..4 {
        let count = || site.log().lines().filter(|line| line.contains("sqlx::query")).count();
        let before = count();
        act().await;
        fewest = fewest.min(count() - before);
    }
    fewest
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_private_hub_costs_others_as_many_statements_as_one_that_does_not_exist(db: PgPool) {
    let den = Den::dig(db).await;
    den.site.settle().await;
    let questions = questions(den.widget, den.photo);
    let some = [
        "",
        "/members",
        "/w/1",
        "/feed.atom",
        "/roles/member",
        "/widgets",
        "api:",
        "api:/photos",
        "api:/roles/member",
    ];
    let mut asked = 0;
    for question in questions.iter().filter(|(_, path, _)| some.contains(&path.as_str())) {
        for outsider in &den.outsiders {
            let counted = async |slug: &'static str| {
                statements(&den.site, async || drop(ask(outsider, slug, question).await)).await
            };
            let unknown = counted("zqxnix").await;
            for slug in ["zqxden", "zqxold"] {
                let hidden = counted(slug).await;
                assert_eq!(hidden, unknown, "{} {} as {:?}", question.0, question.1, outsider.name);
                asked += hidden;
            }
        }
    }
    assert!(asked > 50, "the log has statements: {asked}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn streams_of_others_say_nothing_of_what_happens_in_a_private_hub(db: PgPool) {
    let den = Den::dig(db).await;
    den.site.settle().await;
    let hidden: Vec<i64> = sqlx::query_scalar(
        "select widgets.id from widgets join hubs on hubs.id = hub_id where slug = 'zqxden'",
    )
    .fetch_all(&den.site.db)
    .await
    .expect("the statement is right");
    let query = format!("hub=open-den&hub=zqxden&hub=zqxold&member=olga&member=mia&photo={}", den.photo);
    let mut streams = Vec::new();
    for outsider in &den.outsiders {
        let mut stream = outsider.pages.stream(&query).await;
        stream.begin().await;
        streams.push(stream);
    }
    let mut own = den.mia.pages.stream("hub=zqxden").await;
    own.begin().await;
    let note = format!("hubs/zqxden/widgets/{}", den.widget);
    den.olga.api.patch(&note, json!({ "config": { "text": "Another" } })).await.expect(200);
    den.olga.api.patch("hubs/zqxden", json!({ "summary": "Wombatastic!" })).await.expect(200);
    den.olga.api.delete("hubs/zqxden/members/mia", Value::Null).await.expect(204);
    den.olga.api.put("hubs/zqxden/members/mia", json!({ "role": "member" })).await.expect(204);
    den.site.rate(&den.olga, den.photo, 3).await;
    den.site.settle().await;
    own.until("changed").await;
    for stream in &mut streams {
        while let Some(event) = stream.within(QUIET).await {
            let names = ["hub=zqxden", "hub=zqxold"].map(Value::from);
            let is_gone = event.name == "gone" && names.contains(&event.data["topic"]);
            assert!(is_gone || !event.data.to_string().contains("zqx"), "{event:?}");
            let widget = event.data["widget"].as_i64();
            assert!(widget.is_none_or(|widget| !hidden.contains(&widget)), "{event:?}");
        }
    }
}
