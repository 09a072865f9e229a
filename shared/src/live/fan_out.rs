//! Hands each change to the streams that watch its topic, and to no others.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, timeout};

use super::mailbox::{Mailbox, News};
use super::recent::{Entry, Position, Recent};
use super::topic::{Note, Topic};
use crate::cache::Told;

/// How long a new stream waits until workers know what it watches.
const REGISTERING: Duration = Duration::from_millis(50);

/// After so long a registered topic without a stream is written anew when it gets one. Well before it expires, with
/// room for the regular write in between.
const STILL_REGISTERED: Duration = Duration::from_secs(15);

/// The streams of this process by topic, and its recent changes.
#[derive(Debug, Default)]
pub(super) struct FanOut {
    state: Mutex<State>,
    /// Rung when a topic has to be registered.
    pub(super) unregistered: Notify,
    /// Counts how often topics were registered.
    pub(super) rounds: watch::Sender<u64>,
    /// What keeps pages in memory.
    pub(super) told: Told,
}

#[derive(Debug, Default)]
struct State {
    watchers: HashMap<Topic, Vec<Arc<Mailbox>>>,
    /// `None` until the stream is read.
    recent: Option<Recent>,
    /// When each topic was last written for the workers.
    registered: HashMap<Topic, Instant>,
    /// Topics to write.
    to_register: Vec<Topic>,
}

impl State {
    fn tell(&self, position: Option<Position>, topic: Topic, note: Note) {
        for mailbox in self.watchers.get(&topic).into_iter().flatten() {
            mailbox.put(position, topic, note);
        }
    }

    fn everyone(&self) -> impl Iterator<Item = &Arc<Mailbox>> {
        self.watchers.values().flatten()
    }
}

impl FanOut {
    /// Passes on entries of the stream.
    pub(super) fn tell(&self, entries: impl Iterator<Item = Entry>) {
        let mut state = self.state.lock();
        for entry in entries {
            if let Some(recent) = &mut state.recent {
                recent.push(entry);
            }
            if let (position, Some((topic, note))) = entry {
                state.tell(Some(position), topic, note);
            }
        }
    }

    /// Passes on a change that only this process has noticed.
    pub(super) fn tell_locally(&self, topic: Topic, note: Note) {
        self.state.lock().tell(None, topic, note);
    }

    /// Begins to know the stream. Streams that wait for it get what they missed.
    pub(super) fn begin(&self, recent: Recent) {
        let mut state = self.state.lock();
        for mailbox in state.everyone() {
            mailbox.resume(&recent);
        }
        state.recent = Some(recent);
    }

    /// Begins anew, because part of the stream was lost: tells everyone, and registers all topics again.
    pub(super) fn begin_anew(&self, recent: Recent) {
        let mut state = self.state.lock();
        for mailbox in state.everyone() {
            mailbox.reset(Some(recent.newest()));
        }
        state.recent = Some(recent);
        state.registered.clear();
        state.to_register = state.watchers.keys().copied().collect();
        drop(state);
        self.unregistered.notify_one();
    }

    pub(super) fn watched(&self) -> Vec<Topic> {
        self.state.lock().watchers.keys().copied().collect()
    }

    pub(super) fn audience(&self, topic: Topic) -> usize {
        self.state.lock().watchers.get(&topic).map_or(0, Vec::len)
    }

    /// Topics to write now, or all.
    pub(super) fn to_register(&self, all: bool) -> Vec<Topic> {
        let mut state = self.state.lock();
        let wanted = std::mem::take(&mut state.to_register);
        if all { state.watchers.keys().copied().collect() } else { wanted }
    }

    /// Notes that topics were written. Forgets those that nobody watches any more.
    pub(super) fn registered(&self, topics: &[Topic]) {
        let now = Instant::now();
        let mut state = self.state.lock();
        let State { registered, watchers, .. } = &mut *state;
        registered.retain(|topic, at| watchers.contains_key(topic) || at.elapsed() < STILL_REGISTERED);
        registered.extend(topics.iter().map(|topic| (*topic, now)));
    }

