//! Why an act was refused.

use crate::photos::Tag;

/// Why an act was refused. `Display` is what the moderator reads. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no topic of this name.
    #[error("There is no topic “{0}”.")]
    NoTopic(String),
    /// The text is no tag.
    #[error("A topic is a word of up to 30 letters, digits or hyphens.")]
    NoTag,
    /// Another topic has the name, or has had it.
    #[error("The name “{0}” leads to another topic. Merge the two instead.")]
    Taken(String),
    /// The key leads there already.
    #[error("That leads to this topic already.")]
    Already,
    /// A topic can't be merged into itself.
    #[error("Choose two different topics.")]
    Itself,
    /// The section needs another name.
    #[error("Give the section a name of up to 60 characters that no other section has.")]
    SectionName,
    /// A section holds a limited number of topics.
    #[error("A section holds up to 60 topics.")]
    TooMany,
    /// There is no such section, or no such act.
    #[error("It is gone.")]
    Gone,
    /// Something depends on the act, or has changed what it changed.
    #[error("It was changed again since. Undo the later change first.")]
    Later,
    /// The database fails.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Reads the name of a topic.
pub(super) fn read(text: &str) -> Result<Tag, Refusal> {
    Tag::new(text).ok_or(Refusal::NoTag)
}
