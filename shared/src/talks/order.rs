//! The order of talks while people vote. Each voter has one of their own, so that no place favours a talk over all
//! voters: the talks by a keyed hash of voter and talk. It is computed and not stored, and a talk that is added or
//! hidden moves no other two.
//!
//! Visitors whom nothing tells apart share sixteen orders: the same page is kept for many of them. These are made so
//! that over all sixteen no talk stands further ahead than another ([`Orders::arrange_shared`]).

use std::cmp::Reverse;

use super::types::Seed;
use crate::accounts::RaterKey;
use crate::ids::TalkId;

/// How many orders visitors share who have none of their own.
pub const SHARED: u8 = 16;

/// The orders of one call.
#[derive(Clone, Debug)]
pub struct Orders([u8; blake3::KEY_LEN]);

impl Orders {
    /// The orders under a call's seed.
    #[must_use]
    pub fn new(seed: &Seed) -> Self {
        Self(blake3::derive_key("pawdium 2026 order of talks", &seed.0))
    }

    /// Where a talk stands for a voter: talks are in the order of these numbers.
    fn rank(&self, voter: RaterKey, talk: TalkId) -> u128 {
        let mut text = [0; 16];
        text[..8].copy_from_slice(&voter.0.to_be_bytes());
        text[8..].copy_from_slice(&talk.0.to_be_bytes());
        let hash = blake3::keyed_hash(&self.0, &text);
        let mut rank = [0; 16];
        rank.copy_from_slice(&hash.as_bytes()[..16]);
        u128::from_be_bytes(rank)
    }

    /// Puts talks into a voter's order.
    pub fn arrange<T>(&self, voter: RaterKey, talks: &mut [T], id: impl Fn(&T) -> TalkId) {
        talks.sort_by_cached_key(|talk| (self.rank(voter, id(talk)), id(talk)));
    }
}

impl Orders {
    /// Puts talks into one of the [`SHARED`] orders. There are eight starting points in one order, spread evenly, and
    /// from each of them the list is read once forwards and once backwards. So over all of them each talk stands in the
    /// middle on average, and in each eighth of the list twice.
    pub fn arrange_shared<T>(&self, order: u8, talks: &mut [T], id: impl Fn(&T) -> TalkId) {
        const STARTS: usize = SHARED as usize / 2;
        self.arrange(RaterKey(0), talks, id);
        let start = usize::from(order / 2) % STARTS * talks.len() / STARTS;
        talks.rotate_left(start);
        if order % 2 == 1 {
            talks.reverse();
        }
    }
}

/// Puts talks into the order of a result: by votes, and those with equally many by title.
pub fn by_votes<T>(talks: &mut [T], key: impl Fn(&T) -> (i32, String, TalkId)) {
    talks.sort_by_cached_key(|talk| {
        let (votes, title, id) = key(talk);
        (Reverse(votes), title.to_lowercase(), id)
    });
}

