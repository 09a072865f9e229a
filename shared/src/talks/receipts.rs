//! Receipts: what a voter keeps, and the list that is published at the close.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use sqlx::PgConnection;

use super::receipt::{self, Line, Nonce, Receipt};
use crate::ids::{CallId, TalkId, UserId};

/// A vote as its voter sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VoteReceipt {
    /// The talk.
    pub talk: TalkId,
    /// Its title; `None` if it is hidden.
    pub title: Option<String>,
    /// When the vote was cast.
    pub at: DateTime<Utc>,
    /// The key of the receipt, in hexadecimal digits. With it anybody can compute the receipt.
    pub nonce: String,
    /// The receipt, in hexadecimal digits.
    pub receipt: String,
    /// Why the owners have set the vote aside.
    pub set_aside: Option<String>,
    /// Whether the receipt is in the list that was published at the close, so the vote is counted.
    pub published: bool,
}

/// Lists the votes of a voter in a call with their receipts, the first first.
pub async fn of_voter(db: &mut PgConnection, call: CallId, voter: UserId) -> sqlx::Result<Vec<VoteReceipt>> {
    let votes = sqlx::query!(
        r#"select talk_id as "talk: TalkId", case when state <> 'hidden' then title end as title, at,
                  nonce as "nonce: Nonce", set_aside_reason
           from talk_votes join talks on talks.id = talk_id
           where voter_id = $1 and talk_votes.call_id = $2
           order by at, talk_id"#,
        voter.0,
        call.0,
    );
    let mut votes: Vec<_> = votes
        .fetch_all(&mut *db)
        .await?
        .into_iter()
        .map(|vote| {
            let receipt = Receipt::of(&vote.nonce, call, vote.talk, voter);
            let known = VoteReceipt {
                talk: vote.talk,
                title: vote.title,
                at: vote.at,
                nonce: vote.nonce.to_hex(),
                receipt: receipt.to_hex(),
                set_aside: vote.set_aside_reason,
                published: false,
            };
            (receipt, known)
        })
        .collect();
    let receipts: Vec<_> = votes.iter().map(|(receipt, known)| (known.talk, *receipt)).collect();
    let published = published(db, call, &receipts).await?;
    for (receipt, known) in &mut votes {
        known.published = published.contains(&(known.talk, *receipt));
    }
    Ok(votes.into_iter().map(|(_, known)| known).collect())
}

/// Those of these receipts that are published, each found by the primary key.
async fn published(
    db: &mut PgConnection,
    call: CallId,
    receipts: &[(TalkId, Receipt)],
) -> sqlx::Result<Vec<(TalkId, Receipt)>> {
    let talks: Vec<_> = receipts.iter().map(|(talk, _)| talk.0).collect();
    let bytes: Vec<_> = receipts.iter().map(|(_, receipt)| receipt.as_bytes().to_vec()).collect();
    let rows = sqlx::query!(
        r#"select call_receipts.talk_id as "talk: TalkId", call_receipts.receipt
           from unnest($2::bigint[], $3::bytea[]) as given (talk, receipt)
           join call_receipts on call_id = $1 and talk_id = given.talk and call_receipts.receipt = given.receipt"#,
        call.0,
        &talks,
        &bytes,
    );
    let rows = rows.fetch_all(db).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.talk, Receipt::from_bytes(&row.receipt)?))).collect())
}

/// Whether a receipt, in hexadecimal digits, is published for any talk of a call.
pub async fn is_published(db: &mut PgConnection, call: CallId, receipt: &str) -> sqlx::Result<bool> {
    let Ok(receipt) = HEXLOWER.decode(receipt.as_bytes()) else { return Ok(false) };
    let found = sqlx::query_scalar!(
        r#"select exists (
               select from call_result_talks
               join call_receipts using (call_id, talk_id) where call_id = $1 and receipt = $2
           ) as "is!""#,
        call.0,
        receipt,
    );
    found.fetch_one(db).await
}

/// The list of a call's receipts as it was published at the close; `None` before. BLAKE3 over this text is the call's
/// hash.
pub async fn text(db: &mut PgConnection, call: CallId) -> sqlx::Result<Option<String>> {
    let is_frozen = sqlx::query_scalar!(
        r#"select exists (select from call_results where call_id = $1) as "is!""#,
        call.0,
    );
    if !is_frozen.fetch_one(&mut *db).await? {
        return Ok(None);
    }
    Ok(Some(receipt::text(&lines(db, call).await?)))
}

/// The published receipts of a call.
pub(super) async fn lines(db: &mut PgConnection, call: CallId) -> sqlx::Result<Vec<Line>> {
    let rows = sqlx::query!(
        r#"select talk_id as "talk: TalkId", receipt, guest from call_receipts where call_id = $1"#,
        call.0,
    );
    let rows = rows.fetch_all(db).await?;
    let line =
        |talk, receipt: &[u8], guest| Some(Line { talk, receipt: Receipt::from_bytes(receipt)?, guest });
    Ok(rows.into_iter().filter_map(|row| line(row.talk, &row.receipt, row.guest)).collect())
}
