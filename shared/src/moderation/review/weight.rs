//! How much a report weighs.

/// The weight of a report by a member whose reports are as often right as wrong.
pub const ORDINARY: i32 = 1000;

/// What became of a member's latest reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// How many were right.
    pub upheld: u32,
    /// How many were wrong.
    pub dismissed: u32,
}

/// What else is known of a reporter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Whether the address is verified.
    pub is_verified: bool,
    /// Whether the account is of less than a day, or has rated fewer than ten photos.
    pub is_new: bool,
}

/// The weight of a report: how likely it is right by its reporter's record, by Laplace's rule of succession, so that
/// nobody is ever sure to be right or wrong. An address that isn't verified halves it, and so does a new account.
#[must_use]
pub fn weigh(record: Record, standing: Standing) -> i32 {
    let right = i64::from(record.upheld) + 1;
    let all = i64::from(record.upheld) + i64::from(record.dismissed) + 2;
    let whole = 2 * i64::from(ORDINARY) * right / all;
    let halves = u32::from(!standing.is_verified) + u32::from(standing.is_new);
    i32::try_from((whole >> halves).max(1)).unwrap_or(i32::MAX)
}

/// Whether reports of this weight together hide a thing, if so many ordinary ones do; 0 for never.
#[must_use]
pub fn hides(weight: i32, ordinary_reports: u32) -> bool {
    ordinary_reports > 0 && i64::from(weight) >= i64::from(ordinary_reports) * i64::from(ORDINARY)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KNOWN: Standing = Standing { is_verified: true, is_new: false };

    #[test]
    fn a_reporter_without_a_record_weighs_an_ordinary_report() {
        let none = Record::default();
        assert_eq!(weigh(none, KNOWN), ORDINARY);
        assert_eq!(weigh(none, Standing { is_verified: false, is_new: false }), ORDINARY / 2);
        assert_eq!(weigh(none, Standing { is_verified: false, is_new: true }), ORDINARY / 4);
        assert_eq!(weigh(Record { upheld: 7, dismissed: 1 }, KNOWN), 1600);
        assert_eq!(weigh(Record { upheld: 0, dismissed: 8 }, KNOWN), 200);
    }

    #[test]
    fn three_ordinary_reports_hide_a_thing_or_none_ever_does() {
        assert!(hides(3 * ORDINARY, 3) && !hides(3 * ORDINARY - 1, 3));
        assert!(!hides(i32::MAX, 0));
    }

    prop_compose! {
        fn record()(upheld in 0_u32..10_000, dismissed in 0_u32..10_000) -> Record {
            Record { upheld, dismissed }
        }
    }

    prop_compose! {
        fn standing()(is_verified: bool, is_new: bool) -> Standing {
            Standing { is_verified, is_new }
        }
    }

    proptest! {
        #[test]
        fn nobody_is_sure_to_be_right_or_wrong(record in record(), standing in standing()) {
            prop_assert!((1..2 * ORDINARY).contains(&weigh(record, standing)));
        }

        #[test]
        fn being_right_never_costs_and_being_wrong_never_pays(record in record(), standing in standing()) {
            let weight = weigh(record, standing);
            let right = Record { upheld: record.upheld + 1, ..record };
            let wrong = Record { dismissed: record.dismissed + 1, ..record };
            prop_assert!(weigh(right, standing) >= weight);
            prop_assert!(weigh(wrong, standing) <= weight);
        }

        #[test]
        fn new_and_unverified_accounts_never_weigh_more(record in record(), is_verified: bool, is_new: bool) {
            let weight = weigh(record, Standing { is_verified, is_new });
            let (verified, old) = (Standing { is_verified: true, is_new }, Standing { is_verified, is_new: false });
            prop_assert!(weight <= weigh(record, verified));
            prop_assert!(weight <= weigh(record, old));
        }

        #[test]
        fn one_reporter_alone_hides_nothing(record in record(), standing in standing(), reports in 2_u32..100) {
            prop_assert!(!hides(weigh(record, standing), reports));
        }
    }
}
