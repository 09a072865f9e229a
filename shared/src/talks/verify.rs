//! Checking a frozen result: all of it is computed again from the votes, and each difference is named.

use std::collections::BTreeSet;
use std::fmt;

use data_encoding::HEXLOWER;
use serde::Serialize;
use sqlx::PgConnection;

use super::receipt::{self, Line};
use super::results::{self, Counted, TalkCount};
use super::{queries, receipts};
use crate::ids::{CallId, TalkId};

/// What checking a call has found.
#[derive(Clone, Debug, Serialize)]
pub struct Verification {
    /// The call.
    pub call: CallId,
    /// Its title.
    pub title: String,
    /// The hash that was published at the close, in hexadecimal digits.
    pub hash: String,
    /// How many votes counted at the close.
    pub votes: usize,
    /// How many voted, guests included.
    pub voters: i32,
    /// What differs; nothing if the result is right.
    pub differences: Vec<Difference>,
}

/// Something that differs from what was frozen.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "difference", rename_all = "snake_case")]
pub enum Difference {
    /// The published receipts don't have the published hash.
    PublishedReceipts {
        /// The hash that they have.
        hash: String,
    },
    /// The votes don't have the published hash.
    Votes {
        /// The hash that they have.
        hash: String,
    },
    /// No vote has this receipt any more: a vote was altered, removed or set aside.
    Missing {
        /// The talk.
        talk: TalkId,
        /// The receipt.
        receipt: String,
    },
    /// A vote has a receipt that wasn't published: it was altered, or added after the close.
    Unknown {
        /// The talk.
        talk: TalkId,
        /// The receipt.
        receipt: String,
    },
    /// A number of the result is another one.
    Figure {
        /// The talk; `None` for a number of the whole call.
        talk: Option<TalkId>,
        /// Which number.
        figure: &'static str,
        /// What was frozen.
        frozen: String,
        /// What the votes say.
        computed: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PublishedReceipts { hash } => {
                write!(
                    f,
                    "the published receipts have the hash {hash}, so some were altered, added or removed"
                )
            }
            Self::Votes { hash } => write!(f, "the votes have the hash {hash}"),
            Self::Missing { talk, receipt } => write!(
                f,
                "talk {talk}: no vote has the published receipt {receipt}; it was altered, removed or set aside"
            ),
            Self::Unknown { talk, receipt } => {
                write!(f, "talk {talk}: a vote has the receipt {receipt}, which wasn't published")
            }
            Self::Figure { talk, figure, frozen, computed } => {
                if let Some(talk) = talk {
                    write!(f, "talk {talk}: ")?;
                }
                write!(f, "{figure}: frozen {frozen}, computed {computed}")
            }
        }
    }
}

/// Why a call can't be checked.
#[derive(Debug, thiserror::Error)]
pub enum NotVerified {
    /// There is no such call.
    #[error("There is no such call.")]
    NoCall,
    /// Its result isn't frozen yet.
    #[error("The call's result isn't frozen yet.")]
    NotFrozen,
    /// The database fails.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Computes a frozen result again from the rows, and compares counts, shares, places, exposure, receipts and the hash, and
/// the titles with what their authors wrote.
///
/// # Errors
/// [`NotVerified`].
pub async fn verify(db: &mut PgConnection, call: CallId) -> Result<Verification, NotVerified> {
    let call = queries::find(db, call).await?.ok_or(NotVerified::NoCall)?;
    let frozen = Frozen::find(db, call.id).await?.ok_or(NotVerified::NotFrozen)?;
    let counted = results::count(db, &call, frozen.titles()).await?;
    Ok(Verification {
        call: call.id,
        title: call.title,
        hash: HEXLOWER.encode(&frozen.hash),
        votes: frozen.lines.len(),
        voters: frozen.voters + frozen.guests,
        differences: frozen.compare(&counted),
    })
}

struct Frozen {
    hash: Vec<u8>,
    voters: i32,
    guests: i32,
    gini: f64,
    chi_square: f64,
    degrees: i32,
    lines: Vec<Line>,
    talks: Vec<(TalkId, String, TalkCount)>,
    /// Talks whose title isn't what their author wrote last, with both.
    retitled: Vec<(TalkId, String, String)>,
}

impl Frozen {
    async fn find(db: &mut PgConnection, call: CallId) -> sqlx::Result<Option<Self>> {
        let found = sqlx::query!(
            "select hash, voters, guests, gini, chi_square, degrees from call_results where call_id = $1",
            call.0,
        );
        let Some(found) = found.fetch_optional(&mut *db).await? else { return Ok(None) };
        let talks = sqlx::query!(
            r#"select talk_id as "talk: TalkId", title, frozen.votes, frozen.guest_votes, share, place, shown,
                      mean_place
               from call_result_talks as frozen join talks on talks.id = talk_id
               where frozen.call_id = $1 order by talk_id"#,
            call.0,
        );
        let talks = talks.fetch_all(&mut *db).await?.into_iter().map(|row| {
            let count = TalkCount {
                votes: row.votes,
                guest_votes: row.guest_votes,
                share: row.share,
                place: row.place,
                shown: row.shown,
                mean_place: row.mean_place,
            };
            (row.talk, row.title, count)
        });
        let retitled = sqlx::query!(
            r#"select talks.id as "talk: TalkId", revised.title as written, talks.title
               from call_result_talks as frozen
               join talks on talks.id = frozen.talk_id
               join talk_revisions as revised on revised.talk_id = talks.id and revised.revision = talks.revision
               where frozen.call_id = $1 and revised.title <> talks.title order by talks.id"#,
            call.0,
        );
        let retitled = retitled.fetch_all(&mut *db).await?.into_iter();
        Ok(Some(Self {
            retitled: retitled.map(|row| (row.talk, row.written, row.title)).collect(),
            talks: talks.collect(),
            lines: receipts::lines(db, call).await?,
            hash: found.hash,
            voters: found.voters,
            guests: found.guests,
            gini: found.gini,
            chi_square: found.chi_square,
            degrees: found.degrees,
        }))
    }

