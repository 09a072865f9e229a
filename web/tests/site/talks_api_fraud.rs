//! What owners see of the votes: the dashboard, its export, and the report on voters who may be one person.

use pawdium_shared::db::MIGRATIONS;
use reqwest::Method;
use reqwest::header::COOKIE;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{Answer, Person, Site};
use crate::talks_api::has;

/// A call of olga's that takes votes, with a talk of each of two members.
struct Stage {
    site: Site,
    olga: Person,
    call: i64,
    talks: [i64; 2],
}

impl Stage {
    async fn set(db: PgPool, titles: [&str; 2]) -> Self {
        let site = Site::start(db).await;
        let olga = site.member("olga").await;
        site.hub(&olga, "cats").await;
        let call = site.open_call(&olga, "cats", json!({ "voters": "anybody" })).await;
        let speakers = site.crowd("speaker", 2).await;
        site.join("cats", &speakers.iter().collect::<Vec<_>>()).await;
        let talks = [speakers[0].pitch(call, titles[0]).await, speakers[1].pitch(call, titles[1]).await];
        olga.move_to(call, "voting").await;
        Self { site, olga, call, talks }
    }

    fn path(&self, rest: &str) -> String {
        format!("calls/{}/{rest}", self.call)
    }

    async fn dashboard(&self) -> Value {
        self.olga.api.get(&self.path("dashboard")).await.expect(200).json()
    }

    async fn act(&self, act: &str, body: Value) -> Answer {
        self.olga.api.post(&self.path(&format!("votes/{act}")), body).await
    }
}

