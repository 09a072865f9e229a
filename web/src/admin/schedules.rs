//! The schedules, and the form that runs one now.

use axum::extract::State;
use axum::response::Redirect;
use axum_extra::extract::CookieJar;
use chrono::{DateTime, TimeDelta, Utc};
use pawdium_queue::schedules::{self, ScheduleRow};
use pawdium_shared::operate::{self, Request};

use crate::error::Error;
use crate::http::access::{Admin, AdminViewing};
use crate::http::extract::Path;
use crate::http::flash::Notice;
use crate::http::page::Page;
use crate::state::App;
use crate::views::admin::{ScheduleLine, SchedulesPage};

/// A schedule not refreshed for this long has no scheduler. Schedulers refresh it every minute.
const SILENCE: TimeDelta = TimeDelta::minutes(5);

/// `GET /admin/schedules`
pub async fn page(State(app): State<App>, viewing: AdminViewing) -> Result<Page<SchedulesPage>, Error> {
    let schedules = schedules::list(&mut *app.db.acquire().await?).await?;
    let now = Utc::now();
    Ok(Page(SchedulesPage {
        chrome: viewing.chrome,
        schedules: schedules.into_iter().map(|row| line(row, now)).collect(),
        may_act: viewing.may_act,
    }))
}

/// `POST /admin/schedules/{name}/run`
pub async fn run(
    State(app): State<App>,
    admin: Admin,
    jar: CookieJar,
    Path(name): Path<String>,
) -> Result<(CookieJar, Redirect), Error> {
    if name.contains('\0') {
        return Err(Error::NotFound);
    }
    if operate::run_schedule(&app.db, admin.actor(), &name).await? == Request::Unknown {
        return Err(Error::NotFound);
    }
    Ok((jar.add(Notice::ScheduleRequested.cookie()), Redirect::to("/admin/schedules")))
}

fn line(row: ScheduleRow, now: DateTime<Utc>) -> ScheduleLine {
    let silent = now - row.seen_at > SILENCE;
    ScheduleLine {
        name: row.name,
        expression: row.expression,
        missed: row.missed,
        kind: row.kind,
        last: row.last_fired_at,
        // The next tick of a silent scheduler means nothing.
        next: row.next_at.filter(|_| !silent),
        silent_since: silent.then_some(row.seen_at),
        requested: row.requested_at.is_some(),
    }
}
