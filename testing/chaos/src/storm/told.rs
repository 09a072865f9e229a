//! What the site has acknowledged. It must be true when the storm is over.

use pawdium_shared::accounts::sessions::Token;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection};

/// All that was acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// The users whose account was deleted.
    pub deleted: Vec<i64>,
    /// The number of anonymous users that logged in to an account.
    pub merges: u64,
    /// The ratings: the photo, and the user who rated it.
    pub ratings: Vec<(i64, i64)>,
    /// The ratings that somebody wanted to take back, whether that was answered or not.
    pub taken_back: Vec<(i64, i64)>,
    /// The accepted photos and their owners.
    pub photos: Vec<(i64, i64)>,
    /// The token hashes of sessions that tried to change a password, answered or not. Such a session may stay open.
    pub changers: Vec<[u8; 32]>,
}

const TABLES: &str = "
    drop table if exists told_deleted, told_ratings, told_taken_back, told_photos, told_changers;
    create temporary table told_deleted (id bigint not null);
    create temporary table told_ratings (photo bigint not null, rater bigint not null);
    create temporary table told_taken_back (photo bigint not null, rater bigint not null);
    create temporary table told_photos (photo bigint not null, owner bigint not null);
    create temporary table told_changers (token_hash bytea not null);";

impl Told {
    /// Notes that this session is about to change its user's password.
    pub fn change_by(&mut self, session: &str) {
        self.changers.push(Token::presented(session).hash());
    }

    /// Loads it into temporary tables of this connection.
    ///
    /// # Errors
    /// If the database can't be reached.
    pub async fn load(&self, db: &mut PgConnection) -> sqlx::Result<()> {
        db.execute(AssertSqlSafe(TABLES)).await?;
        sqlx::query("insert into told_deleted select unnest($1::bigint[])")
            .bind(&self.deleted)
            .execute(&mut *db)
            .await?;
        load_pairs(
            db,
            "insert into told_ratings select * from unnest($1::bigint[], $2::bigint[])",
            &self.ratings,
        )
        .await?;
        load_pairs(
            db,
            "insert into told_taken_back select * from unnest($1::bigint[], $2::bigint[])",
            &self.taken_back,
        )
        .await?;
        load_pairs(
            db,
            "insert into told_photos select * from unnest($1::bigint[], $2::bigint[])",
            &self.photos,
        )
        .await?;
        let changers: Vec<_> = self.changers.iter().map(<[u8; 32]>::as_slice).collect();
        sqlx::query("insert into told_changers select unnest($1::bytea[])")
            .bind(changers)
            .execute(db)
            .await?;
        Ok(())
    }
}

async fn load_pairs(
    db: &mut PgConnection,
    statement: &'static str,
    pairs: &[(i64, i64)],
) -> sqlx::Result<()> {
    let (ones, others): (Vec<i64>, Vec<i64>) = pairs.iter().copied().unzip();
    sqlx::query(statement).bind(ones).bind(others).execute(db).await?;
    Ok(())
}
