//! Calls for talks.

use chrono::{DateTime, Utc};
use pawdium_shared::talks::{Phase, TalkState};
use pawdium_widgets::markdown::Html;

use super::{Baked, BakedHead, PlainChrome};
use crate::views::hubs::HubTab;
use crate::views::talks::board::{
    Barrier, CallPage, Order, Pitching, TalkBoard, TalkCard, Tally, Totals, VoteControl,
};
use crate::views::talks::calls::{CallGroup, CallList, CallsPage};
use crate::views::talks::results::{Equality, ResultRow, ResultsPage};
use crate::views::talks::talk::{Around, Revision, TalkPage};
use crate::views::talks::{CallHead, CallTab, HubCrumb, When};
use crate::views::{Field, Paging, Picture};

/// The head of a call's pages.
#[derive(Clone, Debug)]
pub struct BakedCallHead {
    /// The call's id.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Its hub.
    pub hub: HubCrumb,
    /// Its phase.
    pub phase: Phase,
    /// When pitches, voting, counting and the results begin.
    pub begins: [Option<When>; 4],
    /// The hub's time zone.
    pub zone: String,
    /// Whether the hub is archived.
    pub is_archived: bool,
    /// Whether the votes are counted for good.
    pub is_frozen: bool,
}

impl BakedCallHead {
    /// The head as nobody sees it.
    pub(crate) fn on(self, tab: CallTab) -> CallHead {
        CallHead {
            id: self.id,
            title: self.title,
            hub: self.hub,
            phase: self.phase,
            begins: self.begins,
            zone: self.zone,
            is_owner: false,
            is_archived: self.is_archived,
            has_voted: false,
            is_frozen: self.is_frozen,
            tab,
        }
    }

    /// When the next phase begins.
    fn until(&self) -> Option<DateTime<Utc>> {
        next(self.begins.iter().flatten())
    }
}

/// The next of these moments.
fn next<'a>(moments: impl Iterator<Item = &'a When>) -> Option<DateTime<Utc>> {
    moments.filter(|when| when.left.is_some()).map(|when| when.at).min()
}

/// `GET /calls/{call}`, while no visitor may vote there.
#[derive(Debug)]
pub struct BakedCall {
    /// The head.
    pub head: BakedCallHead,
    /// What it is about.
    pub text: Html,
    /// Its rules, a phrase each.
    pub rules: Vec<String>,
    /// What is said about the totals.
    pub totals: Totals,
    /// How many have voted, after the close.
    pub turnout: Option<i64>,
    /// The list.
    pub list: TalkSheet,
}

/// The talks on a page.
#[derive(Debug)]
pub struct TalkSheet {
    /// The talks.
    pub talks: Vec<BakedTalk>,
    /// How many there are on all pages.
    pub count: i64,
    /// The place of the first one on this page, from 1.
    pub first: i64,
    /// The URL of the part with them.
    pub part: String,
    /// Whether the browser puts them into its own order.
    pub is_shuffled: bool,
    /// The position in the list.
    pub paging: Paging,
}

/// A talk that everybody sees.
#[derive(Clone, Debug)]
pub struct BakedTalk {
    /// Its id.
    pub id: i64,
    /// Its title.
    pub title: String,
    /// Its description.
    pub text: Html,
    /// Who gives it, where everybody may know.
    pub author: Option<String>,
    /// Its picture.
    pub picture: Option<(Picture, String)>,
    /// Its votes, where everybody may know.
    pub tally: Option<Tally>,
}

impl BakedTalk {
    /// What everybody sees of a talk.
    pub(crate) fn of(card: TalkCard) -> Self {
        let TalkCard { id, title, text, author, picture, tally, .. } = card;
        Self { id, title, text, author, picture, tally }
    }

    fn card(self) -> TalkCard {
        TalkCard {
            id: self.id,
            title: self.title,
            text: self.text,
            author: self.author,
            picture: self.picture,
            state: TalkState::Shown,
            is_own: false,
            vote: VoteControl::None,
            tally: self.tally,
            refused: None,
        }
    }
}

impl Baked for BakedCall {
    type Page = CallPage;

