//! Which database the media store belongs to, and how far that was. A purge removes what no photo names; started against
//! another site's database, a copy, or one that was restored from an older dump, it would take pictures that the right
//! one shows. So the store bears a mark, and nothing is purged from it that a database doesn't match.
//!
//! The mark names the site, the very database (a copy has another number, a replica that takes over has the same), and the
//! highest number that a photo had. A database that hasn't given that number yet is behind. This is noted in the mark, so
//! that new photos don't make a restored database look as if it had caught up.

use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::store::MediaStore;

/// How far the mark may lag behind what is published.
const LAG: Duration = Duration::from_secs(30);

/// What stands in the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    site: String,
    database: String,
    /// The highest number of a photo.
    photo: i64,
    /// A database was behind this mark. The mark matches no database until an operator has decided.
    #[serde(default)]
    disputed: bool,
}

/// A database that the store doesn't belong to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The store is another site's.
    #[error("the media store belongs to another site")]
    Site,
    /// The store is this site's, and the database is a copy, or has been moved.
    #[error(
        "the media store belongs to another database of this site: this one is a copy, or was restored or moved"
    )]
    Database,
    /// The database is older than the store.
    #[error(
        "the database is older than the media store, which knows of photo {known} while the database had come to {reached}: \
         it was restored from an older dump"
    )]
    Behind {
        /// By the store.
        known: i64,
        /// By the database.
        reached: i64,
    },
}

/// What an operator can do about it.
pub const ADVICE: &str = "nothing is removed from the store; if this database is to be used with it from now on, run \
                          `pawdium media adopt`, else correct database.url or media.store";

/// This database's own mark.
async fn here(db: &mut PgConnection) -> sqlx::Result<Mark> {
    let row = sqlx::query!(
        r#"select site.id::text as "site!",
                  (select system_identifier from pg_control_system()) || '/' ||
                  (select oid from pg_database where datname = current_database()) as "database!",
                  coalesce(pg_sequence_last_value(pg_get_serial_sequence('photos', 'id')::regclass), 0) as "photo!"
           from site"#,
    )
    .fetch_one(db)
    .await?;
    Ok(Mark { site: row.site, database: row.database, photo: row.photo, disputed: false })
}

fn compare(mark: &Mark, here: &Mark) -> Result<(), Mismatch> {
    if mark.site != here.site {
        Err(Mismatch::Site)
    } else if mark.database != here.database {
        Err(Mismatch::Database)
    } else if mark.disputed || mark.photo > here.photo {
        Err(Mismatch::Behind { known: mark.photo, reached: here.photo })
    } else {
        Ok(())
    }
}

async fn read(store: &MediaStore) -> anyhow::Result<Option<Mark>> {
    let Some(mark) = store.read_mark().await? else { return Ok(None) };
    Ok(Some(serde_json::from_slice(&mark).context("the media store's mark can't be read")?))
}

async fn write(store: &MediaStore, mark: &Mark) -> anyhow::Result<()> {
    store.write_mark(serde_json::to_vec(mark)?).await.context("writing the media store's mark")
}

/// Compares, and brings the mark up to date. A store without one is taken for this database's.
///
/// # Errors
/// When the store or the database is away. That they don't match is no error.
pub async fn check(db: &mut PgConnection, store: &MediaStore) -> anyhow::Result<Result<(), Mismatch>> {
    // What is read first may be outdated only in the harmless direction: the database goes on meanwhile.
    let mark = read(store).await?;
    let here = here(db).await?;
    let Some(mark) = mark else {
        write(store, &here).await?;
        info!("marked the media store as this database's");
        return Ok(Ok(()));
    };
    let compared = compare(&mark, &here);
    match compared {
        Ok(()) if here.photo > mark.photo => write(store, &here).await?,
        Err(Mismatch::Behind { .. }) if !mark.disputed => {
            write(store, &Mark { disputed: true, ..mark }).await?;
        }
        _ => {}
    }
    Ok(compared)
}

/// Makes the store this database's, whatever its mark says. Answers with what was wrong until then.
///
/// # Errors
/// When the store or the database is away.
pub async fn adopt(db: &mut PgConnection, store: &MediaStore) -> anyhow::Result<Result<(), Mismatch>> {
    let here = here(db).await?;
    let compared = match read(store).await {
        Ok(Some(mark)) => compare(&mark, &here),
        Ok(None) => Ok(()),
        // An operator has to replace a mark that can't be read.
        Err(error) if error.is::<serde_json::Error>() => Err(Mismatch::Site),
        Err(error) => return Err(error),
    };
    write(store, &here).await?;
    Ok(compared)
}

/// Brings the mark up to date while photos are published, every now and then.
#[derive(Debug, Default)]
pub struct Keeper {
    checked: Mutex<Option<Instant>>,
}

impl Keeper {
    /// Checks, unless that was done a moment ago, and logs what doesn't match. A failure is logged, too: a photo doesn't
    /// fail for it.
    pub async fn note(&self, db: &mut PgConnection, store: &MediaStore) {
        let Ok(mut checked) = self.checked.try_lock() else { return };
        if checked.is_some_and(|at| at.elapsed() < LAG) {
            return;
        }
        match check(db, store).await {
            Ok(Ok(())) => *checked = Some(Instant::now()),
            Ok(Err(mismatch)) => {
                *checked = Some(Instant::now());
                error!(%mismatch, "the media store is not this database's: {ADVICE}");
            }
            Err(error) => {
                warn!(error = format!("{error:#}"), "couldn't bring the media store's mark up to date");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(site: &str, database: &str, photo: i64) -> Mark {
        Mark { site: site.to_owned(), database: database.to_owned(), photo, disputed: false }
    }

    #[test]
    fn a_database_matches_that_is_the_same_and_as_far() {
        let stored = mark("site", "1/2", 10);
        assert_eq!(compare(&stored, &mark("site", "1/2", 10)), Ok(()));
        assert_eq!(compare(&stored, &mark("site", "1/2", 11)), Ok(()));
        let behind = Mismatch::Behind { known: 10, reached: 9 };
        assert_eq!(compare(&stored, &mark("site", "1/2", 9)), Err(behind));
        assert_eq!(compare(&stored, &mark("site", "1/3", 11)), Err(Mismatch::Database));
        assert_eq!(compare(&stored, &mark("other", "1/2", 11)), Err(Mismatch::Site));
    }

    #[test]
    fn what_was_behind_once_has_not_caught_up() {
        let disputed = Mark { disputed: true, ..mark("site", "1/2", 10) };
        let behind = Mismatch::Behind { known: 10, reached: 20 };
        assert_eq!(compare(&disputed, &mark("site", "1/2", 20)), Err(behind));
    }
}
