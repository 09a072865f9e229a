//! What a rating weighs in a photo's score. The mean and number on pages count all ratings equally.
//!
//! A rating weighs 1, and nothing as long as its rater is silenced. There are three more exceptions, whose factors
//! multiply:
//!
//! - **Through a link**: 1/10. The person who shares a link chooses the photo and the raters, so such ratings say
//!   little about how derpy the photo is compared with others.
//! - **By an anonymous rater**: from 1/4 for a rater who has rated only through links, to 1 after twenty photos served by
//!   the site. An anonymous user costs an attacker nothing, but twenty ratings of photos that the site chooses take time
//!   and are useful. The weight follows the rater's later ratings when the photo is weighed again, at the latest by the
//!   nightly recount.
//! - **From one network** (an IPv4 /24 or an IPv6 /48, identified by a keyed digest): all ratings of one photo together
//!   weigh 5 at most. A family or a class still counts; a thousand votes from one place don't.
//!
//! With the prior's weight of 10 ratings, sixty new anonymous votes through a link change a score as much as one and a
//! half ordinary ratings.

use std::collections::BTreeMap;

/// The weight of an ordinary rating. Weights are whole thousandths, so that sums don't depend on the order.
pub const ORDINARY: i64 = 1000;

/// Divides the weight of a rating through a link.
const LINK: i64 = 10;

/// The number of ratings that makes an anonymous rater ordinary.
pub const EXPERIENCED: i64 = 20;

/// The most that all ratings of one photo from one network weigh.
const NETWORK: i64 = 5 * ORDINARY;

/// Ratings of one photo that have the same weight.
#[derive(Clone, Debug)]
pub struct Alike {
    /// The value, 1 to 10.
    pub value: i16,
    /// Whether they came through a link.
    pub by_link: bool,
    /// How many photos served by the site the raters have rated, up to [`EXPERIENCED`]; `None` for members.
    pub experience: Option<i64>,
    /// The raters' network, if it is known.
    pub network: Option<i32>,
    /// Whether the raters are silenced.
    pub silenced: bool,
    /// The number of ratings.
    pub count: i64,
}

impl Alike {
    /// The weight of one rating, before the limit on its network.
    fn weight(&self) -> i64 {
        if self.silenced {
            return 0;
        }
        let rater = match self.experience {
            None => ORDINARY,
            Some(done) => ORDINARY / 4 + ORDINARY * 3 / 4 * done.clamp(0, EXPERIENCED) / EXPERIENCED,
        };
        if self.by_link { rater / LINK } else { rater }
    }
}

/// The weights of a photo's ratings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weighed {
    /// The total weights of the ratings of 1, 2, … 10, in thousandths of an ordinary rating.
    pub bars: [i64; 10],
    /// The number of ratings through links.
    pub links: i64,
    /// The largest number of ratings from one network.
    pub crowd: i64,
}

/// Weighs all ratings of one photo.
#[must_use]
pub fn weigh(ratings: &[Alike]) -> Weighed {
    let mut networks = BTreeMap::<i32, (i64, i64)>::new();
    for alike in ratings {
        if let Some(network) = alike.network {
            let (count, weight) = networks.entry(network).or_default();
            *count += alike.count;
            *weight += alike.count * alike.weight();
        }
    }
    let mut weighed = Weighed {
        crowd: networks.values().map(|(count, _)| *count).max().unwrap_or_default(),
        links: ratings.iter().filter(|alike| alike.by_link).map(|alike| alike.count).sum(),
        ..Weighed::default()
    };
    for alike in ratings {
        let weight = alike.count * alike.weight();
        let of_network = alike.network.and_then(|network| networks.get(&network)).map(|(_, weight)| *weight);
        let weight = match of_network {
            Some(all) if all > NETWORK => weight * NETWORK / all,
            _ => weight,
        };
        let bar = usize::try_from(alike.value - 1).ok().and_then(|bar| weighed.bars.get_mut(bar));
        if let Some(bar) = bar {
            *bar += weight;
        }
    }
    weighed
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_members(value: i16, count: i64) -> Alike {
        Alike { value, by_link: false, experience: None, network: None, silenced: false, count }
    }

    fn total(ratings: &[Alike]) -> i64 {
        weigh(ratings).bars.iter().sum()
    }

    #[test]
    fn members_ratings_weigh_one_each() {
        let mut bars = [0; 10];
        (bars[9], bars[7]) = (2000, 1000);
        assert_eq!(weigh(&[by_members(10, 2), by_members(8, 1)]), Weighed { bars, links: 0, crowd: 0 });
    }

    #[test]
    fn silenced_raters_weigh_nothing_also_among_others_of_their_network() {
        let silenced = Alike { silenced: true, network: Some(7), ..by_members(10, 50) };
        assert_eq!(total(std::slice::from_ref(&silenced)), 0);
        assert_eq!(total(&[silenced, Alike { network: Some(7), ..by_members(2, 4) }]), 4000);
    }

    #[test]
    fn sixty_new_voters_through_a_link_weigh_less_than_two_members() {
        let votes = |network| Alike { by_link: true, experience: Some(0), network, ..by_members(10, 60) };
        assert_eq!(total(&[votes(None)]), 1500);
        let weighed = weigh(&[votes(Some(7))]);
        assert_eq!((weighed.links, weighed.crowd), (60, 60));
    }

    #[test]
    fn an_anonymous_raters_weight_grows_to_that_of_a_member() {
        let weight = |done| total(&[Alike { experience: Some(done), ..by_members(5, 1) }]);
        assert_eq!([0, 1, 10, 20, 500].map(weight), [250, 287, 625, 1000, 1000]);
    }

    #[test]
    fn a_network_weighs_five_at_most_and_others_are_not_touched() {
        let from = |network, count| Alike { network: Some(network), ..by_members(10, count) };
        assert_eq!(total(&[from(1, 5)]), 5000);
        assert_eq!(total(&[from(1, 1000)]), 5000);
        assert_eq!(total(&[from(1, 1000), from(2, 3), by_members(2, 4)]), 12_000);
    }

    fn alike() -> impl Strategy<Value = Alike> {
        let (network, experience) = (proptest::option::of(0..3_i32), proptest::option::of(0..30_i64));
        (1..=10_i16, any::<bool>(), experience, network, any::<bool>(), 1..50_i64).prop_map(
            |(value, by_link, experience, network, silenced, count)| Alike {
                value,
                by_link,
                experience,
                network,
                silenced,
                count,
            },
        )
    }

    proptest! {
        #[test]
        fn no_rating_weighs_more_than_an_ordinary_one(ratings in proptest::collection::vec(alike(), 0..20)) {
            let weighed = weigh(&ratings);
            for (bar, value) in weighed.bars.iter().zip(1..) {
                let count: i64 = ratings.iter().filter(|alike| alike.value == value).map(|alike| alike.count).sum();
                prop_assert!((0..=count * ORDINARY).contains(bar));
            }
        }

        #[test]
        fn the_order_does_not_matter(mut ratings in proptest::collection::vec(alike(), 0..20)) {
            let weighed = weigh(&ratings);
            ratings.reverse();
            prop_assert_eq!(weigh(&ratings), weighed);
        }
    }
}
