//! Kinds of jobs whose handlers the tests bring along.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pawdium_queue::{Backoff, Duplicate, Job, Queue, Unique};
use serde::{Deserialize, Serialize};

/// Queues that are in the database.
pub(crate) mod queues {
    use pawdium_queue::Queue;

    pub(crate) const MEDIA: Queue = Queue::new("media");
    pub(crate) const MAIL: Queue = Queue::new("mail");
    pub(crate) const CACHE: Queue = Queue::new("cache");

    pub(crate) const ALL: [Queue; 6] =
        [MEDIA, MAIL, CACHE, Queue::new("metrics"), Queue::new("ranking"), Queue::new("upkeep")];
}

macro_rules! kind {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $queue:ident, { $($policy:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Serialize, Deserialize)]
        pub(crate) struct $name {
            pub(crate) text: String,
        }

        impl $name {
            pub(crate) fn new(text: impl Into<String>) -> Self {
                Self { text: text.into() }
            }
        }

        impl Job for $name {
            const KIND: &'static str = $kind;
            const QUEUE: Queue = queues::$queue;
            $($policy)*
        }
    };
}

const AT_ONCE: Backoff = Backoff { base: Duration::from_millis(50), max: Duration::from_millis(100) };

kind! {
    /// Nothing special, one at a time.
    Note, "test.note.v1", MEDIA, {}
}
kind! {
    /// Goes before notes.
    Urgent, "test.urgent.v1", MEDIA, { const PRIORITY: i16 = -1; }
}
kind! {
    /// Has three attempts.
    Flaky, "test.flaky.v1", CACHE, {
        const ATTEMPTS: i16 = 3;
        const BACKOFF: Backoff = AT_ONCE;
    }
}
kind! {
    /// Waits for up to an hour after a failure, so that nothing is missed between two looks, and may take as long.
    Patient, "test.patient.v1", CACHE, {
        const TIMEOUT: Duration = Duration::from_hours(1);
        const BACKOFF: Backoff = Backoff { base: Duration::from_hours(1), max: Duration::from_hours(1) };
    }
}
kind! {
    /// One of the same text at a time.
    Single, "test.single.v1", CACHE, {
        fn unique_key(&self) -> Option<String> {
            Some(self.text.clone())
        }
    }
}
kind! {
    /// Any number with the key, of which the last payload counts.
    Latest, "test.latest.v1", CACHE, {
        const DUPLICATE: Duplicate = Duplicate::ReplacePayload;
        fn unique_key(&self) -> Option<String> {
            Some("the one".to_owned())
        }
    }
}
kind! {
    /// One of the same text waits at a time.
    Again, "test.again.v1", CACHE, {
        const UNIQUE: Unique = Unique::WhileWaiting;
        fn unique_key(&self) -> Option<String> {
            Some(self.text.clone())
        }
    }
}

kind! {
    /// Belongs to whoever is named before the colon, one at a time in a process, for as long as it likes.
    Owned, "test.owned.v1", MEDIA, {
        const TIMEOUT: Duration = Duration::from_hours(1);
        const ATTEMPTS: i16 = 3;
        fn partition(&self) -> Option<String> {
            owner(&self.text)
        }
    }
}
kind! {
    /// Belongs to whoever is named before the colon, if anybody is; four at a time in a process.
    Letter, "test.letter.v1", MAIL, {
        fn partition(&self) -> Option<String> {
            owner(&self.text)
        }
    }
}
kind! {
    /// Leaves no trace when it is done.
    Traceless, "test.traceless.v1", CACHE, {
        const HISTORY: Option<Duration> = None;
        const BACKOFF: Backoff = AT_ONCE;
    }
}
kind! {
    /// Comes last.
    Finale, "test.finale.v1", CACHE, {}
}

fn owner(text: &str) -> Option<String> {
    text.split_once(':').map(|(owner, _)| owner.to_owned())
}

/// What handlers write down, in the order in which they do.
#[derive(Debug, Default)]
pub(crate) struct Diary(Mutex<Vec<String>>);

impl Diary {
    pub(crate) fn write(&self, text: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(text.into());
    }

    pub(crate) fn read(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
