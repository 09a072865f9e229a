//! Exports: archives of what members have on the site, for themselves.
//!
//! `requests` asks for one and says what has become of it, `contents` reads what is in it, `upkeep` removes what has
//! expired. The worker writes the archive.

mod contents;
mod requests;
mod types;
pub mod upkeep;

pub use contents::{
    AccountEntry, BlockEntry, CommentEntry, CropEntry, HubEntry, PhotoEntry, PhotoSource, RatingEntry,
    SessionEntry, ShareEntry, TalkEntry, VoteEntry, account, blocks, comments, find_picture, hubs, photos,
    ratings, sessions, shares, talks, votes,
};
pub use requests::{
    Archive, Finished, NotRequested, find, find_archive, find_waiting, finish, list_shown, request,
};
pub use types::{Export, ExportState};