    fn join(&self, topics: &[Topic], last: Option<Position>) -> (Arc<Mailbox>, bool) {
        let mailbox = Arc::new(Mailbox::new(topics.to_vec(), last));
        let mut state = self.state.lock();
        let State { watchers, registered, to_register, recent } = &mut *state;
        let mut is_new = false;
        for topic in topics {
            let watching = watchers.entry(*topic).or_default();
            if watching.is_empty() && registered.get(topic).is_none_or(|at| at.elapsed() >= STILL_REGISTERED)
            {
                to_register.push(*topic);
                is_new = true;
            }
            watching.push(Arc::clone(&mailbox));
        }
        // Under the lock, so that nothing falls between what was missed and what comes next.
        if let Some(recent) = recent {
            mailbox.resume(recent);
        }
        (mailbox, is_new)
    }

    fn leave(&self, mailbox: &Arc<Mailbox>, topics: &[Topic]) {
        let mut state = self.state.lock();
        for topic in topics {
            let Some(watching) = state.watchers.get_mut(topic) else { continue };
            if let Some(own) = watching.iter().position(|one| Arc::ptr_eq(one, mailbox)) {
                watching.swap_remove(own);
            }
            if watching.is_empty() {
                state.watchers.remove(topic);
            }
        }
    }
}

/// A stream's subscription to its topics. Dropping it ends it.
#[derive(Debug)]
pub struct Subscription {
    fan_out: Arc<FanOut>,
    mailbox: Arc<Mailbox>,
}

impl Subscription {
    /// Subscribes, and waits a moment for workers to learn what is watched, so that they don't drop the next change.
    pub(super) async fn start(fan_out: &Arc<FanOut>, topics: &[Topic], last: Option<Position>) -> Self {
        let mut rounds = fan_out.rounds.subscribe();
        rounds.mark_unchanged();
        let (mailbox, is_new) = fan_out.join(topics, last);
        let subscription = Self { fan_out: Arc::clone(fan_out), mailbox };
        if is_new {
            fan_out.unregistered.notify_one();
            // Without Redis there are no such workers.
            let _ = timeout(REGISTERING, rounds.changed()).await;
        }
        subscription
    }

    /// Takes the oldest `most` items that wait.
    #[must_use]
    pub fn take(&self, most: usize) -> Vec<News> {
        self.mailbox.take(most)
    }

    /// Waits until there may be something to take.
    pub async fn wait(&self) {
        self.mailbox.rung().await;
    }

    /// Ends a [`wait`](Self::wait), now or the next time.
    pub fn ring(&self) {
        self.mailbox.ring();
    }

    /// Tells only this stream that one of its topics may have changed.
    pub fn remind(&self, topic: Topic) {
        self.mailbox.put(None, topic, Note::Changed);
    }

