//! The body of a stream: what its viewer may see of what happens to its topics.

use std::time::Duration;

use axum::body::Bytes;
use pawdium_shared::accounts::sessions::{Presented, TokenHash};
use pawdium_shared::live::{News, Note, Position, Subscription, Topic};
use tokio::time::{Instant, sleep_until};
use tracing::debug;

use super::frames;
use super::looks::Sight;
use super::streams::OpenStream;
use crate::error::Error;
use crate::http::acts::is_admitted;
use crate::state::App;

/// The interval of pings, which keep idle streams open through proxies.
const PING: Duration = Duration::from_secs(20);

/// The most frames that are written at once.
const PIECE: usize = 16;

/// Within how many milliseconds streams of a hub look again after a role has changed, so that not all do at once.
const DOUBT: u64 = 2000;

/// When clients come back after a connection broke, and after this process was stopped, in milliseconds.
const RETRY: std::ops::RangeInclusive<u64> = 1000..=5000;
const RETRY_AFTER_STOP: std::ops::RangeInclusive<u64> = 500..=3000;

/// A topic that the viewer may see.
#[derive(Debug)]
pub(super) struct Shown {
    topic: Topic,
    /// What the client calls it.
    name: String,
    /// Not everybody may see it.
    is_guarded: bool,
    /// Since when it is doubtful that the viewer may see it, and when to look again at the latest.
    doubt: Option<(Instant, Instant)>,
}

impl Shown {
    pub(super) fn new(topic: Topic, name: String, is_guarded: bool) -> Self {
        Self { topic, name, is_guarded, doubt: None }
    }

    pub(super) fn topic(&self) -> Topic {
        self.topic
    }
}

/// An open stream.
pub(super) struct Feed {
    app: App,
    viewer: Option<TokenHash>,
    subscription: Subscription,
    shown: Vec<Shown>,
    /// Text that was not sent yet.
    text: String,
    next_ping: Instant,
    is_over: bool,
    _open: OpenStream,
}

impl Feed {
    /// `gone`: names of topics that the viewer may not see.
    pub(super) fn new(
        app: App,
        open: OpenStream,
        viewer: Option<TokenHash>,
        subscription: Subscription,
        shown: Vec<Shown>,
        gone: &[String],
    ) -> Self {
        let mut text = String::new();
        frames::begin(&mut text, rand::random_range(RETRY), subscription.position());
        for name in gone {
            frames::gone(&mut text, name);
        }
        let (next_ping, is_over) = (Instant::now() + PING, shown.is_empty());
        Self { app, viewer, subscription, shown, text, next_ping, is_over, _open: open }
    }

    /// The next piece of text. `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            if !self.text.is_empty() {
                self.next_ping = Instant::now() + PING;
                return Some(std::mem::take(&mut self.text).into());
            }
            if self.is_over {
                return None;
            }
            tokio::select! {
                biased;
                () = self.app.stop.cancelled() => {
                    self.text = frames::stop(rand::random_range(RETRY_AFTER_STOP));
                    self.is_over = true;
                }
                () = self.subscription.wait() => self.tell().await,
                () = sleep_until(self.next_ping) => self.text = frames::ping(self.subscription.position()),
                () = sleep_until(self.next_look()) => self.look_again().await,
            }
        }
    }

    /// Writes what waits, or the first piece of it.
    async fn tell(&mut self) {
        loop {
            let news = self.subscription.take(PIECE);
            if news.is_empty() || self.is_over {
                return;
            }
            for news in news {
                // Boxed, so that a waiting stream doesn't hold room for it.
                if let Err(error) = Box::pin(self.add(news)).await {
                    return self.give_up(&error);
                }
            }
            if !self.text.is_empty() {
                // More may wait, for which the bell does not ring again.
                self.subscription.ring();
                return;
            }
        }
    }

    async fn add(&mut self, news: News) -> Result<(), Error> {
        match news {
            News::Reset { position } => {
                frames::reset(&mut self.text, position);
                self.end_with_session().await?;
            }
            News::Of { topic: Topic::Sessions(_), .. } => self.end_with_session().await?,
            News::Of { topic, note: Note::Roles, .. } => self.doubt(topic),
            News::Of { position, topic, note } => {
                self.retain_visible(|shown| shown.topic == topic).await?;
                self.add_frames(position, topic, note);
            }
        }
        Ok(())
    }

    /// Ends the stream if its viewer's session has ended. The client connects again without that session.
    async fn end_with_session(&mut self) -> Result<(), Error> {
        if let Some(hash) = self.viewer {
            let user = self.app.sessions.call(Presented { hash, origin: None }).await?;
            self.is_over |= !user.is_some_and(|user| is_admitted(&user));
        }
        Ok(())
    }

    fn add_frames(&mut self, position: Option<Position>, topic: Topic, note: Note) {
        let spread = frames::spread(self.app.changes.audience(topic));
        for shown in self.shown.iter().filter(|shown| shown.topic == topic) {
            match note {
                Note::Widget { id, version } => {
                    frames::widget(&mut self.text, position, &shown.name, id, version, spread);
                }
                Note::Changed | Note::Roles => frames::changed(&mut self.text, position, &shown.name, spread),
            }
        }
    }

    fn doubt(&mut self, topic: Topic) {
        let now = Instant::now();
        let look = now + Duration::from_millis(rand::random_range(0..=DOUBT));
        for shown in self.shown.iter_mut().filter(|shown| shown.topic == topic) {
            let look = shown.doubt.map_or(look, |(_, earlier)| earlier);
            shown.doubt = Some((now, look));
        }
    }

    /// When the first doubt has to be settled.
    fn next_look(&self) -> Instant {
        let looks = self.shown.iter().filter_map(|shown| shown.doubt.map(|(_, look)| look));
        looks.min().unwrap_or_else(|| self.next_ping + PING)
    }

    async fn look_again(&mut self) {
        let now = Instant::now();
        let due = |shown: &Shown| shown.doubt.is_some_and(|(_, look)| look <= now);
        if let Err(error) = Box::pin(self.retain_visible(due)).await {
            self.give_up(&error);
        }
    }

    /// Drops those of the topics in question that the viewer may no longer see, and says so.
    async fn retain_visible(&mut self, asked: impl Fn(&Shown) -> bool) -> Result<(), Error> {
        let mut number = 0;
        while let Some(shown) = self.shown.get_mut(number) {
            if (shown.is_guarded || shown.doubt.is_some()) && asked(shown) {
                let since = shown.doubt.map(|(since, _)| since);
                match self.app.looks.sight(&self.app, shown.topic, self.viewer, since).await? {
                    Sight::Nobody => {
                        let shown = self.shown.remove(number);
                        self.subscription.leave(shown.topic);
                        frames::gone(&mut self.text, &shown.name);
                        continue;
                    }
                    sight => (shown.is_guarded, shown.doubt) = (sight == Sight::Viewer, None),
                }
            }
            number += 1;
        }
        self.is_over |= self.shown.is_empty();
        Ok(())
    }

    /// Ends without telling what can't be judged. The client comes back for it.
    fn give_up(&mut self, error: &Error) {
        debug!(%error, "ended a stream, because nobody knows what its viewer may see");
        self.is_over = true;
    }
}
