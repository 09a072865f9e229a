//! The daily mails about what is unread.

use pawdium_queue::{Claim, Enqueue as _, JobError};
use pawdium_shared::ids::UserId;
use pawdium_shared::jobs::mail::SendMail;
use pawdium_shared::jobs::notifications::SendDigests;
use pawdium_shared::notifications::digests;
use sqlx::PgConnection;
use tracing::info;

use super::hub_mails::About;
use crate::env::Env;

/// How many members are looked up and get their job in one transaction.
const BATCH: i64 = 500;

/// Enqueues a mail for each member who is due for one.
pub async fn send_digests(_: SendDigests, env: &Env, _: &Claim) -> Result<(), JobError> {
    let (mut after, mut due) = (UserId(0), 0);
    loop {
        let mut tx = env.db.begin().await?;
        let recipients = digests::list_due(&mut tx, after, BATCH).await?;
        let Some(last) = recipients.last().map(|recipient| recipient.user) else { break };
        due += recipients.len();
        let mails: Vec<_> = recipients
            .into_iter()
            .map(|recipient| SendMail::Digest { user: recipient.user, domain: recipient.domain })
            .collect();
        SendMail::enqueue_all(&mut tx, &mails).await?;
        tx.commit().await?;
        after = last;
    }
    info!(due, "enqueued daily mails");
    Ok(())
}

/// What a member's mail is about, as things are when it is sent. `None` if nothing is unread that no mail has told of.
pub(super) async fn about(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<About>> {
    let entries = digests::compose(db, user).await?;
    let Some(through) = entries.first().map(|entry| entry.id) else { return Ok(None) };
    Ok(Some(About {
        path: "/notifications".to_owned(),
        lines: entries.iter().map(|entry| format!("{}.", entry.sentence())).collect(),
        through: Some(through),
        ..About::default()
    }))
}
