//! What is counted, with what each of the last thirty days brought.

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::widget::{Everyone, Widget};
use crate::{chart, filters, tile};

/// How many days are drawn.
const DAYS: i32 = 30;

/// The configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Numbers {}

/// The numbers.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "numbers.html")]
pub(crate) struct Data {
    series: Vec<Series>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Series {
    label: String,
    total: i64,
    /// How many of them each day brought, today last.
    days: Vec<i64>,
}

impl Series {
    fn bars(&self) -> Vec<Bar> {
        let most = self.days.iter().copied().max().unwrap_or(0);
        let bar = |(place, count): (i64, &i64)| Bar { x: place * 4, height: chart::bar(*count, most, 28.0) };
        (0..).zip(&self.days).map(bar).collect()
    }

    fn lately(&self) -> i64 {
        self.days.iter().sum()
    }
}

/// A day's bar in a drawing that is 119 wide and 28 high.
struct Bar {
    x: i64,
    height: f64,
}

impl Bar {
    fn y(&self) -> f64 {
        28.0 - self.height
    }
}

/// One of the numbers on one day.
struct OnDay {
    what: String,
    days_ago: i32,
    count: i64,
}

/// Each part reads the hub's rows by its key: `hub_photos_pkey`, and for each photo `photos_pkey` and `ratings_pkey`,
/// and `hub_roles_since`.
async fn list_days(db: &mut PgConnection, hub: &Hub) -> sqlx::Result<Vec<OnDay>> {
    sqlx::query_as!(
        OnDay,
        r#"select 'photos' as "what!", current_date - posted_at::date as "days_ago!", count(*) as "count!"
           from hub_photos join photos on photos.id = photo_id
           where hub_id = $1 and state = 'live' and posted_at >= current_date - $2::integer + 1
           group by 2
           union all
           select 'ratings', current_date - rated_at::date, count(*)
           from hub_photos join photos on photos.id = photo_id join ratings on ratings.photo_id = photos.id
           where hub_id = $1 and state = 'live' and rated_at >= current_date - $2::integer + 1
           group by 2
           union all
           select 'members', current_date - since::date, count(*)
           from hub_roles
           where hub_id = $1 and role in ('member', 'owner') and since >= current_date - $2::integer + 1
           group by 2"#,
        hub.id.0,
        DAYS,
    )
    .fetch_all(db)
    .await
}

impl Widget for Numbers {
    const KIND: &'static str = "numbers";
    const TITLE: &'static str = "In numbers";
    const ABOUT: &'static str =
        "How many photos, ratings and members there are, and what the last thirty days brought.";
    const LISTENS: &'static [EventKind] = &[
        EventKind::PhotoPosted,
        EventKind::PhotoPublished,
        EventKind::PhotoChanged,
        EventKind::PhotoRemoved,
        EventKind::PhotoRated,
        EventKind::MemberChanged,
        EventKind::HubRolesChanged,
    ];
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let totals = sqlx::query!(
            r#"select count(*) as "photos!",
                      coalesce(sum((select sum(bar) from unnest(histogram) as bar)), 0)::bigint as "ratings!",
                      (select count(*) from hub_roles where hub_id = $1 and role in ('member', 'owner')) as "members!"
               from hub_photos join photos on photos.id = photo_id
                               join photo_stats on photo_stats.photo_id = photos.id
               where hub_id = $1 and state = 'live'"#,
            hub.id.0,
        )
        .fetch_one(&mut *db)
        .await?;
        let on_days = list_days(db, hub).await?;
        let series = |label: &str, total| {
            let on = |ago: i32| {
                on_days
                    .iter()
                    .filter(|one| one.what == label && one.days_ago == ago)
                    .map(|one| one.count)
                    .sum()
            };
            Series { label: label.to_owned(), total, days: (0..DAYS).rev().map(on).collect() }
        };
        let mut all = vec![series("photos", totals.photos), series("ratings", totals.ratings)];
        // A profile has only its member.
        if hub.profile_of.is_none() {
            all.push(series("members", totals.members));
        }
        Ok(Data { series: all })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        match event {
            Event::PhotoRated { .. } => true,
            Event::HubRolesChanged { .. } => hub.profile_of.is_none() && event.changes_members_of(hub.id),
            _ => tile::changes_which(hub, event),
        }
    }
}
