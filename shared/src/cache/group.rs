//! Names in Redis.

/// Fragments that go stale together: one Redis hash, dropped as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    name: String,
    /// The name of the surrounding group. Dropping that one also voids this one.
    around: Option<&'static str>,
}

impl Group {
    pub(super) fn new(name: String, around: Option<&'static str>) -> Self {
        Self { name, around }
    }

    /// Creates the surrounding group.
    pub(super) fn around(&self) -> Option<Self> {
        self.around.map(|name| Self::new(name.to_owned(), None))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
