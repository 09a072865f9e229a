//! Whatever others ask of a private hub, they are answered as if it didn't exist.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{Answer, Den, Person, Site, pictures, submission, tells_nothing};

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
        (Method::DELETE, "/roles/owner".to_owned()),
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
            // Who left is still subscribed, and may give that up.
            let drops = question.2.contains(&("act", "drop")) || question.1 == "api:/roles/owner";
            if outsider.name == "lou" && drops {
                continue;
            }
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
async fn who_lost_sight_of_a_hub_can_still_give_up_what_they_have_in_it(db: PgPool) {
    let den = Den::dig(db).await;
    let [nobody, anonymous, fay, lou] = &den.outsiders[..] else { panic!("four") };
    let call = |person: &Person, slug: &str, role: &str| {
        let call = person.api.call(Method::DELETE, &format!("hubs/{slug}/roles/{role}"));
        async move { Answer::to(call).await }
    };
    call(lou, "zqxden", "subscriber").await.expect(204);
    call(lou, "zqxden", "subscriber").await.expect(204);
    assert_eq!(lou.pages.post("/h/zqxold/roles/stargazer", &[("act", "drop")]).await.location(), "/hubs");
    let left: i64 = den.site.ask_of("select count(*) from hub_roles join hubs on hubs.id = hub_id where user_id = $1 and slug = 'zqxden'", lou.id).await;
    assert_eq!(left, 0);
    // Now nothing tells it from a hub that doesn't exist.
    for person in [nobody, anonymous, fay, lou] {
        for role in ["subscriber", "stargazer", "member", "owner"] {
            let (hidden, unknown) = (call(person, "zqxden", role).await, call(person, "zqxnix", role).await);
            assert_eq!(
                (hidden.status, hidden.text()),
                (unknown.status, unknown.text()),
                "{role} {}",
                person.name
            );
            assert!([401, 404].contains(&hidden.status), "{}", hidden.status);
        }
    }
}
