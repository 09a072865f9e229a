//! Receipts: with its nonce a voter can show which vote a published receipt is, and nobody else can tell.

use data_encoding::HEXLOWER;

use crate::ids::{CallId, TalkId, UserId};

/// The key of a receipt: 16 random bytes, which its voter sees.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(transparent)]
pub struct Nonce(pub(super) Vec<u8>);

impl Nonce {
    /// Generates a random one.
    #[must_use]
    pub fn generate() -> Self {
        Self(rand::random::<[u8; 16]>().into())
    }

    /// The nonce in hexadecimal digits.
    #[must_use]
    pub fn to_hex(&self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

/// The receipt of a vote: BLAKE3 over `call talk voter` in decimal digits, keyed by the nonce and 16 bytes of 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Receipt([u8; 32]);

impl Receipt {
    /// Computes the receipt of a vote.
    #[must_use]
    pub fn of(nonce: &Nonce, call: CallId, talk: TalkId, voter: UserId) -> Self {
        let mut key = [0; blake3::KEY_LEN];
        let len = nonce.0.len().min(16);
        key[..len].copy_from_slice(&nonce.0[..len]);
        Self(blake3::keyed_hash(&key, format!("{call} {talk} {voter}").as_bytes()).into())
    }

    /// The receipt with these bytes, if they are 32.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The receipt in hexadecimal digits.
    #[must_use]
    pub fn to_hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }
}

/// A published vote: a line of the list of a call's receipts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    /// The talk.
    pub(super) talk: TalkId,
    /// The vote's receipt.
    pub(super) receipt: Receipt,
    /// Whether it is a guest's.
    pub(super) guest: bool,
}

/// The list of receipts as text: a line for each vote, `talk receipt`, and `talk receipt guest` for a guest's, in the
/// order of talks and receipts.
#[must_use]
pub(super) fn text(lines: &[Line]) -> String {
    let mut sorted = lines.to_vec();
    sorted.sort_unstable();
    let line = |line: &Line| {
        let guest = if line.guest { " guest" } else { "" };
        format!("{} {}{guest}\n", line.talk, line.receipt.to_hex())
    };
    sorted.iter().map(line).collect()
}

/// The hash of a call: BLAKE3 over the text, as `b3sum` computes it.
#[must_use]
pub(super) fn hash(lines: &[Line]) -> [u8; 32] {
    blake3::hash(text(lines).as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(talk: i64, voter: i64, guest: bool) -> Line {
        let nonce = Nonce(vec![7; 16]);
        Line {
            talk: TalkId(talk),
            receipt: Receipt::of(&nonce, CallId(1), TalkId(talk), UserId(voter)),
            guest,
        }
    }

    #[test]
    fn a_receipt_tells_votes_apart() {
        let nonce = Nonce::generate();
        let receipt = Receipt::of(&nonce, CallId(1), TalkId(2), UserId(3));
        assert_eq!(receipt, Receipt::of(&nonce, CallId(1), TalkId(2), UserId(3)));
        for other in [
            Receipt::of(&Nonce::generate(), CallId(1), TalkId(2), UserId(3)),
            Receipt::of(&nonce, CallId(12), TalkId(2), UserId(3)),
            Receipt::of(&nonce, CallId(1), TalkId(23), UserId(3)),
            Receipt::of(&nonce, CallId(1), TalkId(2), UserId(33)),
        ] {
            assert_ne!(receipt, other);
        }
        assert_eq!(Receipt::from_bytes(receipt.as_bytes()), Some(receipt));
        assert_eq!(receipt.to_hex().len(), 64);
    }

    proptest! {
        #[test]
        fn the_hash_changes_with_any_vote_and_not_with_the_order(
            votes in prop::collection::btree_map((1_i64..9, 1_i64..50), any::<bool>(), 1..40),
            at: prop::sample::Index,
        ) {
            let lines: Vec<_> = votes.iter().map(|((talk, voter), guest)| line(*talk, *voter, *guest)).collect();
            let mut turned = lines.clone();
            turned.reverse();
            prop_assert_eq!(hash(&lines), hash(&turned));
            let at = at.index(lines.len());
            let mut removed = lines.clone();
            removed.remove(at);
            let mut altered = lines.clone();
            altered[at].guest ^= true;
            let mut moved = lines.clone();
            moved[at].talk.0 += 100;
            for other in [removed, altered, moved] {
                prop_assert_ne!(hash(&lines), hash(&other));
            }
        }
    }
}