/// Votes from a browser with this device's cookie, at this address. Returns the cookie that the browser then has.
async fn vote_from(voter: &Person, talk: i64, device: Option<&str>, address: &str) -> String {
    let mut request = voter.api.call(Method::PUT, &format!("talks/{talk}/vote"));
    request = request.header("x-forwarded-for", address);
    if let Some(device) = device {
        request = request.header(COOKIE, device);
    }
    let answer = Answer::to(request).await.expect(200);
    match (answer.header("set-cookie").split_once(';'), device) {
        (Some((given, _)), _) => given.to_owned(),
        (None, Some(device)) => device.to_owned(),
        (None, None) => panic!("a browser without a device is given one"),
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_browser_is_given_one_device_that_scripts_cannot_read_or_choose(db: PgPool) {
    let stage = Stage::set(db, ["Naps", "Boxes"]).await;
    let voter = stage.site.crowd("voter", 1).await.remove(0);
    let put = |cookie: &str| {
        let request = voter.api.call(Method::PUT, &format!("talks/{}/vote", stage.talks[0]));
        Answer::to(request.header(COOKIE, cookie.to_owned()))
    };
    let first = put("theme=dark").await.expect(200);
    let cookie = first.header("set-cookie").to_owned();
    for wanted in ["device=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age="] {
        assert!(cookie.contains(wanted), "{cookie}");
    }
    let seconds: i64 = cookie
        .split("Max-Age=")
        .nth(1)
        .expect("it has one")
        .split(';')
        .next()
        .expect("a number")
        .parse()
        .expect("a number");
    assert!(seconds >= 180 * 86_400, "it lasts: {cookie}");
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    assert_eq!(put(&pair).await.expect(200).header("set-cookie"), "", "it is kept");
    let forged = format!("device={}", "A".repeat(43));
    for forged in [forged.as_str(), "device=", "device=x", &pair[..pair.len() - 2], &format!("{pair}AA")] {
        let given = put(forged).await.expect(200);
        let given = given.header("set-cookie");
        assert!(given.starts_with("device=") && !given.starts_with(&pair), "{forged}: {given}");
    }
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_report_explains_who_may_be_one_person_and_leaves_others_alone(db: PgPool) {
    let stage = Stage::set(db, ["Naps", "Boxes"]).await;
    let [naps, boxes] = stage.talks;
    // A conference behind one address votes at once for this and that.
    let crowd = stage.site.crowd("visitor", 12).await;
    stage.site.change("update users set created_at = now() - interval '90 days'").await;
    for (number, visitor) in crowd.iter().enumerate() {
        vote_from(visitor, stage.talks[number % 2], None, "203.0.113.77").await;
    }
    let board = stage.dashboard().await;
    has(&board, "turnout talks per_minute groups");
    assert_eq!(board["groups"], json!([]), "people behind one address are normal");
    assert_eq!(board["turnout"], json!({ "votes": 12, "guest_votes": 0, "set_aside": 0, "voters": 12 }));

    // A couple shares a tablet, and somebody makes five accounts in one browser.
    let couple = stage.site.crowd("partner", 2).await;
    stage.site.change("update users set created_at = now() - interval '90 days'").await;
    let tablet = vote_from(&couple[0], naps, None, "198.51.100.3").await;
    vote_from(&couple[1], boxes, Some(&tablet), "198.51.100.3").await;
    let puppets = stage.site.crowd("puppet", 5).await;
    let browser = vote_from(&puppets[0], naps, None, "192.0.2.9").await;
    for puppet in &puppets[1..] {
        assert_eq!(vote_from(puppet, naps, Some(&browser), "192.0.2.9").await, browser);
    }
    // Somebody else's drop their cookies.
    let script = stage.site.crowd("bot", 4).await;
    for bot in &script {
        vote_from(bot, boxes, None, "2001:db8:1:2::7").await;
    }
    // They all began in the same minute.
    stage.site.change("update talk_votes set at = (select min(at) from talk_votes)").await;
    let board = stage.dashboard().await;
    let groups = board["groups"].as_array().expect("a list");
    let names = |group: &Value| -> Vec<String> {
        let voters = group["voters"].as_array().expect("a list");
        voters.iter().map(|voter| voter["name"].as_str().expect("a name").to_owned()).collect()
    };
    let found: Vec<_> =
        groups.iter().map(|group| (group["level"].as_str().expect("one"), names(group))).collect();
    let named = |prefix: &str, count: usize| -> Vec<String> {
        (0..count).map(|number| format!("{prefix}{number}")).collect()
    };
    assert_eq!(found[0], ("likely", named("puppet", 5)));
    assert!(found[1..].contains(&("possible", named("partner", 2))), "{found:?}");
    assert!(found[1..].contains(&("possible", named("bot", 4))), "{found:?}");
    assert!(!found.iter().any(|(_, names)| names.contains(&"visitor0".to_owned())), "{found:?}");
    let group = &groups[0];
    has(group, "device network level evidence voters");
    has(&group["voters"][0], "id name account_since first_at talks set_aside");
    assert_eq!((&group["network"], &group["voters"][0]["talks"]), (&Value::Null, &json!([naps])));
    let evidence: Vec<_> = group["evidence"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| (one["kind"].clone(), one["voters"].clone()))
        .collect();
    for kind in ["same_device", "new_accounts", "same_votes"] {
        assert!(evidence.contains(&(json!(kind), json!(5))), "{kind}: {evidence:?}");
    }
    for one in group["evidence"].as_array().expect("a list") {
        has(one, "kind voters text");
        assert!(
            one["text"].as_str().is_some_and(|text| text.starts_with('5') && text.ends_with('.')),
            "{one}"
        );
    }
    let bots = groups.iter().find(|group| names(group) == named("bot", 4)).expect("it was there");
    assert_eq!(bots["network"], "2001:db8:1:2::/64");
    // Whatever the browser was given, nobody reads the cookie in the report.
    let secret = browser.split_once('=').expect("a pair").1;
    assert!(!board.to_string().contains(&secret[..20]));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn owners_set_votes_aside_and_restore_them_with_a_reason(db: PgPool) {
    let stage = Stage::set(db, ["Naps", "Boxes"]).await;
    let [naps, boxes] = stage.talks;
    let voters = stage.site.crowd("voter", 3).await;
    for voter in &voters {
        voter.vote(naps).await.expect(200);
        voter.vote(boxes).await.expect(200);
    }
    let ids = json!([voters[0].id, voters[1].id]);
    let counts = async || -> String {
        stage.site.ask("select string_agg(votes::text, ',' order by id) from talks").await
    };
    let aside =
        stage.act("set-aside", json!({ "voters": ids, "talk": naps, "reason": " One\nbrowser " })).await;
    assert_eq!(aside.expect(200).json(), json!({ "votes": 2 }));
    assert_eq!(counts().await, "1,3");
    let again = stage.act("set-aside", json!({ "voters": ids, "talk": naps, "reason": "Twice" })).await;
    assert_eq!(again.expect(200).json(), json!({ "votes": 0 }));
    let all = stage.act("set-aside", json!({ "voters": [voters[0].id, 999_999], "reason": "All" })).await;
    assert_eq!(all.expect(200).json(), json!({ "votes": 1 }));
    assert_eq!(counts().await, "1,2");
    // Its voter can't change such a vote, and reads why.
    for answer in [voters[0].toggle(naps).await, voters[0].unvote(naps).await, voters[0].vote(naps).await] {
        assert_eq!(answer.error(403).0, "The hub's owners have set this vote aside.");
    }
    let own = voters[0].api.get(&stage.path("receipts")).await.expect(200).json();
    assert_eq!(own["data"][0]["set_aside"], "One browser");
    let board = stage.dashboard().await;
    assert_eq!(board["turnout"], json!({ "votes": 3, "guest_votes": 0, "set_aside": 3, "voters": 3 }));
    let rows = board["talks"].as_array().expect("a list");
    has(&rows[0], "id title author state votes guest_votes set_aside voters");
    let shown = rows.iter().find(|talk| talk["id"] == naps).expect("it is shown");
    has(
        &shown["voters"][0],
        "id name at account_since account_age cast guest set_aside_at set_aside_by reason",
    );
    let voter = shown["voters"].as_array().expect("a list").iter().find(|voter| voter["id"] == voters[0].id);
    let voter = voter.expect("the voter is there");
    assert_eq!((&voter["set_aside_by"], &voter["reason"]), (&json!("olga"), &json!("One browser")));
    assert_eq!((&voter["cast"], &voter["name"]), (&json!(2), &json!("voter0")));
    assert!(voter["account_age"].as_i64().is_some_and(|age| (0..300).contains(&age)), "{voter}");

    let restored = stage.act("restore", json!({ "voters": ids, "reason": "They are twins" })).await;
    assert_eq!(restored.expect(200).json(), json!({ "votes": 3 }));
    assert_eq!(counts().await, "3,3");
    voters[0].unvote(naps).await.expect(200);
    let audit: String = stage
        .site
        .ask("select string_agg(concat_ws(' ', action, actor, detail->>'votes', detail->>'reason'), '; ' order by id)
              from audit_log where detail ? 'voters'")
        .await;
    let lines: Vec<_> = audit.split("; ").collect();
    assert_eq!(lines.len(), 3, "{audit}");
    let concerned =
        stage.site.ask::<Value>("select detail->'voters' from audit_log where detail->>'reason' = 'All'");
    assert_eq!(concerned.await, json!([voters[0].id]), "only those who had votes");
    assert!(
        lines[0].ends_with("olga 2 One browser") && lines[2].ends_with("olga 3 They are twins"),
        "{audit}"
    );

    let before: String = stage
        .site
        .ask("select string_agg(talk_votes::text, ',' order by talk_id, voter_id) from talk_votes")
        .await;
    for (body, field) in [
        (json!({ "voters": ids }), Some("reason")),
        (json!({ "voters": ids, "reason": "" }), Some("reason")),
        (json!({ "voters": ids, "reason": " \u{200b}" }), Some("reason")),
        (json!({ "voters": ids, "reason": "x".repeat(501) }), Some("reason")),
        (json!({ "voters": ids, "reason": 7 }), Some("reason")),
        (json!({ "voters": [], "reason": "x" }), Some("voters")),
        (json!({ "reason": "x" }), Some("voters")),
        (json!({ "voters": vec![1; 1001], "reason": "x" }), Some("voters")),
        (json!({ "voters": ["voter0"], "reason": "x" }), Some("voters[0]")),
        (json!({ "voters": [9_223_372_036_854_775_808_u64], "reason": "x" }), Some("voters[0]")),
        (json!({ "voters": ids, "talk": "x", "reason": "x" }), Some("talk")),
        (json!({ "voters": ids, "reason": "x", "all": true }), Some("all")),
    ] {
        for act in ["set-aside", "restore"] {
            assert_eq!(stage.act(act, body.clone()).await.error(400).1.as_deref(), field, "{act} {body}");
        }
    }
    // Somebody else's talk, and voters of nothing.
    let elsewhere = json!({ "voters": ids, "talk": i64::MAX, "reason": "x" });
    assert_eq!(stage.act("set-aside", elsewhere).await.expect(200).json(), json!({ "votes": 0 }));
    let nobody = json!({ "voters": [i64::MAX, 0, -1], "reason": "x" });
    assert_eq!(stage.act("set-aside", nobody).await.expect(200).json(), json!({ "votes": 0 }));
    let after: String = stage
        .site
        .ask("select string_agg(talk_votes::text, ',' order by talk_id, voter_id) from talk_votes")
        .await;
    assert_eq!(after, before);

    stage.act("set-aside", json!({ "voters": [voters[1].id], "reason": "After all" })).await.expect(200);
    stage.olga.move_to(stage.call, "closed").await;
    stage.act("restore", json!({ "voters": ids, "reason": "Too late" })).await.error(409);
    let results = stage.site.api().get(&stage.path("results")).await.expect(200).json();
    let counted: Vec<_> =
        results["talks"].as_array().expect("a list").iter().map(|talk| talk["votes"].clone()).collect();
    assert_eq!((counted, &results["voters"]), (vec![json!(2), json!(1)], &json!(2)));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_dashboard_is_live_and_its_export_runs_no_formula(db: PgPool) {
    let stage = Stage::set(db, ["=HYPERLINK(\"https://evil.test\",\"x\")", "Boxes, \"large\""]).await;
    let voters = stage.site.crowd("voter", 2).await;
    let guest = stage.site.anonymous().await;
    voters[0].vote(stage.talks[0]).await.expect(200);
    voters[1].vote(stage.talks[1]).await.expect(200);
    guest.vote(stage.talks[1]).await.expect(200);
    let reason = json!({ "voters": [voters[1].id], "reason": "@SUM(A1)" });
    stage.act("set-aside", reason).await.expect(200);
    let board = stage.dashboard().await;
    let minutes = board["per_minute"].as_array().expect("a list");
    has(&minutes[0], "at votes");
    assert_eq!(minutes.iter().map(|minute| minute["votes"].as_i64().expect("a number")).sum::<i64>(), 3);
    let limited = stage.olga.api.get(&stage.path("dashboard?voters=1")).await.expect(200).json();
    let listed = |board: &Value| -> Vec<usize> {
        let talks = board["talks"].as_array().expect("a list");
        talks.iter().map(|talk| talk["voters"].as_array().expect("a list").len()).collect()
    };
    assert_eq!((listed(&limited), listed(&board)), (vec![1, 1], vec![1, 2]));
    for wrong in ["0", "101", "x", "-1", "99999999999999999999"] {
        let answer = stage.olga.api.get(&stage.path(&format!("dashboard?voters={wrong}"))).await;
        assert_eq!(answer.error(400).1.as_deref(), Some("voters"));
    }

    let file = stage.olga.api.get(&stage.path("votes.csv")).await.expect(200);
    assert_eq!(file.header("content-type"), "text/csv; charset=utf-8");
    assert!(file.header("content-disposition").starts_with("attachment; filename=\"votes-"));
    let text = file.text();
    let lines: Vec<_> = text.split("\r\n").collect();
    assert_eq!(
        lines[0],
        "talk,title,voter,name,at,account_since,cast,guest,set_aside_at,set_aside_by,reason"
    );
    assert_eq!(lines.len(), 5, "{text}");
    let [naps, boxes] = stage.talks;
    let formula = "\"'=HYPERLINK(\"\"https://evil.test\"\",\"\"x\"\")\"";
    assert!(lines[1].starts_with(&format!("{naps},{formula},{},voter0,", voters[0].id)), "{text}");
    assert!(lines[1].ends_with(",1,false,,,"), "{text}");
    let second = format!("{boxes},\"Boxes, \"\"large\"\"\",{},voter1,", voters[1].id);
    assert!(lines[2].starts_with(&second) && lines[2].ends_with(",olga,\"'@SUM(A1)\""), "{text}");
    assert!(lines[3].starts_with(&format!("{boxes},\"Boxes, \"\"large\"\"\",{},,", guest.id)), "{text}");
    assert!(lines[3].ends_with(",1,true,,,"), "{text}");
    assert_eq!(lines[4], "");
}