    /// From where a client resumes that has got everything so far; `None` while something waits or this process doesn't
    /// know the stream.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        let state = self.fan_out.state.lock();
        // Under the lock nothing is put in.
        self.mailbox.is_empty().then(|| state.recent.as_ref().map(Recent::newest)).flatten()
    }

    /// Unsubscribes from one topic.
    pub fn leave(&self, topic: Topic) {
        self.mailbox.forget(topic);
        self.fan_out.leave(&self.mailbox, &[topic]);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.fan_out.leave(&self.mailbox, &self.mailbox.topics());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{HubId, WidgetId};

    const CATS: Topic = Topic::Hub(HubId(1));
    const DOGS: Topic = Topic::Hub(HubId(2));

    fn at(id: &str) -> Position {
        id.parse().expect("an id")
    }

    fn widget(version: u64) -> Note {
        Note::Widget { id: WidgetId(1), version }
    }

    fn entry(id: &str, topic: Topic, version: u64) -> Entry {
        (at(id), Some((topic, widget(version))))
    }

    fn news(id: &str, topic: Topic, version: u64) -> News {
        News::Of { position: Some(at(id)), topic, note: widget(version) }
    }

    async fn subscribe(fan_out: &Arc<FanOut>, topics: &[Topic], last: Option<&str>) -> Subscription {
        Subscription::start(fan_out, topics, last.map(at)).await
    }

    #[tokio::test]
    async fn a_change_reaches_the_streams_of_its_topic_alone() {
        let fan_out = Arc::<FanOut>::default();
        fan_out.begin(Recent::after(at("1-0")));
        let cats = subscribe(&fan_out, &[CATS], None).await;
        let both = subscribe(&fan_out, &[CATS, DOGS], None).await;
        fan_out.tell([entry("2-0", DOGS, 1)].into_iter());
        assert!(timeout(Duration::from_millis(50), cats.wait()).await.is_err(), "it isn't even woken");
        both.wait().await;
        assert_eq!((cats.take(9), both.take(9)), (vec![], vec![news("2-0", DOGS, 1)]));
        assert_eq!((fan_out.audience(CATS), fan_out.audience(DOGS)), (2, 1));
        both.leave(CATS);
        fan_out.tell([entry("3-0", CATS, 1)].into_iter());
        assert_eq!((cats.take(9).len(), both.take(9)), (1, vec![]));
        drop((cats, both));
        assert_eq!(fan_out.watched(), []);
    }

    #[tokio::test]
    async fn who_resumes_before_the_stream_is_known_waits_for_what_it_missed() {
        let fan_out = Arc::<FanOut>::default();
        let early = subscribe(&fan_out, &[CATS], Some("2-0")).await;
        let unplaced = subscribe(&fan_out, &[CATS], Some("0-1")).await;
        assert_eq!((early.take(9), early.position()), (vec![], None));
        let mut recent = Recent::after(at("1-0"));
        recent.push(entry("2-0", CATS, 1));
        recent.push(entry("3-0", CATS, 2));
        fan_out.begin(recent);
        fan_out.tell([entry("4-0", DOGS, 1)].into_iter());
        assert_eq!(early.take(9), [news("3-0", CATS, 2)]);
        assert_eq!(unplaced.take(9), [News::Reset { position: Some(at("3-0")) }]);
        let late = subscribe(&fan_out, &[CATS, DOGS], Some("2-0")).await;
        assert_eq!(late.position(), None, "something waits");
        assert_eq!(late.take(9), [news("3-0", CATS, 2), news("4-0", DOGS, 1)]);
        assert_eq!(late.position(), Some(at("4-0")));
    }

    #[tokio::test]
    async fn a_lost_stream_resets_everyone_and_registers_everything_again() {
        let fan_out = Arc::<FanOut>::default();
        fan_out.begin(Recent::after(at("1-0")));
        let cats = subscribe(&fan_out, &[CATS], None).await;
        assert_eq!(fan_out.to_register(false), [CATS]);
        fan_out.registered(&[CATS]);
        drop(subscribe(&fan_out, &[CATS], None).await);
        assert_eq!(fan_out.to_register(false), [], "it is registered");
        fan_out.begin_anew(Recent::after(at("9-0")));
        assert_eq!(cats.take(9), [News::Reset { position: Some(at("9-0")) }]);
        assert_eq!(fan_out.to_register(false), [CATS]);
    }

    #[tokio::test]
    async fn a_topic_that_comes_back_soon_is_not_written_again() {
        let fan_out = Arc::<FanOut>::default();
        drop(subscribe(&fan_out, &[CATS], None).await);
        fan_out.registered(&fan_out.to_register(false));
        let back = subscribe(&fan_out, &[CATS, DOGS], None).await;
        assert_eq!(fan_out.to_register(false), [DOGS]);
        assert_eq!(fan_out.to_register(true).len(), 2);
        drop(back);
    }
}
