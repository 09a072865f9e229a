//! Names in Redis.

/// What goes stale together: one Redis hash, dropped whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group {
    name: String,
    /// The name of the group around this one: a drop of it voids this one, too.
    around: Option<&'static str>,
}

impl Group {
    pub(super) fn new(name: String, around: Option<&'static str>) -> Self {
        Self { name, around }
    }

    /// The group around this one.
    pub(super) fn around(&self) -> Option<Self> {
        self.around.map(|name| Self::new(name.to_owned(), None))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
