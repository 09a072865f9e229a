//! Changing where widgets stand and how they are configured.

use std::collections::HashMap;

use pawdium_shared::db::{Conflict, Tx};
use pawdium_shared::events::Event;
use pawdium_shared::hubs::{Refusal, lock_for_owner};
use pawdium_shared::ids::{HubId, UserId, WidgetId};
use serde_json::Value;
use sqlx::PgConnection;

use super::{Placed, Removed, find_removed, list};
use crate::Side;

/// The most widgets on a page.
pub const MOST: usize = 40;

/// Why a layout was not changed.
#[derive(Debug, thiserror::Error)]
pub enum NotChanged {
    /// Somebody else has changed it since the given version.
    #[error("Somebody else has changed the page meanwhile. Look at it and try again.")]
    Conflict,
    /// The hub has no such widget.
    #[error("resource not found")]
    NotFound,
    /// The page has as many widgets as it may have.
    #[error("A page has room for {MOST} widgets. Remove one first.")]
    Full,
    /// The hub refuses: it is archived, or the user isn't its owner.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<sqlx::Error> for NotChanged {
    fn from(error: sqlx::Error) -> Self {
        Self::Refused(error.into())
    }
}

impl Conflict for NotChanged {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused(Refusal::Database(error)) if error.is_conflict())
    }
}

/// Where to put a widget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The column.
    pub side: Side,
    /// The place in it, from 0; the end if it is larger than the column or `None`.
    pub position: Option<i32>,
}

/// A change of a layout. Configurations were checked by their kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Adds a widget.
    Add {
        /// The name of its kind.
        kind: String,
        /// Where to.
        spot: Spot,
        /// Its configuration.
        config: Value,
    },
    /// Moves one.
    Move(WidgetId, Spot),
    /// Gives one another configuration.
    Configure(WidgetId, Value),
    /// Moves and configures one.
    Replace(WidgetId, Spot, Value),
    /// Removes one. It can be put back for a day.
    Remove(WidgetId),
    /// Puts a removed one back.
    Restore(WidgetId),
}

/// Changes a hub's layout as one of its owners, if it is still of this version. Returns the widget.
///
/// # Errors
/// [`NotChanged`].
pub async fn change(
    db: &mut Tx,
    hub: HubId,
    owner: UserId,
    version: Option<i64>,
    change: &Change,
) -> Result<WidgetId, NotChanged> {
    let locked = lock_for_owner(db, hub, owner).await?;
    if version.is_some_and(|version| version != locked.layout_version) {
        return Err(NotChanged::Conflict);
    }
    let before = list(db, hub).await?;
    let mut all = before.clone();
    let widget = apply(db, hub, &mut all, change).await?;
    // What leaves everything as it is isn't a version that others would have to look at.
    if all != before {
        finish(db, hub, &all).await?;
    }
    Ok(widget)
}

/// Makes a change of all widgets but for their places, which `all` has afterwards.
async fn apply(
    db: &mut Tx,
    hub: HubId,
    all: &mut Vec<Placed>,
    change: &Change,
) -> Result<WidgetId, NotChanged> {
    let has = |all: &[Placed], widget| {
        if all.iter().any(|placed| placed.id == widget) { Ok(widget) } else { Err(NotChanged::NotFound) }
    };
    Ok(match change {
        Change::Add { kind, spot, config } => {
            let placed = insert(db, hub, all, None, kind, *spot, config).await?;
            let id = placed.id;
            all.push(placed);
            put(all, id, *spot);
            id
        }
        Change::Move(widget, spot) => {
            has(all, *widget)?;
            put(all, *widget, *spot);
            *widget
        }
        Change::Configure(widget, config) => {
            has(all, *widget)?;
            configure(db, hub, all, *widget, config).await?;
            *widget
        }
        Change::Replace(widget, spot, config) => {
            has(all, *widget)?;
            configure(db, hub, all, *widget, config).await?;
            put(all, *widget, *spot);
            *widget
        }
        Change::Remove(widget) => {
            has(all, *widget)?;
            remove(db, *widget).await?;
            all.retain(|placed| placed.id != *widget);
            *widget
        }
        Change::Restore(widget) => {
            let Some(Removed { placed, .. }) = find_removed(db, hub, *widget).await? else {
                // The second of two equal forms succeeds.
                return has(all, *widget);
            };
            let spot = Spot { side: placed.side, position: Some(placed.position) };
            all.push(insert(db, hub, all, Some(*widget), &placed.kind, spot, &placed.config).await?);
            put(all, *widget, spot);
            sqlx::query!("delete from removed_widgets where id = $1", widget.0).execute(&mut *db).await?;
            *widget
        }
    })
}

