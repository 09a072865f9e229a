//! Sending one mail.

use pawdium_shared::accounts::links::{self, Purpose};
use pawdium_shared::accounts::{User, queries, refusals};
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::mail::SendError;
use pawdium_shared::queue::{Claim, JobError};
use sqlx::PgConnection;
use tracing::{info, warn};

use crate::env::Env;
use crate::mails::{self, Letter};

/// Renders and sends a mail, with a link that is made right before. When there is nobody to write to any more, or
/// nothing to say, that is success.
pub async fn send_mail(job: SendMail, env: &Env, claim: &Claim) -> Result<(), JobError> {
    let mut tx = env.db.begin().await?;
    let Some((user, purpose)) = addressee(&mut tx, &job).await? else { return Ok(()) };
    let (Some(name), Some(email)) = (user.name, user.email) else { return Ok(()) };
    let token = links::issue(&mut tx, user.id, &email, purpose).await?;
    tx.commit().await?;

    let link = links::url(&env.base_url, purpose, &token);
    let letter = Letter { name: &name, email: &email, site: &env.base_url, link };
    let mail = mails::render(&letter, purpose)?;
    match env.mailer.send(mail, claim.job()).await {
        Ok(()) => {
            info!(user = %user.id, purpose = ?purpose, "sent mail");
            got_through(env, user.id).await;
            Ok(())
        }
        Err(error @ SendError::Later(_)) => Err(JobError::away(error)),
        Err(SendError::Refused(reason)) => {
            let mut tx = env.db.begin().await?;
            refusals::record(&mut tx, user.id, &email, &reason).await?;
            claim.bury(&mut tx, &SendError::Refused(reason).into()).await?;
            tx.commit().await?;
            warn!(user = %user.id, purpose = ?purpose, "a mail was refused for good");
            Ok(())
        }
    }
}

/// Nothing that fails here may have the mail sent again.
async fn got_through(env: &Env, user: UserId) {
    let forgotten = async { refusals::forget(&mut *env.db.acquire().await?, user).await };
    if let Err(error) = forgotten.await {
        warn!(%user, %error, "couldn't note that mail gets through again");
    }
}

/// Whom the mail is for and what its link does; nobody for an address that belongs to nobody, and for one that is
/// verified already.
async fn addressee(db: &mut PgConnection, job: &SendMail) -> sqlx::Result<Option<(User, Purpose)>> {
    Ok(match job {
        SendMail::Verification { user, .. } => {
            let user = queries::find(db, *user).await?;
            user.filter(|user| !user.verified).map(|user| (user, Purpose::Verify))
        }
        SendMail::PasswordReset { email } => {
            queries::find_by_email(db, email).await?.map(|user| (user, Purpose::Reset))
        }
    })
}
