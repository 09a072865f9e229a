//! Sending one mail.

use chrono::Utc;
use pawdium_queue::{Claim, JobError};
use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::accounts::{User, queries, refusals};
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::mail::SendError;
use pawdium_shared::moderation::review::alerts;
use pawdium_shared::notifications;
use sqlx::PgConnection;
use tracing::{info, warn};

use super::hub_mails::{self, About};
use super::{case_mails, digests, factor_mails, sanction_mails};
use crate::env::Env;
use crate::mails::{self, Letter, Matter};

/// Renders and sends a mail, after creating its link if it needs one. Succeeds if the recipient no longer exists or no
/// longer needs the mail.
pub async fn send_mail(job: SendMail, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let Some(Addressee { user, name, email, matter, about }) = addressee(&mut tx, job, env).await? else {
        return Ok(());
    };
    let link = match purpose(matter) {
        Some(purpose) => {
            let token = links::issue(&mut tx, user, &email, purpose).await?;
            links::url(&env.base_url, purpose, &token)
        }
        None => env.base_url.join(&about.path).map_err(JobError::give_up)?,
    };
    tx.commit().await?;

    let About { hub, askers, drafts, until, lines, through, .. } = &about;
    let stop = format!("/unsubscribe/{}", env.stop_links.token(user));
    let stop = env.base_url.join(&stop).map_err(JobError::give_up)?;
    let letter = Letter {
        name: &name,
        email: &email,
        site: &env.base_url,
        link,
        hub,
        askers,
        drafts,
        until,
        lines,
        stop: &stop,
    };
    let mail = mails::render(&letter, matter)?;
    // The site reports refusals by the current address only.
    let is_about_present = matter != Matter::AddressChanged;
    match env.mailer.send(mail, claim.job()).await {
        Ok(()) => {
            info!(%user, ?matter, "sent mail");
            if is_about_present {
                clear_refusal(env, user).await;
            }
            if let Some(through) = *through {
                notifications::digests::note_sent(&mut *env.db.acquire().await?, user, through).await?;
            }
            if let Some(through) = about.through_report {
                alerts::note_sent(&mut *env.db.acquire().await?, user, through).await?;
            }
            Ok(())
        }
        Err(error @ SendError::Later(_)) => Err(JobError::away(error)),
        Err(SendError::Refused(reason)) => {
            let mut tx = env.db.begin().await?;
            if is_about_present {
                refusals::record(&mut tx, user, &email, &reason).await?;
            }
            claim.bury(&mut tx, &SendError::Refused(reason).into()).await?;
            tx.commit().await?;
            warn!(%user, ?matter, "a mail was refused permanently");
            Ok(())
        }
    }
}

/// Logs failures and returns nothing, because a retry would send the mail again.
async fn clear_refusal(env: &Env, user: UserId) {
    let forgotten = async { refusals::forget(&mut *env.db.acquire().await?, user).await };
    if let Err(error) = forgotten.await {
        warn!(%user, %error, "couldn't delete the record of a refusal");
    }
}

/// The recipient and the subject of a mail.
struct Addressee {
    user: UserId,
    name: String,
    email: String,
    matter: Matter,
    about: About,
}

/// Returns `None` if nobody has the address or needs the mail any more.
async fn addressee(db: &mut PgConnection, job: SendMail, env: &Env) -> sqlx::Result<Option<Addressee>> {
    let settings = || Some(About { path: "/settings".to_owned(), ..About::default() });
    let (user, matter, left, about) = match job {
        SendMail::Verification { user, .. } => {
            let user = queries::find(db, user).await?;
            (user.filter(|user| !user.verified), Matter::Verify, None, settings())
        }
        SendMail::PasswordReset { email } => {
            (queries::find_by_email(db, &email).await?, Matter::Reset, None, settings())
        }
        SendMail::AddressChanged { user, email } => {
            let user = queries::find(db, user).await?;
            let has_it =
                |user: &User| user.email.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(&email));
            (user.filter(|user| !has_it(user)), Matter::AddressChanged, Some(email), settings())
        }
        SendMail::HubAsked { user, hub, .. } => {
            let about = hub_mails::asked(db, hub, user).await?;
            (queries::find(db, user).await?, Matter::HubAsked, None, about)
        }
        SendMail::DraftsExpire { user, .. } => {
            let about = hub_mails::expiring(db, user, Utc::now(), env.upkeep.draft_days).await?;
            (queries::find(db, user).await?, Matter::DraftsExpire, None, about)
        }
        SendMail::ExportReady { user, export, .. } => {
            let about = hub_mails::archived(db, export, user).await?;
            (queries::find(db, user).await?, Matter::ExportReady, None, about)
        }
        SendMail::HubAnswered { user, hub, accepted, .. } => {
            let about = hub_mails::answered(db, hub, accepted).await?;
            let matter = if accepted { Matter::HubAccepted } else { Matter::HubDeclined };
            (queries::find(db, user).await?, matter, None, about)
        }
        SendMail::Sanction { user, sanction, news, .. } => {
            let about = sanction_mails::about(db, &env.appeal_links, sanction, news).await?;
            (queries::find(db, user).await?, Matter::Sanction, None, about)
        }
        SendMail::FactorsChanged { user, change, .. } => {
            (queries::find(db, user).await?, Matter::FactorsChanged, None, Some(factor_mails::about(&change)))
        }
        SendMail::Digest { user, .. } => {
            let found = queries::find(db, user).await?.filter(|user| user.verified);
            (found, Matter::Digest, None, digests::about(db, user).await?)
        }
        SendMail::NewCase { user, case, .. } => {
            let found = queries::find(db, user).await?.filter(|user| user.verified);
            (found, Matter::NewCase, None, case_mails::opened(db, case, user).await?)
        }
        SendMail::CaseDigest { user, .. } => {
            let found = queries::find(db, user).await?.filter(|user| user.verified);
            (found, Matter::CaseDigest, None, case_mails::digest(db, user).await?)
        }
        SendMail::LoginElsewhere { user, device, place, at, .. } => {
            let lines =
                vec![format!("{device}, from {place}"), at.format("%-d %B %Y, %H:%M UTC").to_string()];
            let found = queries::find(db, user).await?.filter(|user| user.verified);
            (found, Matter::LoginElsewhere, None, Some(About { lines, ..About::default() }))
        }
    };
    let (Some(User { id, name: Some(name), email, .. }), Some(about)) = (user, about) else {
        return Ok(None);
    };
    Ok(left.or(email).map(|email| Addressee { user: id, name, email, matter, about }))
}

const fn purpose(matter: Matter) -> Option<Purpose> {
    match matter {
        Matter::Reset | Matter::LoginElsewhere => Some(Purpose::Reset),
        Matter::Verify => Some(Purpose::Verify),
        Matter::AddressChanged
        | Matter::FactorsChanged
        | Matter::HubAsked
        | Matter::HubAccepted
        | Matter::HubDeclined
        | Matter::DraftsExpire
        | Matter::Sanction
        | Matter::ExportReady
        | Matter::Digest
        | Matter::NewCase
        | Matter::CaseDigest => None,
    }
}