    fn titles(&self) -> Vec<(TalkId, String)> {
        self.talks.iter().map(|(talk, title, _)| (*talk, title.clone())).collect()
    }

    fn compare(&self, counted: &Counted) -> Vec<Difference> {
        let mut differences = self.compare_receipts(counted);
        let mut compare = |talk, figure, frozen: String, computed: String| {
            if frozen != computed {
                differences.push(Difference::Figure { talk, figure, frozen, computed });
            }
        };
        compare(None, "voters", self.voters.to_string(), counted.voters.to_string());
        compare(None, "guests", self.guests.to_string(), counted.guests.to_string());
        compare(None, "Gini coefficient", digits(self.gini), digits(counted.equality.gini));
        compare(None, "χ²", digits(self.chi_square), digits(counted.equality.chi_square));
        compare(None, "degrees of freedom", self.degrees.to_string(), counted.equality.degrees.to_string());
        for (talk, written, title) in &self.retitled {
            compare(Some(*talk), "title", written.clone(), title.clone());
        }
        for (talk, _, frozen) in &self.talks {
            let computed = counted.talks.get(talk).copied().unwrap_or_default();
            for (figure, [frozen, computed]) in figures(frozen).into_iter().zip(figures(&computed)).map(pair)
            {
                compare(Some(*talk), figure, frozen, computed);
            }
        }
        differences
    }

    fn compare_receipts(&self, counted: &Counted) -> Vec<Difference> {
        let mut differences = Vec::new();
        let published = receipt::hash(&self.lines);
        if published != *self.hash {
            differences.push(Difference::PublishedReceipts { hash: HEXLOWER.encode(&published) });
        }
        if counted.hash != *self.hash {
            differences.push(Difference::Votes { hash: HEXLOWER.encode(&counted.hash) });
        }
        let published: BTreeSet<_> = self.lines.iter().copied().collect();
        let present: BTreeSet<_> = counted.lines.iter().copied().collect();
        let missing = published.difference(&present);
        let missing =
            missing.map(|line| Difference::Missing { talk: line.talk, receipt: line.receipt.to_hex() });
        let unknown = present.difference(&published);
        let unknown =
            unknown.map(|line| Difference::Unknown { talk: line.talk, receipt: line.receipt.to_hex() });
        differences.extend(missing.chain(unknown));
        differences
    }
}

type Figure = (&'static str, String);

fn figures(count: &TalkCount) -> [Figure; 6] {
    [
        ("votes", count.votes.to_string()),
        ("guests' votes", count.guest_votes.to_string()),
        ("share", digits(count.share)),
        ("place", count.place.to_string()),
        ("shown", count.shown.to_string()),
        ("mean place", count.mean_place.map_or_else(|| "none".to_owned(), digits)),
    ]
}

fn pair((frozen, computed): (Figure, Figure)) -> (&'static str, [String; 2]) {
    (frozen.0, [frozen.1, computed.1])
}

/// Enough digits to tell any alteration that matters; sums are in the same order, so they are equal to the last bit.
fn digits(value: f64) -> String {
    format!("{value:.9}")
}
