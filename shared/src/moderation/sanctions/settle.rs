//! Taking away what sanctions take and giving it back after their end, in short transactions. Each looks again at what
//! holds, with the member's key locked, so that two jobs never work against each other, and one that was killed goes
//! on.

use pawdium_queue::Enqueue as _;
use sqlx::PgConnection;

use crate::db::{Db, Tx, retry_conflicts};
use crate::events::Event;
use crate::ids::{HubId, PhotoId, UserId};
use crate::jobs::sanctions::SettleSanctions;
use crate::moderation::blocked;
use crate::photos::{self, owner};
use crate::ratings::withdrawn;
use crate::{comments, talks};

/// Photos, ratings or comments in a transaction.
const BATCH: i64 = 100;

/// What the sanctions of a member take away, by the database's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Due {
    ratings: bool,
    content: bool,
}

/// What is taken and given back in batches.
#[derive(Clone, Copy, Debug)]
enum Part {
    Ratings,
    Photos,
    Comments,
}

/// Which sanctions were considered: those that have begun and those that have ended, as far as it isn't noted yet.
struct Open {
    begun: Vec<i64>,
    ended: Vec<i64>,
    /// Whether one of them is a silence, so that ratings weigh something else.
    weighs: bool,
}

/// Lists members whose sanctions have begun or ended, and for whom that has yet to be done.
pub async fn list_due(db: &mut PgConnection, limit: i64) -> sqlx::Result<Vec<UserId>> {
    sqlx::query_scalar!(
        r#"select distinct user_id as "user: UserId" from sanctions
           where ended_at is null
             and (begun_at is null or lifted_at is not null or until <= clock_timestamp())
           order by 1 limit $1"#,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Brings a member's ratings and content in line with the sanctions that hold. Twice changes nothing.
///
/// # Errors
/// When the database fails. What was done until then stays.
pub async fn settle(db: &Db, user: UserId) -> Result<(), talks::Refusal> {
    let open = find_open(&mut *db.acquire().await?, user).await?;
    if open.is_none() && !has_hidden(&mut *db.acquire().await?, user).await? {
        return Ok(());
    }
    for part in [Part::Ratings, Part::Photos, Part::Comments] {
        while step(db, user, part).await? {}
    }
    settle_talks(db, user).await?;
    let Some(open) = open else { return Ok(()) };
    if open.weighs {
        weigh_again(db, user).await?;
    }
    note(db, user, &open).await?;
    Ok(())
}

/// Hides again what a moderator has just given back to these owners, if a sanction hides all that is theirs. Lock them
/// first.
pub async fn hide_again(db: &mut Tx, owners: &[UserId]) -> sqlx::Result<()> {
    for user in hides(db, owners).await? {
        SettleSanctions { user: Some(user) }.enqueue(db).await?;
    }
    Ok(())
}

/// Settles for those whose talks a hub had that has just come back: a sanction may have begun or ended meanwhile. Lock
/// them first.
pub(in crate::moderation) async fn settle_hub(db: &mut Tx, hub: HubId) -> sqlx::Result<()> {
    for user in talks::withhold::list_authors(db, hub).await? {
        SettleSanctions { user: Some(user) }.enqueue(db).await?;
    }
    Ok(())
}

/// Whether a sanction hides what is a user's, or has hidden something that is hidden still.
async fn has_hidden(db: &mut PgConnection, user: UserId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select (hidden_until > clock_timestamp()) is true
                  or exists (select from withheld where owner_id = $1) as "has!"
           from users where id = $1"#,
        user.0,
    )
    .fetch_optional(db)
    .await
    .map(|has| has.unwrap_or(false))
}

/// Those of these users whose content a sanction hides.
async fn hides(db: &mut PgConnection, users: &[UserId]) -> sqlx::Result<Vec<UserId>> {
    let users: Vec<_> = users.iter().map(|user| user.0).collect();
    sqlx::query_scalar!(
        r#"select id as "id: UserId" from users where id = any($1) and hidden_until > clock_timestamp() order by id"#,
        &users,
    )
    .fetch_all(db)
    .await
}

async fn find_open(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<Open>> {
    let rows = sqlx::query!(
        r#"select id, kind = 'silence' as "silences!", begun_at is null as "begins!",
                  (lifted_at is not null or until <= clock_timestamp()) is true as "ends!"
           from sanctions where user_id = $1 and ended_at is null"#,
        user.0,
    )
    .fetch_all(db)
    .await?;
    let due: Vec<_> = rows.into_iter().filter(|row| row.begins || row.ends).collect();
    if due.is_empty() {
        return Ok(None);
    }
    Ok(Some(Open {
        begun: due.iter().filter(|row| row.begins).map(|row| row.id).collect(),
        ended: due.iter().filter(|row| row.ends).map(|row| row.id).collect(),
        weighs: due.iter().any(|row| row.silences),
    }))
}

/// What is due, with the member's key locked: nobody imposes or lifts a sanction until the transaction ends. `None` if
/// the account is gone.
async fn hold(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<Due>> {
    let held = sqlx::query!("select id from users where id = $1 for key share", user.0);
    if held.fetch_optional(&mut *db).await?.is_none() {
        return Ok(None);
    }
    // A separate statement: it sees what the lock waited for. A ban has no end, so it holds until it is lifted.
    let due = sqlx::query_as!(
        Due,
        r#"select exists (select from sanctions
                          where user_id = $1 and kind = 'ban' and lifted_at is null) as "ratings!",
                  coalesce(hidden_until > clock_timestamp(), false) as "content!"
           from users where id = $1"#,
        user.0,
    );
    due.fetch_optional(db).await
}

/// Makes one step in a transaction of its own. Returns whether another one may be needed.
async fn step(db: &Db, user: UserId, part: Part) -> sqlx::Result<bool> {
    retry_conflicts(async || {
        let mut tx = db.begin().await?;
        let Some(due) = hold(&mut tx, user).await? else { return Ok(false) };
        let changed = match part {
            Part::Ratings => ratings(&mut tx, user, due).await?,
            Part::Photos => shown_photos(&mut tx, user, due).await?,
            Part::Comments => shown_comments(&mut tx, user, due).await?,
        };
        tx.commit().await?;
        Ok(changed > 0)
    })
    .await
}

async fn ratings(db: &mut Tx, user: UserId, due: Due) -> sqlx::Result<usize> {
    if due.ratings {
        withdrawn::take(db, user, BATCH).await
    } else {
        withdrawn::give_back(db, user, BATCH).await
    }
}

async fn shown_photos(db: &mut Tx, user: UserId, due: Due) -> sqlx::Result<usize> {
    if due.content {
        return photos::withhold::withhold(db, user, BATCH).await;
    }
    blocked::prevent_blocking(db).await?;
    let withheld = photos::withhold::list(db, user, BATCH).await?;
    photos::withhold::give_back(db, user, &withheld).await?;
    Ok(withheld.len())
}

async fn shown_comments(db: &mut Tx, user: UserId, due: Due) -> sqlx::Result<usize> {
    if due.content {
        comments::withhold::withhold(db, user, BATCH).await
    } else {
        comments::withhold::give_back(db, user, BATCH).await
    }
}

async fn settle_talks(db: &Db, user: UserId) -> Result<(), talks::Refusal> {
    let mut found = talks::withhold::list_shown(&mut *db.acquire().await?, user).await?;
    found.extend(talks::withhold::list_withheld(&mut *db.acquire().await?, user).await?);
    for talk in found {
        retry_conflicts(async || {
            let mut tx = db.begin().await?;
            match hold(&mut tx, user).await? {
                Some(Due { content: true, .. }) => talks::withhold::withhold(&mut tx, user, talk).await?,
                Some(_) => talks::withhold::give_back(&mut tx, talk).await?,
                None => {}
            }
            Ok::<_, talks::Refusal>(tx.commit().await?)
        })
        .await?;
    }
    Ok(())
}

/// Lets the photos that a member has rated be weighed again. Killed in between, it begins anew.
async fn weigh_again(db: &Db, user: UserId) -> sqlx::Result<()> {
    let mut last = PhotoId(0);
    loop {
        let next = retry_conflicts(async || {
            let mut tx = db.begin().await?;
            let next = withdrawn::weigh_again(&mut tx, user, last, BATCH).await?;
            tx.commit().await?;
            Ok::<_, sqlx::Error>(next)
        });
        match next.await? {
            Some(next) => last = next,
            None => return Ok(()),
        }
    }
}

/// Notes what is done, and tells the pages of hubs that count the member's ratings.
async fn note(db: &Db, user: UserId, open: &Open) -> sqlx::Result<()> {
    retry_conflicts(async || {
        let mut tx = db.begin().await?;
        let hubs = owner::find_hubs(&mut tx, user).await?;
        sqlx::query!(
            "update sanctions
             set begun_at = case when id = any($2) then coalesce(begun_at, clock_timestamp()) else begun_at end,
                 ended_at = case when id = any($3) then clock_timestamp() else ended_at end
             where user_id = $1 and (id = any($2) or id = any($3))",
            user.0,
            &open.begun,
            &open.ended,
        )
        .execute(&mut *tx)
        .await?;
        if !hubs.is_empty() {
            Event::MemberChanged { photos: Vec::new(), hubs }.record(&mut tx).await?;
        }
        tx.commit().await
    })
    .await
}
