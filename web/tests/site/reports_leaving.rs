//! What becomes of reports and cases when accounts are deleted or merged.

use pawdium_shared::db::MIGRATIONS;
use serde_json::json;
use sqlx::PgPool;

use crate::harness::{PASSWORD, Person, Setup, Site, registration};

async fn delete(person: &Person) {
    person.api.delete("users/me", json!({ "password": PASSWORD })).await.expect(204);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn cases_about_what_is_gone_with_its_account_are_closed_and_others_stay(db: PgPool) {
    let site = Setup::on(db).worker().start().await;
    let (ada, bob, cleo) = (site.member("ada").await, site.member("bob").await, site.member("cleo").await);
    let photo = site.photo().by(&ada).live().await;
    let other = site.photo().by(&bob).live().await;
    site.rated_by(other, &[&ada, &cleo]).await;
    let comment = ada.comment(other, "Mine.").await;
    site.hub_of("cats", &[&ada, &bob]).await;
    let call = site.open_call(&ada, "cats", json!({})).await;
    let talk = ada.pitch(call, "On bleps").await;
    let things = [
        format!("photos/{photo}"),
        format!("comments/{comment}"),
        "users/ada".to_owned(),
        format!("talks/{talk}"),
        "hubs/cats".to_owned(),
    ];
    for what in &things {
        cleo.flag(what).await;
    }
    delete(&ada).await;
    site.settle().await;
    let outcomes: String = site
        .ask("select string_agg(concat(about, ' ', coalesce(outcome, state)), ', ' order by id) from cases")
        .await;
    assert_eq!(outcomes, "photo void, comment void, member void, talk open, hub open");
    assert_eq!(site.ask::<i64>("select count(*) from cases where owner_id is not null").await, 0);
    assert_eq!(cleo.notifications().await, vec!["What you reported is gone"; 3]);
    let agree = "select count(*) from reports join cases on cases.id = case_id
                 where reports.outcome is distinct from cases.outcome";
    assert_eq!(site.ask::<i64>(agree).await, 0);
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn reports_of_a_deleted_account_count_without_name_and_text(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob, mo) = (site.member("ada").await, site.member("bob").await, site.moderator("mo").await);
    let photo = site.photo().by(&ada).live().await;
    bob.report(&format!("photos/{photo}"), json!({ "category": "spam", "text": "My name is bob." }))
        .await
        .expect(201);
    delete(&bob).await;
    let case = site.open_case().await;
    let page = mo.pages.get(&format!("/moderation/review/{case}")).await.expect(200);
    assert!(
        page.texts(".case-reports li")[0].contains("deleted account") && !page.text().contains("My name")
    );
    mo.judge(case, "uphold", "").await.location();
    assert_eq!(site.ask::<String>("select concat(outcome, text, reporter_id) from reports").await, "upheld");
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn a_moderator_who_leaves_frees_the_cases_and_stays_named_in_closed_ones(db: PgPool) {
    let site = Site::start(db).await;
    let (ada, bob) = (site.member("ada").await, site.member("bob").await);
    let (mo, root) = (site.moderator("mo").await, site.admin("root").await);
    for _ in 0..2 {
        let photo = site.photo().by(&ada).live().await;
        bob.flag(&format!("photos/{photo}")).await;
    }
    mo.claim(1, "claim").await.location();
    mo.judge(2, "dismiss", "").await.location();
    delete(&mo).await;
    root.judge(1, "dismiss", "").await.location();
    assert_eq!(
        site.ask::<String>("select string_agg(closed_by, ' ' order by id) from cases").await,
        "root mo"
    );
}

#[sqlx::test(migrator = "MIGRATIONS")]
async fn cases_about_an_anonymous_users_photos_move_to_the_account(db: PgPool) {
    let site = Site::start(db).await;
    site.api().post("users", registration("ada")).await.expect(201);
    let (stranger, bob) = (site.anonymous().await, site.member("bob").await);
    let photo = site.photo().by(&stranger).live().await;
    bob.flag(&format!("photos/{photo}")).await;
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    stranger.api.post("tokens", body).await.expect(201);
    let owner: String = site.ask("select name from cases join users on users.id = owner_id").await;
    assert_eq!(owner, "ada");
}
