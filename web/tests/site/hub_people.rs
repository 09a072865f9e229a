//! Members, owners and requests of hubs.

use futures::future::join_all;
use pawdium_shared::db::MIGRATIONS;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::harness::{PASSWORD, Person, SOON, Setup, Site, eventually};

fn names(list: &Value) -> Vec<(&str, &str)> {
    let people = list["data"].as_array().expect("a list").iter();
    people
        .map(|person| (person["name"].as_str().unwrap_or(""), person["role"].as_str().unwrap_or("")))
        .collect()
}

async fn add(owner: &Person, hub: &str, person: &Person, role: &str) {
    let path = format!("hubs/{hub}/members/{}", person.name);
    owner.api.put(&path, json!({ "role": role })).await.expect(204);
}

/// Hubs that are open and have no owner.
const OWNERLESS: &str = "select count(*) from hubs where slug is not null and archived_at is null
    and not exists (select from hub_roles where hub_id = hubs.id and role = 'owner')";

#[sqlx::test(migrator = "MIGRATIONS")]
async fn members_come_and_go(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    site.hub(&ada, "cats").await;
    for _ in 0..2 {
        bob.api.put("hubs/cats/roles/member", Value::Null).await.expect(204);
        bob.api.put("hubs/cats/roles/subscriber", Value::Null).await.expect(204);
    }
    add(&ada, "cats", &eve, "owner").await;
    let hub = bob.api.get("hubs/cats").await.json();
    assert_eq!((&hub["members"], &hub["subscribers"]), (&json!(3), &json!(1)));
    assert_eq!(
        (&hub["owners"], &hub["my_roles"]),
        (&json!(["ada", "eve"]), &json!(["subscriber", "member"]))
    );
    let list = site.api().get("hubs/cats/members").await.json();
    assert_eq!(names(&list), [("ada", "owner"), ("eve", "owner"), ("bob", "member")]);
    assert_eq!(list["data"][0]["id"], ada.id);
    assert!(list["data"][0]["since"].as_str().is_some_and(|since| since.ends_with('Z')));
    let only = site.api().get("hubs/cats/members?role=member&limit=1").await.json();
    assert_eq!((names(&only), &only["paging"]["last_page"]), (vec![("bob", "member")], &json!(1)));
    assert_eq!(
        names(&site.api().get("hubs/cats/members?role=subscriber").await.json()),
        [("bob", "subscriber")]
    );

    ada.api.delete("hubs/cats/roles/owner", Value::Null).await.expect(204);
    assert_eq!(ada.api.get("hubs/cats").await.json()["my_roles"], json!(["member"]));
    let (message, field) = eve.api.delete("hubs/cats/roles/member", Value::Null).await.error(409);
    assert!(message.contains("A hub needs an owner") && field.is_none(), "{message}");
    eve.api.put("hubs/cats/members/eve", json!({ "role": "member" })).await.error(409);
    eve.api.delete("hubs/cats/members/eve", Value::Null).await.error(409);
    eve.api.delete("hubs/cats/members/bob", Value::Null).await.expect(204);
    eve.api.delete("hubs/cats/members/bob", Value::Null).await.expect(204);
    assert_eq!(bob.api.get("hubs/cats").await.json()["my_roles"], json!(["subscriber"]));
    let told: String = site
        .ask(
            "select string_agg(concat(verb, ' ', name), ', ' order by activity.id)
             from activity join users on users.id = actor_id",
        )
        .await;
    assert_eq!(told, "created ada, joined bob, joined eve, became_owner eve");
    site.hub_with(&ada, "club", json!({ "join": "invite" })).await;
    let (message, _) = bob.api.put("hubs/club/roles/member", Value::Null).await.error(403);
    assert!(message.contains("by invitation"), "{message}");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn of_owners_who_leave_at_once_one_stays(db: PgPool) {
    let site = Site::start(db).await;
    let ada = site.member("ada").await;
    let mut owners = vec![ada];
    for name in ["bob", "eve", "fay"] {
        owners.push(site.member(name).await);
    }
    for round in 0..6 {
        let slug = format!("cats{round}");
        site.hub(&owners[0], &slug).await;
        for other in &owners[1..] {
            add(&owners[0], &slug, other, "owner").await;
        }
        let leave = owners.iter().enumerate().map(|(number, owner)| {
            let slug = &slug;
            async move {
                match (number + round) % 3 {
                    0 => owner.api.delete(&format!("hubs/{slug}/roles/owner"), Value::Null).await.status,
                    1 => owner.api.delete(&format!("hubs/{slug}/roles/member"), Value::Null).await.status,
                    _ => {
                        let own = format!("hubs/{slug}/members/{}", owner.name);
                        owner.api.delete(&own, Value::Null).await.status
                    }
                }
            }
        });
        let mut answers = join_all(leave).await;
        answers.sort_unstable();
        assert_eq!(answers, [204, 204, 204, 409], "round {round}");
    }
    assert_eq!(site.ask::<i64>(OWNERLESS).await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_deleted_owner_has_an_heir_or_the_hub_is_archived(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    for slug in ["shared", "alone", "theirs"] {
        site.hub(if slug == "theirs" { &eve } else { &ada }, slug).await;
    }
    add(&ada, "shared", &eve, "member").await;
    add(&ada, "shared", &bob, "member").await;
    site.change(
        "update hub_roles set since = now() - interval '1 day' from users
         where users.id = user_id and name = 'bob' and hub_roles.role = 'member'",
    )
    .await;
    ada.api.put("hubs/theirs/roles/subscriber", Value::Null).await.expect(204);
    ada.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
    let api = site.api();
    let shared = api.get("hubs/shared").await.json();
    assert_eq!(
        (&shared["owners"], &shared["members"], &shared["archived"]),
        (&json!(["bob"]), &json!(2), &json!(false))
    );
    let alone = api.get("hubs/alone").await.json();
    assert_eq!((&alone["owners"], &alone["archived"]), (&json!([]), &json!(true)));
    assert_eq!(api.get("hubs/theirs").await.json()["subscribers"], 0);

    // Heirs who leave at the same time.
    let everybody = [&bob, &eve];
    let leave = everybody.map(|person| person.api.delete("users/me", json!({ "password": PASSWORD })));
    for answer in join_all(leave).await {
        answer.expect(204);
    }
    assert_eq!(site.ask::<i64>(OWNERLESS).await, 0);
    assert_eq!(api.get("hubs/shared").await.json()["archived"], true);
    assert!(!site.log().contains("request failed"), "{}", site.log());
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn requests_are_asked_once_answered_and_mailed(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    let fay = site.member("fay").await;
    site.hub_with(&ada, "cats", json!({ "join": "request", "name": "Cats & <boxes>" })).await;
    add(&ada, "cats", &fay, "owner").await;
    site.settle().await;
    let letters = |subject: &str| -> Vec<_> {
        site.letters().into_iter().filter(|letter| letter.subject == subject).collect()
    };
    for _ in 0..2 {
        let asked = bob.api.put("hubs/cats/roles/member", Value::Null).await.expect(202).json();
        assert_eq!(asked, json!({ "pending": true }));
    }
    site.settle().await;
    eve.api.put("hubs/cats/roles/member", Value::Null).await.expect(202);
    site.settle().await;
    let told = letters("Somebody asks to join your hub");
    let mut to: Vec<_> = told.iter().map(|letter| letter.to.as_str()).collect();
    to.sort_unstable();
    assert_eq!(to, ["ada@example.org", "fay@example.org"], "one mail an hour for each owner");
    assert!(told[0].text.contains("Cats & <boxes>") && told[0].text.contains("bob"), "{}", told[0].text);
    assert_eq!(told[0].link(&site, "/h/"), "/h/cats/members");
    assert_eq!(bob.api.get("hubs/cats").await.json()["my_roles"], json!([]));
    let waiting = ada.api.get("hubs/cats/requests").await.expect(200).json();
    let asking: Vec<_> = waiting["data"].as_array().expect("a list").iter().map(|one| &one["name"]).collect();
    assert_eq!(asking, ["bob", "eve"]);

    for _ in 0..2 {
        ada.api.post("hubs/cats/requests/bob", json!({ "accept": true })).await.expect(204);
    }
    ada.api.post("hubs/cats/requests/eve", json!({ "accept": false })).await.expect(204);
    ada.api.post("hubs/cats/requests/eve", json!({ "accept": false })).await.error(404);
    ada.api.post("hubs/cats/requests/ghost", json!({ "accept": true })).await.error(404);
    assert_eq!(bob.api.get("hubs/cats").await.json()["my_roles"], json!(["member"]));
    site.settle().await;
    let answers = eventually("both have a mail", SOON, async || {
        let answers = [letters("You are a member now"), letters("Your request to join a hub")];
        answers.iter().all(|letters| !letters.is_empty()).then_some(answers)
    })
    .await;
    assert_eq!(answers.each_ref().map(Vec::len), [1, 1]);
    assert_eq!(
        (answers[0][0].to.as_str(), answers[1][0].to.as_str()),
        ("bob@example.org", "eve@example.org")
    );
    assert_eq!(answers[0][0].link(&site, "/h/"), "/h/cats");

    // An hour later, a request that is withdrawn before the mail is sent isn't worth one.
    site.change("update hubs set owners_told_at = now() - interval '61 minutes'").await;
    eve.api.put("hubs/cats/roles/member", Value::Null).await.expect(202);
    site.settle().await;
    assert_eq!(letters("Somebody asks to join your hub").len(), 4);
    eve.api.delete("hubs/cats/roles/member", Value::Null).await.expect(204);
    assert_eq!(ada.api.get("hubs/cats/requests").await.json()["data"], json!([]));
    eve.api.put("hubs/cats/roles/member", Value::Null).await.expect(202);
    add(&ada, "cats", &eve, "member").await;
    site.settle().await;
    assert_eq!(letters("You are a member now").len(), 2, "to be added is an answer");
    assert_eq!(site.ask::<i64>("select count(*) from hub_requests").await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn the_members_page_works_without_scripts(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, eve) = (site.member("ada").await, site.member("bob").await, site.member("eve").await);
    site.hub_with(&ada, "cats", json!({ "join": "request" })).await;
    let page = bob.pages.get("/h/cats/members").await.expect(200);
    assert_eq!(page.texts(".hub-acts button"), ["Subscribe", "Ask to join", "Star, so far 0"]);
    assert_eq!(page.texts(".hub-tabs a"), ["Home", "Photos", "Talks", "Topics", "Members"]);
    let press = async |person: &Person, role: &str, act: &str| {
        let form = [("act", act), ("next", "/h/cats/members")];
        person.pages.post(&format!("/h/cats/roles/{role}"), &form).await.location().to_owned()
    };
    for role in ["subscriber", "stargazer", "member"] {
        assert_eq!(press(&bob, role, "take").await, "/h/cats/members");
    }
    let page = bob.pages.get("/h/cats/members").await.expect(200);
    assert_eq!(page.texts(".hub-acts button"), ["Subscribed", "Withdraw request", "Starred by 1"]);
    assert!(page.text().contains("The owners will answer."));
    assert!(!page.has(".person-acts") && !page.has("#add"));
    let elsewhere =
        bob.pages.post("/h/cats/roles/stargazer", &[("act", "drop"), ("next", "//evil.test")]).await;
    assert_eq!(elsewhere.location(), "/");
    bob.pages.post("/h/cats/roles/stargazer", &[("act", "explode")]).await.expect(400);
    bob.pages.post("/h/cats/roles/king", &[("act", "take")]).await.expect(404);

    let page = ada.pages.get("/h/cats/members").await.expect(200);
    assert_eq!(page.texts(".people-side .person-text a"), ["bob"]);
    assert_eq!(page.texts(".hub-tabs a"), ["Home", "Photos", "Talks", "Topics", "Members", "Settings"]);
    let post = async |path: &str, name: &str, act: &str| {
        ada.pages.post(&format!("/h/cats/{path}"), &[("name", name), ("act", act)]).await
    };
    assert_eq!(post("requests", "bob", "accept").await.location(), "/h/cats/members");
    assert_eq!(post("members", "eve", "add").await.location(), "/h/cats/members");
    for (name, said) in [
        ("ghost", "Nobody has that name."),
        ("Eve", "They are a member already."),
        ("\0", "Nobody has that name."),
    ] {
        let refused = post("members", name, "add").await.expect(400);
        assert_eq!(refused.texts("#name-error"), [said], "{name:?}");
    }
    assert_eq!(post("members", "bob", "promote").await.location(), "/h/cats/members");
    assert_eq!(ada.api.get("hubs/cats").await.json()["owners"], json!(["ada", "bob"]));
    assert_eq!(post("members", "bob", "demote").await.location(), "/h/cats/members");
    assert_eq!(post("members", "ada", "demote").await.location(), "/h/cats/members");
    let page = ada.pages.get("/h/cats/members").await.expect(200);
    assert_eq!(page.texts(".flash.bad"), ["A hub needs an owner. Make another member an owner first."]);
    assert_eq!(post("members", "eve", "remove").await.location(), "/h/cats/members");
    assert_eq!(eve.pages.post("/h/cats/members", &[("name", "bob"), ("act", "remove")]).await.status, 403);
    assert_eq!(page.texts(".people-part .person-text a"), ["ada", "bob", "eve"]);
    assert_eq!(press(&bob, "member", "drop").await, "/h/cats/members");
    ada.api.patch("hubs/cats", json!({ "visibility": "private" })).await.expect(200);
    add(&ada, "cats", &eve, "member").await;
    assert_eq!(press(&eve, "member", "drop").await, "/hubs", "who left doesn't see it");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn pressing_many_times_at_once_is_once(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub(&ada, "cats").await;
    let take = |role: &'static str| {
        let bob = &bob;
        join_all((0..5).map(move |_| async move {
            bob.api.put(&format!("hubs/cats/roles/{role}"), Value::Null).await.status
        }))
    };
    let (subscribed, joined) = tokio::join!(take("subscriber"), take("member"));
    assert_eq!((subscribed, joined), (vec![204; 5], vec![204; 5]));
    let promote =
        join_all((0..5).map(|_| ada.api.put("hubs/cats/members/bob", json!({ "role": "owner" })))).await;
    assert!(promote.iter().all(|answer| answer.status == 204));
    assert_eq!(site.ask::<i64>("select count(*) from activity").await, 3, "created, joined, became owner");
    assert_eq!(bob.api.get("hubs/cats").await.json()["my_roles"], json!(["subscriber", "owner"]));
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn who_waits_joins_a_hub_that_opens(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    site.hub_with(&ada, "cats", json!({ "join": "request" })).await;
    bob.api.put("hubs/cats/roles/member", Value::Null).await.expect(202);
    let button = async || bob.pages.get("/h/cats").await.texts(".hub-acts form[action$='/member'] button");
    assert_eq!(button().await, ["Withdraw request"]);
    ada.api.patch("hubs/cats", json!({ "join": "open" })).await.expect(200);
    assert_eq!(button().await, ["Join"]);
    bob.pages.post("/h/cats/roles/member", &[("act", "take")]).await.expect(303);
    assert_eq!(button().await, ["Leave"]);
    assert_eq!(ada.api.get("hubs/cats/requests").await.expect(200).json()["data"], json!([]));
}
