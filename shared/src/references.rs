//! What a violated foreign key says is gone: somebody acted on a row while somebody else deleted it.

/// What isn't there any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The user who acts, or is acted on.
    User,
    /// The photo.
    Photo,
}

/// Columns that refer to users, and those that refer to photos; a test compares with the schema.
const USERS: [&str; 6] = ["user_id", "owner_id", "rater_id", "sharer_id", "blocked_by", "into_id"];
const PHOTOS: [&str; 2] = ["photo_id", "parent_id"];

/// What an error says is gone; `None` for any other error. Foreign keys bear the names that Postgres gives them, which are
/// made of table and column.
#[must_use]
pub fn gone(error: &sqlx::Error) -> Option<Gone> {
    let error = error.as_database_error().filter(|error| error.is_foreign_key_violation())?;
    told_by(error.table()?, error.constraint()?)
}

/// What the violation of a table's foreign key says is gone.
#[must_use]
pub fn told_by(table: &str, constraint: &str) -> Option<Gone> {
    let column = constraint.strip_prefix(table)?.strip_prefix('_')?.strip_suffix("_fkey")?;
    match column {
        column if USERS.contains(&column) => Some(Gone::User),
        column if PHOTOS.contains(&column) => Some(Gone::Photo),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_key_is_told_by_its_column() {
        assert_eq!(told_by("ratings", "ratings_rater_id_fkey"), Some(Gone::User));
        assert_eq!(told_by("photo_files", "photo_files_photo_id_fkey"), Some(Gone::Photo));
        assert_eq!(told_by("jobs", "jobs_partition_fkey"), None);
        assert_eq!(told_by("ratings", "ratings_pkey"), None);
    }
}
