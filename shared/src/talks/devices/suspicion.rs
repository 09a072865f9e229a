//! What makes voters look like one person, and what doesn't.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, DurationRound as _, TimeDelta, Utc};
use serde::Serialize;

use crate::ids::{TalkId, UserId};

/// An account that is younger than this at its first vote is new.
const NEW: TimeDelta = TimeDelta::days(1);

/// As many voters on one device are no couple. They may be a household, unless most are new or they hurry.
const CROWD: usize = 3;

/// As many new accounts in one network that vote for the same talks in the same minute are reported.
const BURST: usize = 3;

/// A voter in a group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suspect {
    /// The user.
    pub user: UserId,
    /// The name; `None` for a guest without an account, or if the account is gone.
    pub name: Option<String>,
    /// When the account was made; `None` if it is gone.
    pub account_since: Option<DateTime<Utc>>,
    /// When the first vote from this device or network was cast.
    pub first_at: DateTime<Utc>,
    /// The talks that the voter votes for from there, by id.
    pub talks: Vec<TalkId>,
    /// How many of these votes are set aside.
    pub set_aside: i64,
}

impl Suspect {
    fn is_new(&self) -> bool {
        self.account_since.is_some_and(|since| self.first_at - since < NEW)
    }

    fn minute(&self) -> DateTime<Utc> {
        self.first_at.duration_trunc(TimeDelta::minutes(1)).unwrap_or(self.first_at)
    }
}

/// What the voters of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Shared {
    /// The id that the server gave one browser, shortened.
    Device(String),
    /// A network: a /24 or a /64.
    Network(String),
}

/// How much there is against a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// People who share a device may look the same.
    Possible,
    /// Hardly anything but one person with several accounts looks like this.
    Likely,
}

/// A reason why a group is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// So many voters used one browser: the server recognised the id that it gave it.
    SameDevice(usize),
    /// So many voters came from one network. By itself that is normal: a household, an office or a conference.
    SameNetwork(usize),
    /// So many of them cast their first votes within one minute.
    SameMinute(usize),
    /// So many accounts were less than a day old when they first voted.
    NewAccounts(usize),
    /// So many vote for exactly the same talks.
    SameVotes(usize),
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SameDevice(voters) => write!(f, "{voters} voters used one browser."),
            Self::SameNetwork(voters) => {
                write!(f, "{voters} voters came from one network, which alone means nothing.")
            }
            Self::SameMinute(voters) => write!(f, "{voters} first voted within one minute."),
            Self::NewAccounts(voters) => write!(f, "{voters} accounts were less than a day old."),
            Self::SameVotes(voters) => write!(f, "{voters} vote for exactly the same talks."),
        }
    }
}

/// Voters who may be one person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What they have in common.
    pub shared: Shared,
    /// How much there is against them.
    pub level: Level,
    /// Why they are reported.
    pub evidence: Vec<Evidence>,
    /// The voters, the first first.
    pub voters: Vec<Suspect>,
}

impl Group {
    /// Judges voters who used one device.
    pub(super) fn of_device(device: String, voters: Vec<Suspect>) -> Option<Self> {
        let count = voters.len();
        if count < 2 {
            return None;
        }
        let mut evidence = vec![Evidence::SameDevice(count)];
        evidence.extend(circumstances(&voters));
        let new = voters.iter().filter(|voter| voter.is_new()).count();
        let hurried = most(voters.iter().map(Suspect::minute)) >= CROWD;
        let is_likely = new == count || count >= CROWD && (2 * new > count || hurried);
        let level = if is_likely { Level::Likely } else { Level::Possible };
        Some(Self { shared: Shared::Device(device), level, evidence, voters })
    }

    /// Judges voters who came from one network, as they may without one device in common: those are reported who are
    /// new, began within the same minute and vote for exactly the same talks.
    pub(super) fn of_network(network: &str, voters: Vec<Suspect>) -> Vec<Self> {
        let mut alike: BTreeMap<(DateTime<Utc>, Vec<TalkId>), Vec<Suspect>> = BTreeMap::new();
        for voter in voters.into_iter().filter(Suspect::is_new) {
            alike.entry((voter.minute(), voter.talks.clone())).or_default().push(voter);
        }
        let groups = alike.into_values().filter(|voters| voters.len() >= BURST).map(|voters| Self {
            shared: Shared::Network(network.to_owned()),
            level: Level::Possible,
            evidence: [Evidence::SameNetwork(voters.len())]
                .into_iter()
                .chain(circumstances(&voters))
                .collect(),
            voters,
        });
        groups.collect()
    }
}

