//! Maps a violated foreign key to the row that is gone, for acts that race with a deletion.

/// The row that no longer exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The user who acts, or whom the act concerns.
    User,
    /// The photo.
    Photo,
    /// The hub.
    Hub,
}

/// Columns that refer to users, photos and hubs. A test compares these lists with the schema.
const USERS: [&str; 17] = [
    "user_id",
    "owner_id",
    "rater_id",
    "sharer_id",
    "blocked_by",
    "into_id",
    "profile_of",
    "actor_id",
    "created_by",
    "author_id",
    "set_aside_by",
    "blocked_id",
    "claimed_by",
    "reporter_id",
    "imposed_by",
    "lifted_by",
    "judged_by",
];
const PHOTOS: [&str; 2] = ["photo_id", "parent_id"];
const HUBS: [&str; 1] = ["hub_id"];

/// Returns what is gone according to a foreign key violation; `None` for any other error. Foreign keys have the names
/// that Postgres generates from table and column.
#[must_use]
pub fn gone(error: &sqlx::Error) -> Option<Gone> {
    let error = error.as_database_error().filter(|error| error.is_foreign_key_violation())?;
    told_by(error.table()?, error.constraint()?)
}

/// Returns what is gone according to the violation of this foreign key of `table`.
#[must_use]
pub fn told_by(table: &str, constraint: &str) -> Option<Gone> {
    let column = constraint.strip_prefix(table)?.strip_prefix('_')?.strip_suffix("_fkey")?;
    match column {
        column if USERS.contains(&column) => Some(Gone::User),
        column if PHOTOS.contains(&column) => Some(Gone::Photo),
        column if HUBS.contains(&column) => Some(Gone::Hub),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_key_is_recognised_by_its_column() {
        assert_eq!(told_by("ratings", "ratings_rater_id_fkey"), Some(Gone::User));
        assert_eq!(told_by("photo_files", "photo_files_photo_id_fkey"), Some(Gone::Photo));
        assert_eq!(told_by("activity", "activity_actor_id_fkey"), Some(Gone::User));
        assert_eq!(told_by("hub_photos", "hub_photos_hub_id_fkey"), Some(Gone::Hub));
        assert_eq!(told_by("jobs", "jobs_partition_fkey"), None);
        assert_eq!(told_by("ratings", "ratings_pkey"), None);
    }
}