async fn insert(
    db: &mut PgConnection,
    hub: HubId,
    all: &[Placed],
    id: Option<WidgetId>,
    kind: &str,
    spot: Spot,
    config: &Value,
) -> Result<Placed, NotChanged> {
    if all.len() >= MOST {
        return Err(NotChanged::Full);
    }
    let last = all.iter().filter(|placed| placed.side == spot.side).map(|placed| placed.position).max();
    let position = last.map_or(0, |last| last + 1);
    let id = sqlx::query_scalar!(
        r#"insert into widgets (id, hub_id, kind, side, position, config) overriding system value
           values (coalesce($1, nextval(pg_get_serial_sequence('widgets', 'id'))), $2, $3, $4, $5, $6)
           returning id as "id: WidgetId""#,
        id.map(|id| id.0),
        hub.0,
        kind,
        spot.side as Side,
        position,
        config,
    )
    .fetch_one(db)
    .await?;
    Ok(Placed { id, kind: kind.to_owned(), side: spot.side, position, config: config.clone() })
}

async fn configure(
    db: &mut Tx,
    hub: HubId,
    all: &mut [Placed],
    widget: WidgetId,
    config: &Value,
) -> sqlx::Result<()> {
    let Some(placed) = all.iter_mut().find(|placed| placed.id == widget && placed.config != *config) else {
        return Ok(());
    };
    placed.config.clone_from(config);
    sqlx::query!("update widgets set config = $2 where id = $1", widget.0, config).execute(&mut *db).await?;
    Event::WidgetConfigured { hub, widget }.record(db).await
}

async fn remove(db: &mut PgConnection, widget: WidgetId) -> sqlx::Result<()> {
    sqlx::query!(
        "with removed as (delete from widgets where id = $1 returning id, hub_id, kind, side, position, config)
         insert into removed_widgets (id, hub_id, kind, side, position, config) select * from removed",
        widget.0,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Puts a widget at a spot among the others.
fn put(all: &mut Vec<Placed>, widget: WidgetId, spot: Spot) {
    let Some(from) = all.iter().position(|placed| placed.id == widget) else { return };
    let mut placed = all.remove(from);
    placed.side = spot.side;
    let before = spot.position.and_then(|position| usize::try_from(position).ok()).unwrap_or(usize::MAX);
    let mut in_column =
        all.iter().enumerate().filter(|(_, other)| other.side == spot.side).map(|(place, _)| place);
    let end = in_column.clone().next_back().map_or(all.len(), |last| last + 1);
    let place = in_column.nth(before).unwrap_or(end);
    all.insert(place, placed);
}

/// Numbers the widgets of each column from 0 and counts the change.
async fn finish(db: &mut Tx, hub: HubId, all: &[Placed]) -> sqlx::Result<()> {
    let mut next: HashMap<Side, i32> = HashMap::new();
    let positions = all.iter().map(|placed| {
        let position = next.entry(placed.side).or_default();
        *position += 1;
        *position - 1
    });
    let positions: Vec<_> = positions.collect();
    let ids: Vec<_> = all.iter().map(|placed| placed.id.0).collect();
    let sides: Vec<_> = all.iter().map(|placed| <&str>::from(placed.side).to_owned()).collect();
    sqlx::query!(
        "update widgets set side = numbered.side, position = numbered.position
         from unnest($2::bigint[], $3::text[], $4::integer[]) as numbered (id, side, position)
         where widgets.hub_id = $1 and widgets.id = numbered.id
           and (widgets.side, widgets.position) is distinct from (numbered.side, numbered.position)",
        hub.0,
        &ids,
        &sides,
        &positions,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "update hubs set layout_version = layout_version + 1, active_at = now() where id = $1",
        hub.0
    )
    .execute(&mut *db)
    .await?;
    Event::LayoutChanged { hub }.record(db).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(id: i64, side: Side) -> Placed {
        Placed { id: WidgetId(id), kind: "rules".to_owned(), side, position: 0, config: Value::Null }
    }

    fn moved(widget: i64, side: Side, position: Option<i32>) -> Vec<(i64, Side)> {
        let mut all = vec![
            placed(1, Side::Left),
            placed(2, Side::Left),
            placed(3, Side::Left),
            placed(4, Side::Right),
            placed(5, Side::Right),
        ];
        put(&mut all, WidgetId(widget), Spot { side, position });
        all.iter().map(|placed| (placed.id.0, placed.side)).collect()
    }

    fn column(all: &[(i64, Side)], side: Side) -> Vec<i64> {
        all.iter().filter(|(_, other)| *other == side).map(|(id, _)| *id).collect()
    }

    #[test]
    fn a_widget_goes_where_it_is_put_and_the_others_keep_their_order() {
        assert_eq!(column(&moved(3, Side::Left, Some(0)), Side::Left), [3, 1, 2]);
        assert_eq!(column(&moved(1, Side::Left, Some(1)), Side::Left), [2, 1, 3]);
        assert_eq!(column(&moved(1, Side::Left, None), Side::Left), [2, 3, 1]);
        assert_eq!(column(&moved(1, Side::Left, Some(99)), Side::Left), [2, 3, 1]);
        let across = moved(1, Side::Right, Some(1));
        assert_eq!((column(&across, Side::Left), column(&across, Side::Right)), (vec![2, 3], vec![4, 1, 5]));
        assert_eq!(column(&moved(2, Side::Left, Some(-1)), Side::Left), [1, 3, 2]);
    }
}
