//! The kinds of jobs of the test. Most do what is expected of a job; each of the others misbehaves in its own way.
//! `tag` tells a job from all others of its kind.

use std::time::Duration;

use pawdium_queue::{Backoff, Duplicate, Job, Queue, Unique};
use pawdium_shared::queues;
use serde::{Deserialize, Serialize};

/// More attempts than a run has faults that could cost one.
const PLENTY: i16 = 100;

const QUICK: Backoff = Backoff { base: Duration::from_millis(100), max: Duration::from_secs(1) };

macro_rules! kind {
    (
        $(#[$doc:meta])* $name:ident { $($(#[$field_attribute:meta])* $field:ident: $type:ty),* }
        $kind:literal on $queue:ident, $attempts:expr $(, { $($policy:tt)* })?
    ) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Serialize, Deserialize)]
        pub struct $name {
            /// Which one it is.
            pub tag: i64,
            $($(#[$field_attribute])* pub $field: $type,)*
        }

        impl Job for $name {
            const KIND: &'static str = $kind;
            const QUEUE: Queue = queues::$queue;
            const ATTEMPTS: i16 = $attempts;
            const BACKOFF: Backoff = QUICK;
            $($($policy)*)?
        }

        impl Tagged for $name {
            fn tag(&self) -> i64 {
                self.tag
            }
        }
    };
}

/// Every kind of the test.
pub trait Tagged: Job {
    /// Which one it is.
    fn tag(&self) -> i64;
}

kind! {
    /// One effect.
    Effect {} "chaos.effect.v1" on CACHE, PLENTY
}
kind! {
    /// No effect: acked by the queue itself, after its handler.
    Note {
        /// How long its first attempt takes, in milliseconds.
        first_ms: u64,
        /// How long every further attempt takes, in milliseconds.
        then_ms: u64
    } "chaos.note.v1" on MAIL, PLENTY
}
kind! {
    /// One effect, after a while.
    Slow {
        /// How long its first attempt takes, in milliseconds.
        first_ms: u64,
        /// How long every further attempt takes, in milliseconds.
        then_ms: u64,
        /// Whether the effect is made before that time and committed after it.
        holds: bool
    } "chaos.slow.v1" on MEDIA, PLENTY
}
kind! {
    /// No effect, after a longer while; served by one process alone that is left alive, where it may start only once.
    Marathon {
        /// How long, in seconds.
        seconds: u64
    } "chaos.marathon.v1" on UPKEEP, PLENTY, { const TIMEOUT: Duration = Duration::from_mins(5); }
}
kind! {
    /// One effect, after some failures.
    Flaky {
        /// How many attempts fail.
        fails: i16
    } "chaos.flaky.v1" on RANKING, PLENTY
}
kind! {
    /// One effect for each of its steps: a job enqueues the next in the transaction of its effect and its ack.
    Chain {
        /// Which step it is, from 0.
        step: i16,
        /// How many follow the first.
        last: i16
    } "chaos.chain.v1" on CACHE, PLENTY
}
kind! {
    /// One effect, as one of a group.
    Member {
        /// The tag of the group's last step.
        group: i64
    } "chaos.member.v1" on CACHE, PLENTY
}
kind! {
    /// One effect, when all members of its group have ended.
    Total {} "chaos.total.v1" on RANKING, PLENTY
}
kind! {
    /// One effect; one job a key at a time, of which the first stands.
    Kept {
        /// Its key.
        key: String
    } "chaos.kept.v1" on CACHE, PLENTY, {
        fn unique_key(&self) -> Option<String> { Some(self.key.clone()) }
    }
}
kind! {
    /// One effect; one waiting job a key at a time, of which the first stands.
    Again {
        /// Its key.
        key: String,
        /// How long it takes, in milliseconds.
        ms: u64
    } "chaos.again.v1" on CACHE, PLENTY, {
        const UNIQUE: Unique = Unique::WhileWaiting;
        fn unique_key(&self) -> Option<String> { Some(self.key.clone()) }
    }
}
kind! {
    /// One effect; one waiting job a key at a time, with the last payload.
    Latest {
        /// Its key.
        key: String
    } "chaos.latest.v1" on CACHE, PLENTY, {
        const DUPLICATE: Duplicate = Duplicate::ReplacePayload;
        const UNIQUE: Unique = Unique::WhileWaiting;
        fn unique_key(&self) -> Option<String> { Some(self.key.clone()) }
    }
}
kind! {
    /// One effect; one waiting job a key at a time, at the last time that was asked for.
    Debounced {
        /// Its key.
        key: String
    } "chaos.debounced.v1" on CACHE, PLENTY, {
        const DUPLICATE: Duplicate = Duplicate::MoveRunAt;
        const UNIQUE: Unique = Unique::WhileWaiting;
        fn unique_key(&self) -> Option<String> { Some(self.key.clone()) }
    }
}
kind! {
    /// Without effect, and very many of them.
    Bulk {} "chaos.bulk.v1" on METRICS, PLENTY
}
kind! {
    /// Always fails.
    Doomed {} "chaos.doomed.v1" on RANKING, 3
}
kind! {
    /// Can't be decoded: it is read by another name than it is written.
    Garbled {
        /// Written and not read.
        #[serde(rename(deserialize = "unheard_of"))]
        said: bool
    } "chaos.garbled.v1" on MAIL, 3
}
kind! {
    /// Panics.
    Panics {} "chaos.panics.v1" on MAIL, 2
}
kind! {
    /// Never ends by itself.
    Hangs {} "chaos.hangs.v1" on MEDIA, 2, { const TIMEOUT: Duration = Duration::from_millis(700); }
}
kind! {
    /// Takes its process with it.
    Aborts {} "chaos.aborts.v1" on MAIL, 2
}
kind! {
    /// Takes all memory, and its process with it.
    Bloats {} "chaos.bloats.v1" on MAIL, 2
}
kind! {
    /// A schedule's tick; `tag` is its time, in seconds since 1970.
    Tick {
        /// The schedule's name.
        schedule: String
    } "chaos.tick.v1" on MAIL, PLENTY
}

/// The kinds that make one effect a job, in the transaction of their ack.
pub const EFFECTIVE: [&str; 10] = [
    Effect::KIND,
    Slow::KIND,
    Flaky::KIND,
    Chain::KIND,
    Member::KIND,
    Total::KIND,
    Kept::KIND,
    Again::KIND,
    Latest::KIND,
    Debounced::KIND,
];

/// The kinds that have to end dead.
pub const DOOMED: [&str; 6] =
    [Doomed::KIND, Garbled::KIND, Panics::KIND, Hangs::KIND, Aborts::KIND, Bloats::KIND];