/// What else speaks against voters who have a device or a network in common.
fn circumstances(voters: &[Suspect]) -> Vec<Evidence> {
    let minute = most(voters.iter().map(Suspect::minute));
    let new = voters.iter().filter(|voter| voter.is_new()).count();
    let same = most(voters.iter().map(|voter| &voter.talks));
    let found = [
        (minute > 1).then_some(Evidence::SameMinute(minute)),
        (new > 0).then_some(Evidence::NewAccounts(new)),
        (same > 1).then_some(Evidence::SameVotes(same)),
    ];
    found.into_iter().flatten().collect()
}

/// How often the most frequent value occurs.
fn most<T: Ord>(values: impl Iterator<Item = T>) -> usize {
    let mut counts: BTreeMap<T, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts.into_values().max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + seconds, 0).expect("a time")
    }

    fn voter(user: i64, days_old: i64, first_at: i64, talks: &[i64]) -> Suspect {
        Suspect {
            user: UserId(user),
            name: Some(format!("user{user}")),
            account_since: Some(at(first_at) - TimeDelta::days(days_old) - TimeDelta::minutes(1)),
            first_at: at(first_at),
            talks: talks.iter().map(|talk| TalkId(*talk)).collect(),
            set_aside: 0,
        }
    }

    #[test]
    fn a_family_behind_one_address_is_not_reported() {
        let family = vec![voter(1, 300, 0, &[1, 2]), voter(2, 200, 90, &[1]), voter(3, 0, 400, &[2, 5])];
        assert_eq!(Group::of_network("192.0.2.0/24", family), []);
    }

    #[test]
    fn a_conference_that_votes_when_voting_opens_is_not_reported() {
        let crowd = (0..60).map(|user| voter(user, 0, user, &[user % 30, 30 + user % 7]));
        assert_eq!(Group::of_network("192.0.2.0/24", crowd.collect()), []);
    }

    #[test]
    fn two_who_share_a_tablet_are_possible_and_new_accounts_on_one_device_are_likely() {
        let couple = vec![voter(1, 300, 0, &[1, 2]), voter(2, 200, 300, &[3])];
        let group = Group::of_device("d".to_owned(), couple).expect("they share one");
        assert_eq!((group.level, group.evidence), (Level::Possible, vec![Evidence::SameDevice(2)]));
        let household = vec![voter(1, 300, 0, &[1]), voter(2, 200, 300, &[1]), voter(3, 90, 700, &[1])];
        let group = Group::of_device("d".to_owned(), household).expect("they share one");
        assert_eq!((group.level, group.evidence[1]), (Level::Possible, Evidence::SameVotes(3)));
        let fraud = (0..5).map(|user| voter(user, 0, user * 3, &[7])).collect();
        let group = Group::of_device("d".to_owned(), fraud).expect("they share one");
        assert_eq!(group.level, Level::Likely);
        let expected = [
            Evidence::SameDevice(5),
            Evidence::SameMinute(5),
            Evidence::NewAccounts(5),
            Evidence::SameVotes(5),
        ];
        assert_eq!(group.evidence, expected);
        assert_eq!(Group::of_device("d".to_owned(), vec![voter(1, 0, 0, &[1])]), None);
    }

    #[test]
    fn a_script_that_drops_its_cookies_is_found_among_others_in_its_network() {
        let script = (0..4).map(|user| voter(user, 0, user, &[7, 9]));
        let others = [voter(10, 0, 5, &[7]), voter(11, 300, 6, &[7, 9]), voter(12, 0, 900, &[7, 9])];
        let groups = Group::of_network("192.0.2.0/24", script.chain(others).collect());
        let [group] = groups.as_slice() else { panic!("{groups:?}") };
        assert_eq!(group.voters.iter().map(|voter| voter.user.0).collect::<Vec<_>>(), [0, 1, 2, 3]);
        assert_eq!(group.evidence[0], Evidence::SameNetwork(4));
    }
}