    fn page(self, chrome: PlainChrome) -> CallPage {
        let (head, list) = (self.head.on(CallTab::Talks), self.list);
        let is_open = !head.is_archived;
        let barrier = if is_open { Barrier::LogIn } else { Barrier::Archived };
        let is_ordered = head.phase == Phase::Voting && list.count > 1;
        CallPage {
            chrome: chrome.into_chrome(),
            text: self.text,
            rules: self.rules,
            moves: Vec::new(),
            board: TalkBoard {
                call: head.id,
                phase: head.phase,
                part: list.part,
                error: None,
                pitching: if head.phase == Phase::Pitch && is_open {
                    Pitching::LogIn
                } else {
                    Pitching::Over
                },
                own: Vec::new(),
                waiting: Vec::new(),
                hidden: Vec::new(),
                votes: None,
                voter: 0,
                barrier: (head.phase == Phase::Voting).then_some(barrier),
                totals: self.totals,
                voters: self.turnout,
                talks: list.talks.into_iter().map(BakedTalk::card).collect(),
                count: list.count,
                first: list.first,
                order: if is_ordered {
                    Order::Shared { is_shuffled: list.is_shuffled }
                } else {
                    Order::Everybodys
                },
                paging: list.paging,
            },
            head,
        }
    }

    fn until(&self) -> Option<DateTime<Utc>> {
        self.head.until()
    }
}

/// `GET /talks/{talk}`
#[derive(Debug)]
pub struct BakedOneTalk {
    /// Its call.
    pub head: BakedCallHead,
    /// The talk.
    pub talk: BakedTalk,
    /// When it was pitched, as the hub's clocks showed it.
    pub pitched: When,
    /// What it said before, the latest first, as far as others have read it.
    pub revisions: Vec<Revision>,
    /// The talks around it in an order that many share.
    pub around: Around,
}

impl Baked for BakedOneTalk {
    type Page = TalkPage;

    fn page(self, chrome: PlainChrome) -> TalkPage {
        TalkPage {
            chrome: chrome.into_chrome(),
            head: self.head.on(CallTab::Below),
            talk: self.talk.card(),
            pitched: self.pitched,
            may_edit: false,
            moderation: None,
            kept_hidden: None,
            reason: Field::default(),
            is_hiding: false,
            revisions: self.revisions,
            around: self.around,
        }
    }

    fn until(&self) -> Option<DateTime<Utc>> {
        self.head.until()
    }
}

/// `GET /h/{slug}/talks`
#[derive(Debug)]
pub struct BakedCalls {
    /// The hub's head.
    pub head: BakedHead,
    /// The calls that everybody sees, those that need attention first.
    pub groups: Vec<CallGroup>,
    /// The hub's time zone.
    pub zone: String,
}

impl Baked for BakedCalls {
    type Page = CallsPage;

    fn page(self, chrome: PlainChrome) -> CallsPage {
        let list = CallList {
            part: format!("{}/talks/part", self.head.path),
            groups: self.groups,
            zone: self.zone,
            may_make: false,
            hub: self.head.path.clone(),
        };
        CallsPage { chrome: chrome.into_chrome(), head: self.head.on(HubTab::Talks), may_make: false, list }
    }

    fn until(&self) -> Option<DateTime<Utc>> {
        next(self.groups.iter().flat_map(|group| &group.calls).filter_map(|call| call.when.as_ref()))
    }
}

/// `GET /calls/{call}/results`
#[derive(Debug)]
pub struct BakedResults {
    /// The head.
    pub head: BakedCallHead,
    /// The talks, by votes.
    pub talks: Vec<ResultRow>,
    /// How many voted, without guests.
    pub voters: i64,
    /// How many guests voted.
    pub guests: i64,
    /// How equally often talks were shown.
    pub equality: Equality,
    /// The hash over all votes, in hexadecimal digits.
    pub hash: String,
    /// The absolute URL of the list of receipts.
    pub list_url: String,
    /// When the votes were frozen.
    pub frozen: When,
}

impl BakedResults {
    /// The page with this layout and head.
    pub(crate) fn within(self, chrome: crate::views::Chrome, head: CallHead) -> ResultsPage {
        ResultsPage {
            chrome,
            head,
            talks: self.talks,
            voters: self.voters,
            guests: self.guests,
            equality: self.equality,
            hash: self.hash,
            list_url: self.list_url,
            frozen: self.frozen,
        }
    }
}

impl Baked for BakedResults {
    type Page = ResultsPage;

    fn page(self, chrome: PlainChrome) -> ResultsPage {
        let head = self.head.clone().on(CallTab::Results);
        self.within(chrome.into_chrome(), head)
    }

    fn until(&self) -> Option<DateTime<Utc>> {
        self.head.until()
    }
}
