//! Tells which database the media store belongs to, and how recent it was. A purge deletes files that no photo refers
//! to. Run against another site's database, a copy, or one restored from an older dump, it would delete pictures that
//! the right database needs. So the store has a mark, and a database that doesn't match it purges nothing.
//! The mark contains the site, the database (a copy has another number, a promoted replica the same), and the highest
//! photo id. A database that hasn't assigned that id yet is older than the store. The mark records this, so that new
//! photos don't make a restored database look current.

use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{error, info, warn};

use crate::store::MediaStore;

/// How far the mark may lag behind published photos.
const LAG: Duration = Duration::from_secs(30);

/// The content of the mark.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    site: String,
    database: String,
    /// The highest photo id.
    photo: i64,
    /// A database was older than this mark. The mark then matches no database until an operator decides.
    #[serde(default)]
    disputed: bool,
}

/// Why a database doesn't match the store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// The store is another site's.
    #[error("the media store belongs to another site")]
    Site,
    /// The store belongs to this site, and the database is a copy or was moved.
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
        /// The highest photo id according to the store.
        known: i64,
        /// The highest photo id of the database.
        reached: i64,
    },
}

/// What an operator can do about a mismatch.
pub const ADVICE: &str = "no files are deleted from the store; to use it with this database from now on, run \
                          `pawdium media adopt`, otherwise correct database.url or media.store";

/// Builds this database's mark.
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

/// Compares the mark with the database and updates it. A store without a mark is assigned to this database.
///
/// # Errors
/// If the store or the database is unreachable. A mismatch is not an error.
pub async fn check(db: &mut PgConnection, store: &MediaStore) -> anyhow::Result<Result<(), Mismatch>> {
    // Read the store first: the database may only advance meanwhile, which is harmless.
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

/// Assigns the store to this database, whatever its mark says. Returns the mismatch until then.
///
/// # Errors
/// If the store or the database is unreachable.
pub async fn adopt(db: &mut PgConnection, store: &MediaStore) -> anyhow::Result<Result<(), Mismatch>> {
    let here = here(db).await?;
    let compared = match read(store).await {
        Ok(Some(mark)) => compare(&mark, &here),
        Ok(None) => Ok(()),
        // Replace an unreadable mark, which only an operator may do.
        Err(error) if error.is::<serde_json::Error>() => Err(Mismatch::Site),
        Err(error) => return Err(error),
    };
    write(store, &here).await?;
    Ok(compared)
}

/// Updates the mark from time to time while photos are published.
#[derive(Debug, Default)]
pub struct Keeper {
    checked: Mutex<Option<Instant>>,
}

impl Keeper {
    /// Checks and updates the mark, unless that happened recently. Logs mismatches and failures, because neither should
    /// fail a photo.
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
                warn!(error = format!("{error:#}"), "couldn't update the media store's mark");
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
    fn the_same_database_matches_if_it_is_not_older() {
        let stored = mark("site", "1/2", 10);
        assert_eq!(compare(&stored, &mark("site", "1/2", 10)), Ok(()));
        assert_eq!(compare(&stored, &mark("site", "1/2", 11)), Ok(()));
        let behind = Mismatch::Behind { known: 10, reached: 9 };
        assert_eq!(compare(&stored, &mark("site", "1/2", 9)), Err(behind));
        assert_eq!(compare(&stored, &mark("site", "1/3", 11)), Err(Mismatch::Database));
        assert_eq!(compare(&stored, &mark("other", "1/2", 11)), Err(Mismatch::Site));
    }

    #[test]
    fn a_disputed_mark_stays_disputed() {
        let disputed = Mark { disputed: true, ..mark("site", "1/2", 10) };
        let behind = Mismatch::Behind { known: 10, reached: 20 };
        assert_eq!(compare(&disputed, &mark("site", "1/2", 20)), Err(behind));
    }
}
