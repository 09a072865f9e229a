//! How much smaller the published files are than the original.

use std::collections::BTreeMap;

use super::types::Sizes;

/// Bytes before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saving {
    /// Of the original.
    pub original: u64,
    /// Of all published files together.
    pub kept: u64,
    /// The number of published files. A picture that would have to be enlarged shares the file of a smaller size.
    pub files: usize,
}

impl Saving {
    /// `None` while there is nothing to compare.
    #[must_use]
    pub fn of(original: u64, sizes: &Sizes) -> Option<Self> {
        let files: BTreeMap<_, _> =
            sizes.values().map(|picture| (picture.key.as_str(), u64::from(picture.bytes))).collect();
        (original > 0 && !files.is_empty()).then(|| Self {
            original,
            kept: files.values().sum(),
            files: files.len(),
        })
    }

    /// The saving in percent, rounded down; `None` if there is none.
    #[must_use]
    pub fn percent(&self) -> Option<u64> {
        let saved = self.original.checked_sub(self.kept)?;
        Some(saved * 100 / self.original).filter(|percent| *percent > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::types::Picture;
    use super::*;

    fn sizes(files: [(&str, u32); 3]) -> Sizes {
        let picture =
            |(key, bytes): (&str, u32)| Picture { key: key.to_owned(), width: 160, height: 160, bytes };
        [1080, 540, 160].into_iter().zip(files.map(picture)).collect()
    }

    #[test]
    fn the_three_sizes_are_compared_with_the_original() {
        let saving =
            Saving::of(4_200_000, &sizes([("a", 240_000), ("b", 62_000), ("c", 10_000)])).expect("one");
        assert_eq!((saving.kept, saving.files, saving.percent()), (312_000, 3, Some(92)));
    }

    #[test]
    fn a_file_that_serves_two_sizes_counts_once() {
        let saving = Saving::of(100_000, &sizes([("a", 30_000), ("a", 30_000), ("c", 9_000)])).expect("one");
        assert_eq!((saving.kept, saving.files), (39_000, 2));
    }

    #[test]
    fn growth_is_not_a_saving() {
        let saving = Saving::of(2_000, &sizes([("a", 9_000), ("b", 4_000), ("c", 1_000)])).expect("one");
        assert_eq!(saving.percent(), None);
        assert_eq!(Saving::of(0, &sizes([("a", 1), ("b", 1), ("c", 1)])), None);
        assert_eq!(Saving::of(10, &Sizes::new()), None);
    }
}
