//! The queues; each has its own concurrency in a worker process.

use pawdium_queue::{Queue, Subject};

use crate::ids::{ImportId, PhotoId, UserId};

/// Photos: decoding, cropping, compressing.
pub const MEDIA: Queue = Queue::new("media");
/// Mail over SMTP.
pub const MAIL: Queue = Queue::new("mail");
/// Ranks and virality.
pub const RANKING: Queue = Queue::new("ranking");
/// Cache invalidation, and counting votes.
pub const CACHE: Queue = Queue::new("cache");
/// Reports to InfluxDB.
pub const METRICS: Queue = Queue::new("metrics");
/// Purges and checks.
pub const UPKEEP: Queue = Queue::new("upkeep");

/// Archives of what members have on the site.
pub const EXPORTS: Queue = Queue::new("exports");

/// Archives from elsewhere: unpacking, and making drafts of their pictures.
pub const IMPORTS: Queue = Queue::new("imports");

/// Every queue, in display order.
pub const ALL: [Queue; 8] = [MEDIA, MAIL, RANKING, CACHE, METRICS, UPKEEP, EXPORTS, IMPORTS];

/// The text names no queue.
#[derive(Debug, thiserror::Error)]
#[error(
    "no queue is called {0:?}; there are media, mail, ranking, cache, metrics, upkeep, exports and imports"
)]
pub struct UnknownQueue(String);

/// Finds a queue by name.
///
/// # Errors
/// If no queue has that name.
pub fn parse(name: &str) -> Result<Queue, UnknownQueue> {
    ALL.into_iter().find(|queue| queue.name() == name).ok_or_else(|| UnknownQueue(name.to_owned()))
}

impl From<PhotoId> for Subject {
    fn from(photo: PhotoId) -> Self {
        Self { kind: "photo", id: photo.0 }
    }
}

impl From<UserId> for Subject {
    fn from(user: UserId) -> Self {
        Self { kind: "user", id: user.0 }
    }
}

impl From<ImportId> for Subject {
    fn from(import: ImportId) -> Self {
        Self { kind: "import", id: import.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_queue_is_found_by_its_name() {
        for queue in ALL {
            assert_eq!(parse(queue.name()).expect("a name in the list"), queue);
            assert!(parse("nope").expect_err("no such queue").to_string().contains(queue.name()));
        }
    }
}
