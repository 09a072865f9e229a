//! What reporters and moderators hear of cases.

use pawdium_queue::{Claim, Enqueue as _, JobError};
use pawdium_shared::ids::{CaseId, UserId};
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::jobs::moderation::{SendCaseDigests, TellReporters};
use pawdium_shared::moderation::review::{alerts, reports};
use sqlx::PgConnection;
use tracing::info;

use super::hub_mails::About;
use crate::env::Env;

/// How many reporters are notified in one transaction.
const BATCH: i64 = 200;

/// Notifies all reporters of a closed case.
pub async fn tell_reporters(job: TellReporters, env: &Env, _: &Claim) -> Result<(), JobError> {
    let mut told = 0;
    loop {
        let mut tx = env.db.begin().await?;
        let more = reports::tell(&mut tx, job.case, BATCH).await?;
        tx.commit().await?;
        if more == 0 {
            break;
        }
        told += more;
    }
    info!(case = %job.case, told, "notified reporters");
    Ok(())
}

/// Enqueues a digest for each moderator who is due for one.
pub async fn send_case_digests(_: SendCaseDigests, env: &Env, _: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let due = alerts::list_due(&mut tx).await?;
    let mails: Vec<_> = due
        .into_iter()
        .map(|moderator| SendMail::CaseDigest { user: moderator.user, domain: moderator.domain })
        .collect();
    SendMail::enqueue_all(&mut tx, &mails).await?;
    tx.commit().await?;
    info!(due = mails.len(), "enqueued digests of cases");
    Ok(())
}

/// What a mail about a new case says. `None` if it is closed.
pub(super) async fn opened(db: &mut PgConnection, case: CaseId, user: UserId) -> sqlx::Result<Option<About>> {
    let line = alerts::about(db, case, user).await?;
    Ok(line.map(|line| About {
        path: format!("/moderation/review/{case}"),
        lines: vec![line],
        ..About::default()
    }))
}

/// What a digest says. `None` if nothing has come since the last one.
pub(super) async fn digest(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<About>> {
    let digest = alerts::compose(db, user).await?;
    Ok(digest.map(|digest| About {
        path: "/moderation/review".to_owned(),
        lines: digest.lines,
        through_report: Some(digest.through),
        ..About::default()
    }))
}
