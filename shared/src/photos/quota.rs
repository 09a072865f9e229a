//! How much an owner may keep unpublished.

use super::queries::KeptOriginals;
use crate::config::MediaConfig;

/// The most that an owner keeps in drafts and failed photos; 0 is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// The number of photos.
    pub photos: u32,
    /// The total size of their originals in bytes.
    pub bytes: u64,
}

impl Quota {
    /// The quota of members.
    #[must_use]
    pub fn of_members(config: &MediaConfig) -> Self {
        Self { photos: config.member_drafts, bytes: config.member_draft_bytes }
    }

    /// Why there is no room for another photo whose original has so many bytes; `None` if there is.
    #[must_use]
    pub fn refuse_photo(self, kept: KeptOriginals, bytes: u64) -> Option<String> {
        if self.photos > 0 && kept.uploads >= i64::from(self.photos) {
            return Some(format!(
                "You have {} drafts and failed photos, the most that you can keep.",
                kept.uploads
            ));
        }
        self.refuse_bytes(kept, bytes)
    }

    /// Why there is no room for so many bytes more; `None` if there is.
    #[must_use]
    pub fn refuse_bytes(self, kept: KeptOriginals, bytes: u64) -> Option<String> {
        let total = kept.bytes.unsigned_abs().saturating_add(bytes);
        (self.bytes > 0 && total > self.bytes).then(|| {
            let megabytes = self.bytes / 1_000_000;
            format!("Your drafts and failed photos can use at most {megabytes} MB in total.")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_the_limit_there_is_no_room() {
        let quota = Quota { photos: 2, bytes: 1000 };
        let kept = |uploads, bytes| KeptOriginals { uploads, bytes };
        assert_eq!(quota.refuse_photo(kept(1, 500), 500), None);
        assert!(quota.refuse_photo(kept(2, 0), 0).is_some_and(|text| text.contains("2 drafts")));
        assert!(quota.refuse_photo(kept(1, 500), 501).is_some());
        assert_eq!(quota.refuse_bytes(kept(5, 0), 1000), None);
        assert_eq!(Quota { photos: 0, bytes: 0 }.refuse_photo(kept(9999, i64::MAX), 9999), None);
    }
}
