//! How the photos were rated.

use askama::Template;
use pawdium_shared::events::{Event, EventKind};
use pawdium_shared::hubs::Hub;
use pawdium_shared::photos::Histogram;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::widget::{Everyone, Widget};
use crate::{chart, filters, tile};

/// The height of the highest bar.
const FULL: f64 = 64.0;

/// The configuration.
#[derive(Clone, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ratings {}

/// The sum of the photos' histograms.
#[derive(Debug, Template, Deserialize, Serialize)]
#[template(path = "histogram.html")]
pub(crate) struct Data {
    bars: Vec<i64>,
}

/// A bar of the drawing.
struct Bar {
    value: usize,
    count: i64,
    x: usize,
    top: f64,
    height: f64,
}

impl Data {
    fn count(&self) -> i64 {
        self.bars.iter().sum()
    }

    #[expect(clippy::cast_precision_loss, reason = "counts of ratings stay far below 2^53")]
    fn mean(&self) -> f64 {
        let sum: i64 = (1..).zip(&self.bars).map(|(value, count)| value * count).sum();
        sum as f64 / self.count().max(1) as f64
    }

    fn bars(&self) -> Vec<Bar> {
        let most = self.bars.iter().copied().max().unwrap_or(0);
        let bar = |(place, count): (usize, &i64)| {
            let height = chart::bar(*count, most, FULL);
            Bar { value: place + 1, count: *count, x: place * 20 + 2, top: FULL - height, height }
        };
        self.bars.iter().enumerate().map(bar).collect()
    }
}

impl Widget for Ratings {
    const KIND: &'static str = "histogram";
    const TITLE: &'static str = "How they were rated";
    const ABOUT: &'static str = "All ratings of the photos here, from dignified to full derp.";
    // A photo that goes live has no ratings yet.
    const LISTENS: &'static [EventKind] =
        &[EventKind::PhotoPosted, EventKind::PhotoRemoved, EventKind::PhotoRated, EventKind::MemberChanged];
    type For = Everyone;
    type Data = Data;

    async fn load(&self, hub: &Hub, _: &Everyone, db: &mut PgConnection) -> anyhow::Result<Data> {
        let counted = sqlx::query!(
            r#"select place as "place!", sum(count) as "count!"
               from hub_photos join photos on photos.id = photo_id
                               join photo_stats on photo_stats.photo_id = photos.id
                               cross join unnest(histogram) with ordinality as bars (count, place)
               where hub_id = $1 and state = 'live'
               group by place order by place"#,
            hub.id.0,
        )
        .fetch_all(db)
        .await?;
        let mut bars = vec![0; Histogram::default().bars().len()];
        for row in counted {
            if let Some(bar) = usize::try_from(row.place - 1).ok().and_then(|place| bars.get_mut(place)) {
                *bar = row.count;
            }
        }
        Ok(Data { bars })
    }

    fn is_stale_after(&self, hub: &Hub, event: &Event) -> bool {
        matches!(event, Event::PhotoRated { .. }) || tile::changes_which(hub, event)
    }
}
