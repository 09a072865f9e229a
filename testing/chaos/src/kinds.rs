//! The kinds of jobs of the test. Most behave well, and each of the others misbehaves in its own way. `tag` identifies a
//! job within its kind.

use std::time::Duration;

use pawdium_queue::{Backoff, Duplicate, Job, Queue, Unique};
use pawdium_shared::queues;
use serde::{Deserialize, Serialize};

/// More attempts than the faults of a run can cost.
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
            /// Identifies the job within its kind.
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

/// A kind of the test.
pub trait Tagged: Job {
    /// Identifies the job within its kind.
    fn tag(&self) -> i64;
}

kind! {
    /// One effect.
    Effect {} "chaos.effect.v1" on CACHE, PLENTY
}
kind! {
    /// No effect. The queue completes it after its handler.
    Note {
        /// How long the first attempt takes, in milliseconds.
        first_ms: u64,
        /// How long each later attempt takes, in milliseconds.
        then_ms: u64
    } "chaos.note.v1" on MAIL, PLENTY
}
kind! {
    /// One effect, after a while.
    Slow {
        /// How long the first attempt takes, in milliseconds.
        first_ms: u64,
        /// How long each later attempt takes, in milliseconds.
        then_ms: u64,
        /// Whether the effect is written before that time and committed after it.
        holds: bool
    } "chaos.slow.v1" on MEDIA, PLENTY
}
kind! {
    /// No effect, and takes longer. Only the survivor runs it, where it must start only once.
    Marathon {
        /// How long it takes, in seconds.
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
    /// One effect for each step. Each job enqueues the next step in the transaction that completes it.
    Chain {
        /// The step's number, from 0.
        step: i16,
        /// The number of the last step.
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
    /// One effect. A key has one live job, and the first one stays.
    Kept {
        /// Its key.
        key: String
    } "chaos.kept.v1" on CACHE, PLENTY, {
        fn unique_key(&self) -> Option<String> { Some(self.key.clone()) }
    }
}
kind! {
    /// One effect. A key has one waiting job, and the first one stays.
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
    /// One effect. A key has one waiting job, with the last payload.
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
    /// One effect. A key has one waiting job, with the last `run_at`.
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
    /// No effect. There are very many of them.
    Bulk {} "chaos.bulk.v1" on METRICS, PLENTY
}
kind! {
    /// Always fails.
    Doomed {} "chaos.doomed.v1" on RANKING, 3
}
kind! {
    /// Can't be decoded, because its field has another name when it is read.
    Garbled {
        /// A field that is written and not read.
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
    /// Aborts its process.
    Aborts {} "chaos.aborts.v1" on MAIL, 2
}
kind! {
    /// Takes all memory, which aborts its process.
    Bloats {} "chaos.bloats.v1" on MAIL, 2
}
kind! {
    /// A schedule's tick. `tag` is its time, in seconds since 1970.
    Tick {
        /// The schedule's name.
        schedule: String
    } "chaos.tick.v1" on MAIL, PLENTY
}

/// The kinds that write one effect per job, in the transaction that completes it.
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

/// The kinds whose jobs must end dead.
pub const DOOMED: [&str; 6] =
    [Doomed::KIND, Garbled::KIND, Panics::KIND, Hangs::KIND, Aborts::KIND, Bloats::KIND];
