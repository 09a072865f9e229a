//! What one stream has not been sent yet.

use parking_lot::Mutex;
use tokio::sync::Notify;

use super::recent::{Position, Recent};
use super::topic::{Note, Topic};

/// How many items wait for a client that doesn't read. With more, it is told to look at everything.
const MOST: usize = 96;

/// Something to tell a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// A topic has changed.
    Of {
        /// From where a client resumes that has seen this. `None` if it didn't come through the stream.
        position: Option<Position>,
        /// The topic.
        topic: Topic,
        /// What has happened.
        note: Note,
    },
    /// Anything may have changed, because part of the stream is lost to this client or to this process.
    Reset {
        /// From where a client resumes that has looked at everything.
        position: Option<Position>,
    },
}

/// A stream's topics, and its unsent news: for each topic and each widget the latest.
#[derive(Debug)]
pub(super) struct Mailbox {
    unsent: Mutex<Unsent>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Unsent {
    topics: Vec<Topic>,
    /// In the order of their positions, so that a client can resume after each.
    news: Vec<News>,
    /// Where to resume as soon as this process has read the stream.
    resumes_after: Option<Position>,
}

impl Mailbox {
    /// `resumes_after`: the client has seen everything up to there.
    pub(super) fn new(topics: Vec<Topic>, resumes_after: Option<Position>) -> Self {
        Self {
            unsent: Mutex::new(Unsent { topics, resumes_after, ..Unsent::default() }),
            bell: Notify::new(),
        }
    }

    /// Puts in what the client missed, once; with an id that `recent` can't place, a reset.
    pub(super) fn resume(&self, recent: &Recent) {
        let mut unsent = self.unsent.lock();
        let Some(last) = unsent.resumes_after.take() else { return };
        let Some(missed) = recent.since(last) else {
            unsent.reset(Some(recent.newest()));
            drop(unsent);
            self.bell.notify_one();
            return;
        };
        for (position, topic, note) in missed {
            if unsent.topics.contains(&topic) {
                unsent.put(Some(position), topic, note);
            }
        }
        drop(unsent);
        self.bell.notify_one();
    }

    pub(super) fn put(&self, position: Option<Position>, topic: Topic, note: Note) {
        let mut unsent = self.unsent.lock();
        // What the client missed comes first: it contains this.
        if position.is_some() && unsent.resumes_after.is_some() {
            return;
        }
        unsent.put(position, topic, note);
        drop(unsent);
        self.bell.notify_one();
    }

    pub(super) fn reset(&self, position: Option<Position>) {
        let mut unsent = self.unsent.lock();
        unsent.resumes_after = None;
        unsent.reset(position);
        drop(unsent);
        self.bell.notify_one();
    }

    /// Takes the oldest `most` items.
    pub(super) fn take(&self, most: usize) -> Vec<News> {
        let mut unsent = self.unsent.lock();
        if unsent.news.len() <= most {
            // Gives the memory back.
            return std::mem::take(&mut unsent.news);
        }
        unsent.news.drain(..most).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.unsent.lock().news.is_empty()
    }

    /// Waits until there may be something to take.
    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }

    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Removes a topic and its unsent news.
    pub(super) fn forget(&self, topic: Topic) {
        let mut unsent = self.unsent.lock();
        unsent.topics.retain(|one| *one != topic);
        unsent.news.retain(|news| !matches!(news, News::Of { topic: of, .. } if *of == topic));
    }

    pub(super) fn topics(&self) -> Vec<Topic> {
        self.unsent.lock().topics.clone()
    }
}

impl Unsent {
    fn put(&mut self, position: Option<Position>, topic: Topic, note: Note) {
        let same = |news: &News| match news {
            News::Of { topic: of, note: earlier, .. } => *of == topic && earlier.is_replaced_by(&note),
            News::Reset { .. } => false,
        };
        // A replaced item moves to the end, where its position belongs.
        if let Some(found) = self.news.iter().position(same) {
            self.news.remove(found);
        }
        if self.news.len() >= MOST {
            let newest = self.news.iter().rev().find_map(News::position);
            return self.reset(position.or(newest));
        }
        self.news.push(News::Of { position, topic, note });
    }

