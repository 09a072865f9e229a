//! Actions of admins on jobs, queues and schedules.

use pawdium_shared::queues;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;

use crate::storm::request::{Answer, Request};
use crate::storm::visit::Visit;

/// Actions on jobs. Most of them retry, so that enough cancelled jobs come back.
const ACTS: [&str; 5] = ["retry", "retry", "retry", "cancel", "delete"];

const SCHEDULES: [&str; 6] = [
    "ranking.refresh",
    "virality.refresh",
    "ranking.recount",
    "talks.recount",
    "upkeep.balance",
    "upkeep.purge",
];

/// Kinds whose jobs may be cancelled without breaking an invariant.
const KINDS: [&str; 2] = ["media.process.v1", "mail.send.v1"];

/// Requests a page or sends a form as the admin.
async fn ask(visit: &mut Visit<'_>, request: Request, fine: &[u16]) -> Option<Answer> {
    let staff = visit.town.staff.session.clone();
    visit.ask(request.by(&staff), fine).await
}

pub(super) async fn look_around(visit: &mut Visit<'_>) {
    let pages = ["/admin", "/admin/queues", "/admin/jobs", "/admin/audit", "/admin/schedules"];
    let Some(page) = pages.choose(&mut visit.dice) else { return };
    ask(visit, Request::get(*page), &[200]).await;
}

pub(super) async fn act_on_a_job(visit: &mut Visit<'_>) {
    let states = ["dead", "cancelled", "ready", "running"];
    let (Some(state), Some(kind)) = (states.choose(&mut visit.dice), KINDS.choose(&mut visit.dice)) else {
        return;
    };
    let list = Request::get(format!("/admin/jobs?state={state}&kind={kind}"));
    let Some(page) = ask(visit, list, &[200]).await else { return };
    let jobs = page.between("action=\"/admin/jobs/", "/");
    let (Some(job), Some(act)) = (jobs.choose(&mut visit.dice), ACTS.choose(&mut visit.dice)) else { return };
    ask(visit, Request::post(format!("/admin/jobs/{job}/{act}")).form(&[("back", "")]), &[303, 404]).await;
}

/// Requests a preview and sends its form.
pub(super) async fn act_on_many_jobs(visit: &mut Visit<'_>) {
    let (Some(kind), Some(act)) = (KINDS.choose(&mut visit.dice), ACTS.choose(&mut visit.dice)) else {
        return;
    };
    let preview = Request::get(format!("/admin/jobs/bulk?act={act}&kind={kind}"));
    let Some(page) = ask(visit, preview, &[200]).await else { return };
    let field = |name: &str| page.between(&format!("name=\"{name}\" value=\""), "\"").into_iter().next();
    let (Some(live), Some(ended)) = (field("live"), field("ended")) else { return };
    let form = [("act", *act), ("kind", *kind), ("live", &*live), ("ended", &*ended)];
    ask(visit, Request::post("/admin/jobs/bulk").form(&form), &[303]).await;
}

pub(super) async fn pause_and_resume(visit: &mut Visit<'_>) {
    let queue = queues::ALL[visit.dice.random_range(0..queues::ALL.len())].name();
    ask(visit, Request::post(format!("/admin/queues/{queue}/pause")), &[303]).await;
    let time = visit.dice.random_range(100..1500);
    tokio::time::sleep(std::time::Duration::from_millis(time)).await;
    ask(visit, Request::post(format!("/admin/queues/{queue}/resume")), &[303]).await;
}

pub(super) async fn run_a_schedule(visit: &mut Visit<'_>) {
    let Some(schedule) = SCHEDULES.choose(&mut visit.dice) else { return };
    // 404: the scheduler has not announced its schedules yet.
    ask(visit, Request::post(format!("/admin/schedules/{schedule}/run")), &[303, 404]).await;
}
