//! What an archive has, and what is wrong with it. The texts are for the archive's owner.

/// A file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place in the archive.
    pub number: u32,
    /// Its path, with `/` between folders, without control characters.
    pub name: String,
    /// The size of its contents in bytes, as the archive says.
    pub size: u64,
    /// Why it can't be used; `None` if nothing is known against it.
    pub problem: Option<Problem>,
}

/// Why an archive is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Neither zip nor tar, judged by its contents.
    #[error("This file isn't an archive we can read. Pack your pictures as a zip, tar or tar.gz.")]
    NotAnArchive,
    /// Cut off or damaged.
    #[error("This archive is damaged or incomplete. Pack it again and upload that.")]
    Damaged,
    /// Too many entries.
    #[error(
        "This archive has more than {max} files and folders. Split it, and import one part after the other."
    )]
    TooManyEntries {
        /// The limit.
        max: usize,
    },
    /// The contents are many times larger than the archive.
    #[error(
        "This archive would become more than {max} times larger when it is unpacked, which pictures never do. Pack \
         only your pictures."
    )]
    TooDense {
        /// The limit.
        max: u64,
    },
    /// The contents are too large.
    #[error("This archive has more than {} GB of files. Split it, and import one part after the other.", max / 1_000_000_000)]
    TooMuch {
        /// The limit in bytes.
        max: u64,
    },
    /// Entries share bytes.
    #[error("Files of this archive overlap, which no program that packs pictures does. Pack it again.")]
    Overlapping,
    /// One of several files that only together are an archive.
    #[error(
        "This is one part of an archive that was split. Pack your pictures as one archive, or as several whole ones."
    )]
    Split,
}

/// Why an entry can't be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Problem {
    /// The name is empty, too long, has control characters or isn't in the encoding that it should be.
    #[error("Its name can't be read. Rename the file and pack it again.")]
    Name,
    /// The path begins at the root of a disk.
    #[error("Its path begins at the root of a disk. Pack it again with a path within the archive.")]
    Absolute,
    /// The path leads out of the archive.
    #[error("Its path leads out of the archive. Pack it again with a path within the archive.")]
    Climbs,
    /// A symbolic or a hard link.
    #[error("It's a link to another file. Pack the picture itself.")]
    Link,
    /// A device, a pipe, a file with holes, or something else that isn't a plain file.
    #[error("It isn't a plain file.")]
    Special,
    /// Encrypted.
    #[error("It's encrypted. Pack it again without a password.")]
    Encrypted,
    /// Compressed with a method that isn't supported.
    #[error("It's packed in a way we can't read. Pack it again as an ordinary zip.")]
    Method,
    /// Its contents are many times larger than what is stored.
    #[error("It would become more than a hundred times larger when it is unpacked, which pictures never do.")]
    TooDense,
    /// Its contents are larger or smaller than the archive says.
    #[error("It hasn't the size that the archive says. Pack it again.")]
    Size,
    /// Its two headers say different things.
    #[error("The archive contradicts itself about it. Pack it again.")]
    Contradiction,
    /// Damaged contents.
    #[error("It's damaged in the archive. Pack it again.")]
    Damaged,
    /// An earlier entry has the same name.
    #[error("The archive has another file with this name, before it.")]
    Double,
    /// Larger than the caller allows.
    #[error("It's too large: the limit is {} MB. Save the picture smaller.", max / 1_000_000)]
    TooLarge {
        /// The limit in bytes.
        max: u64,
    },
}