    fn reset(&mut self, position: Option<Position>) {
        self.news = vec![News::Reset { position }];
    }
}

impl News {
    fn position(&self) -> Option<Position> {
        match self {
            Self::Of { position, .. } | Self::Reset { position } => *position,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{HubId, PhotoId, WidgetId};

    const HUB: Topic = Topic::Hub(HubId(1));

    fn at(id: &str) -> Position {
        id.parse().expect("an id")
    }

    fn widget(id: i64, version: u64) -> Note {
        Note::Widget { id: WidgetId(id), version }
    }

    fn of(position: &str, note: Note) -> News {
        News::Of { position: Some(at(position)), topic: HUB, note }
    }

    #[test]
    fn the_latest_of_each_widget_waits_in_the_order_of_the_stream() {
        let mailbox = Mailbox::new(vec![HUB], None);
        mailbox.put(Some(at("1-0")), HUB, widget(1, 1));
        mailbox.put(Some(at("2-0")), HUB, widget(2, 1));
        mailbox.put(Some(at("3-0")), HUB, widget(1, 2));
        mailbox.put(Some(at("4-0")), HUB, Note::Changed);
        let expected = [of("2-0", widget(2, 1)), of("3-0", widget(1, 2)), of("4-0", Note::Changed)];
        assert_eq!(mailbox.take(2), expected[..2]);
        assert_eq!(mailbox.take(2), expected[2..]);
        assert!(mailbox.is_empty());
    }

    #[test]
    fn a_client_that_does_not_read_holds_little_and_is_told_to_look() {
        let mailbox = Mailbox::new(vec![HUB], None);
        for number in 1..=1000 {
            mailbox.put(Some(at(&format!("{number}-0"))), HUB, widget(number, 1));
            assert!(mailbox.unsent.lock().news.len() <= MOST);
        }
        let taken = mailbox.take(MOST);
        assert!(matches!(taken[0], News::Reset { .. }), "{taken:?}");
        assert_eq!(taken.last(), Some(&of("1000-0", widget(1000, 1))));
        assert!(std::mem::size_of::<News>() * MOST <= 8 * 1024, "a slow client holds less than 16 KiB");
    }

    #[test]
    fn what_is_missed_is_put_in_once_and_only_of_its_topics() {
        let mut recent = Recent::after("1-0".parse().expect("an id"));
        let other = Topic::Photo(PhotoId(9));
        let entries = [("2-0", HUB, widget(1, 5)), ("3-0", other, Note::Changed), ("4-0", HUB, widget(1, 6))];
        for (id, topic, note) in entries {
            recent.push((id.parse().expect("an id"), Some((topic, note))));
        }
        let mailbox = Mailbox::new(vec![HUB], Some(at("2-0")));
        mailbox.put(Some(at("4-0")), HUB, widget(1, 6));
        assert!(mailbox.is_empty(), "nothing is sent before it is known what was missed");
        mailbox.resume(&recent);
        mailbox.resume(&recent);
        assert_eq!(mailbox.take(9), [of("4-0", widget(1, 6))]);

        let lost = Mailbox::new(vec![HUB], Some(at("0-1")));
        lost.resume(&recent);
        assert_eq!(lost.take(9), [News::Reset { position: Some(at("4-0")) }]);
    }

    #[test]
    fn a_forgotten_topic_is_never_told() {
        let mailbox = Mailbox::new(vec![HUB, Topic::Queues], None);
        mailbox.put(Some(at("1-0")), HUB, widget(1, 1));
        mailbox.put(None, Topic::Queues, Note::Changed);
        mailbox.forget(HUB);
        let kept = News::Of { position: None, topic: Topic::Queues, note: Note::Changed };
        assert_eq!(mailbox.take(9), [kept]);
        assert_eq!(mailbox.topics(), [Topic::Queues]);
    }
}