/// The places of talks with these votes, most first. Equally many share a place, and the next is as many further.
#[must_use]
pub fn places(votes: &[i32]) -> Vec<i32> {
    let mut places: Vec<i32> = Vec::with_capacity(votes.len());
    for (index, count) in votes.iter().enumerate() {
        let tied = index.checked_sub(1).filter(|before| votes[*before] == *count);
        places
            .push(tied.map_or_else(|| i32::try_from(index + 1).unwrap_or(i32::MAX), |before| places[before]));
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    fn order(orders: &Orders, voter: i64, talks: impl IntoIterator<Item = i64>) -> Vec<i64> {
        let mut talks: Vec<i64> = talks.into_iter().collect();
        orders.arrange(RaterKey(voter), &mut talks, |talk| TalkId(*talk));
        talks
    }

    fn orders(seed: u8) -> Orders {
        Orders::new(&Seed(vec![seed; 16]))
    }

    /// 10,000 voters and 30 talks: each talk stands in each place 333 times, give or take four standard deviations. Of
    /// 900 such counts, one in twenty runs with random keys would be outside; the keys here are fixed.
    #[test]
    fn each_talk_stands_in_each_place_equally_often() {
        const VOTERS: i64 = 10_000;
        const TALKS: i64 = 30;
        for (seed, stride) in [(1, 1), (2, 0x9e37_79b9_7f4a_7c15_u64.cast_signed())] {
            let orders = orders(seed);
            let mut counts = [[0_u32; 30]; 30];
            for voter in 0..VOTERS {
                for (place, talk) in
                    order(&orders, voter.wrapping_mul(stride), 0..TALKS).into_iter().enumerate()
                {
                    counts[usize::try_from(talk).expect("small")][place] += 1;
                }
            }
            // A binomial of 10,000 trials at 1/30: mean 333.3, standard deviation 17.95.
            let outside = counts.iter().flatten().filter(|count| count.abs_diff(333) > 72).count();
            assert_eq!(outside, 0, "{counts:?}");
        }
    }

    /// The places of each talk in the sixteen shared orders of so many.
    fn shared_places(count: i64) -> Vec<Vec<usize>> {
        let mut places = vec![Vec::new(); usize::try_from(count).expect("small")];
        for shared in 0..SHARED {
            let mut list: Vec<i64> = (0..count).collect();
            orders(5).arrange_shared(shared, &mut list, |talk| TalkId(*talk));
            for (place, talk) in list.into_iter().enumerate() {
                places[usize::try_from(talk).expect("small")].push(place);
            }
        }
        places
    }

    #[test]
    fn the_shared_orders_favour_no_talk() {
        for count in [1_usize, 2, 3, 7, 16, 30, 200] {
            for mut places in shared_places(i64::try_from(count).expect("small")) {
                assert_eq!(
                    places.iter().sum::<usize>() * 2,
                    (count - 1) * 16,
                    "its mean place is the middle"
                );
                for eighth in (0..8).filter(|_| count >= 16) {
                    let part = count * eighth / 8..count * (eighth + 1) / 8;
                    let often = places.iter().filter(|place| part.contains(place)).count();
                    let is_even = if count % 8 == 0 { often == 2 } else { (1..=3).contains(&often) };
                    assert!(is_even, "of {count}: {often} times in eighth {eighth}");
                }
                places.sort_unstable();
                assert!(count != 16 || places.into_iter().eq(0..16), "sixteen talks: each place once");
            }
        }
    }

    #[test]
    fn the_shared_orders_differ() {
        let list = |shared| {
            let mut list: Vec<i64> = (0..30).collect();
            orders(5).arrange_shared(shared, &mut list, |talk| TalkId(*talk));
            list
        };
        let all: std::collections::BTreeSet<_> = (0..SHARED).map(list).collect();
        assert_eq!(all.len(), usize::from(SHARED));
        let first: std::collections::BTreeSet<_> = all.iter().map(|list| list[0]).collect();
        assert!(first.len() >= 14, "{} of 16 begin with another talk", first.len());
    }

    #[test]
    fn voters_and_calls_differ() {
        let first = order(&orders(1), 1, 0..30);
        assert_eq!(first, order(&orders(1), 1, (0..30).rev()), "whatever the order before");
        assert_ne!(first, order(&orders(1), 2, 0..30));
        assert_ne!(first, order(&orders(2), 1, 0..30));
    }

    #[test]
    fn equal_counts_share_a_place_and_stand_by_title() {
        assert_eq!(places(&[5, 3, 3, 3, 1, 0, 0]), [1, 2, 2, 2, 5, 6, 6]);
        assert_eq!(places(&[]), [0; 0]);
        let mut talks = [(1, "b", 1), (3, "c", 2), (1, "A", 3)];
        by_votes(&mut talks, |(votes, title, id)| (*votes, (*title).to_owned(), TalkId(*id)));
        assert_eq!(talks.map(|talk| talk.1), ["c", "A", "b"]);
    }

    proptest! {
        #[test]
        fn a_talk_that_goes_moves_no_other_two(
            voter: i64,
            talks in btree_set(0_i64..1000, 1..40),
            gone: prop::sample::Index,
        ) {
            let whole = order(&orders(3), voter, talks.iter().copied());
            let gone = whole[gone.index(whole.len())];
            let rest = order(&orders(3), voter, talks.iter().copied().filter(|talk| *talk != gone));
            prop_assert_eq!(rest, whole.into_iter().filter(|talk| *talk != gone).collect::<Vec<_>>());
        }

        #[test]
        fn a_place_counts_those_with_more_votes(mut votes in vec(0_i32..5, 0..40)) {
            votes.sort_unstable_by(|a, b| b.cmp(a));
            for (place, count) in places(&votes).into_iter().zip(&votes) {
                let more = votes.iter().filter(|other| *other > count).count();
                prop_assert_eq!(usize::try_from(place).expect("positive"), more + 1);
            }
        }
    }
}
