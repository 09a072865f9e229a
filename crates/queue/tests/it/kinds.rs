//! Kinds of jobs for tests, which bring their own handlers.

use std::time::Duration;

use parking_lot::Mutex;
use pawdium_queue::{Backoff, Duplicate, Job, Queue, Unique};
use serde::{Deserialize, Serialize};

/// Queues that are in the database.
pub(crate) mod queues {
    use pawdium_queue::Queue;

    pub(crate) const MEDIA: Queue = Queue::new("media");
    pub(crate) const MAIL: Queue = Queue::new("mail");
    pub(crate) const CACHE: Queue = Queue::new("cache");

    pub(crate) const ALL: [Queue; 8] = [
        MEDIA,
        MAIL,
        CACHE,
        Queue::new("metrics"),
        Queue::new("ranking"),
        Queue::new("upkeep"),
        Queue::new("exports"),
        Queue::new("imports"),
    ];
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
    /// A plain job. One runs at a time.
    Note, "test.note.v1", MEDIA, {}
}
kind! {
    /// Runs before notes.
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
    /// Waits up to an hour after a failure, and may take an hour. So a test can see each state.
    Patient, "test.patient.v1", CACHE, {
        const TIMEOUT: Duration = Duration::from_hours(1);
        const BACKOFF: Backoff = Backoff { base: Duration::from_hours(1), max: Duration::from_hours(1) };
    }
}
kind! {
    /// Has its text as the unique key.
    Single, "test.single.v1", CACHE, {
        fn unique_key(&self) -> Option<String> {
            Some(self.text.clone())
        }
    }
}
kind! {
    /// Replaces the payload of a live job. All have the same key.
    Latest, "test.latest.v1", CACHE, {
        const DUPLICATE: Duplicate = Duplicate::ReplacePayload;
        fn unique_key(&self) -> Option<String> {
            Some("the one".to_owned())
        }
    }
}
kind! {
    /// Has its text as the unique key while it waits.
    Again, "test.again.v1", CACHE, {
        const UNIQUE: Unique = Unique::WhileWaiting;
        fn unique_key(&self) -> Option<String> {
            Some(self.text.clone())
        }
    }
}

kind! {
    /// Has the owner before the colon as its partition. One runs at a time in a process, for up to an hour.
    Owned, "test.owned.v1", MEDIA, {
        const TIMEOUT: Duration = Duration::from_hours(1);
        const ATTEMPTS: i16 = 3;
        fn partition(&self) -> Option<String> {
            owner(&self.text)
        }
    }
}
kind! {
    /// Has the owner before the colon as its partition, if there is one. Four run at a time in a process.
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
    /// The last step of a group.
    Finale, "test.finale.v1", CACHE, {}
}

fn owner(text: &str) -> Option<String> {
    text.split_once(':').map(|(owner, _)| owner.to_owned())
}

/// The notes of handlers, in order.
#[derive(Debug, Default)]
pub(crate) struct Diary(Mutex<Vec<String>>);

impl Diary {
    pub(crate) fn write(&self, text: impl Into<String>) {
        self.0.lock().push(text.into());
    }

    pub(crate) fn read(&self) -> Vec<String> {
        self.0.lock().clone()
    }
}
