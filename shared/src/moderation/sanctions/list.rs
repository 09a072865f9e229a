//! Reading sanctions.

use sqlx::PgConnection;

use super::{Content, Sanction, SanctionKind};
use crate::accounts::Act;
use crate::ids::{SanctionId, UserId};

/// Selects sanctions with their appeals.
macro_rules! sanctions_where {
    ($filter:literal, $($value:expr),*) => {
        sqlx::query_as!(
            Sanction,
            r#"select id as "id: SanctionId", user_id as "user: UserId", kind as "kind: SanctionKind", reason,
                      content as "content: Content", imposer, imposed_at, until, lifted_at, lifter,
                      lifted_at is null and coalesce(until, 'infinity') > clock_timestamp() as "in_force!",
                      text as "appeal?", made_at as "appealed_at?", accepted, answer, judge
               from sanctions left join appeals on sanction_id = id "# + $filter,
            $($value),*
        )
    };
}

/// Finds a sanction.
pub async fn find(db: &mut PgConnection, sanction: SanctionId) -> sqlx::Result<Option<Sanction>> {
    sanctions_where!("where id = $1", sanction.0).fetch_optional(db).await
}

/// Lists all sanctions of a member, past and present, newest first.
pub async fn of_user(db: &mut PgConnection, user: UserId) -> sqlx::Result<Vec<Sanction>> {
    sanctions_where!("where user_id = $1 order by id desc", user.0).fetch_all(db).await
}

/// Finds the sanction in force that keeps a member from acting so: the one that holds longest.
pub async fn that_forbids(db: &mut PgConnection, user: UserId, act: Act) -> sqlx::Result<Option<Sanction>> {
    // What a silence forbids, a suspension forbids as well.
    let silences = act == Act::Publish;
    sanctions_where!(
        "where user_id = $1 and (kind in ('suspend', 'ban') or kind = 'silence' and $2)
           and lifted_at is null and coalesce(until, 'infinity') > clock_timestamp()
         order by kind = 'silence', coalesce(until, 'infinity') desc, id desc limit 1",
        user.0,
        silences
    )
    .fetch_optional(db)
    .await
}

/// Like [`that_forbids`], in the transaction of an act: one that is being imposed is waited for, and a later one waits
/// for the act.
pub async fn that_still_forbids(
    db: &mut PgConnection,
    user: UserId,
    act: Act,
) -> sqlx::Result<Option<Sanction>> {
    sqlx::query!("select id from users where id = $1 for key share", user.0).fetch_optional(&mut *db).await?;
    that_forbids(db, user, act).await
}

/// Finds what a member is told of on every page: the silence in force that holds longest, or the last warning, for a
/// week.
pub async fn to_show(db: &mut PgConnection, user: UserId) -> sqlx::Result<Option<Sanction>> {
    sanctions_where!(
        "where user_id = $1 and lifted_at is null
           and (kind = 'silence' and coalesce(until, 'infinity') > clock_timestamp()
                or kind = 'warn' and imposed_at + interval '7 days' > clock_timestamp())
         order by kind = 'silence' desc, coalesce(until, 'infinity') desc, id desc limit 1",
        user.0
    )
    .fetch_optional(db)
    .await
}

/// A member with a sanction in force, for the list of moderators.
#[derive(Clone, Debug)]
pub struct Sanctioned {
    /// The member's name.
    pub name: String,
    /// The sanction.
    pub sanction: Sanction,
}

/// Lists sanctions in force other than warnings, newest first, with numbers below `before`.
pub async fn in_force(
    db: &mut PgConnection,
    before: Option<SanctionId>,
    limit: i64,
) -> sqlx::Result<Vec<Sanctioned>> {
    let found = sanctions_where!(
        "where id < $1 and kind <> 'warn' and lifted_at is null and coalesce(until, 'infinity') > clock_timestamp()
         order by id desc limit $2",
        before.map_or(i64::MAX, |before| before.0),
        limit
    )
    .fetch_all(&mut *db)
    .await?;
    let ids: Vec<_> = found.iter().map(|sanction| sanction.user.0).collect();
    let names = sqlx::query!(
        r#"select id as "id: UserId", name as "name!" from users where id = any($1) and name is not null"#,
        &ids,
    )
    .fetch_all(db)
    .await?;
    Ok(found
        .into_iter()
        .filter_map(|sanction| {
            let name = names.iter().find(|row| row.id == sanction.user)?.name.clone();
            Some(Sanctioned { name, sanction })
        })
        .collect())
}

/// What a member's record counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Live photos.
    pub photos: i64,
    /// Comments that are shown.
    pub comments: i64,
    /// Ratings that count.
    pub ratings: i64,
    /// Ratings that a ban has withdrawn.
    pub withdrawn: i64,
    /// Photos, comments and talks that a sanction hides.
    pub hidden: i64,
    /// Reports of the member, and of what is the member's.
    pub reports: i64,
}

/// Counts what a member has done, and what others say of it.
pub async fn counts(db: &mut PgConnection, user: UserId) -> sqlx::Result<Counts> {
    sqlx::query_as!(
        Counts,
        r#"select (select count(*) from photos where owner_id = $1 and state = 'live') as "photos!",
                  (select count(*) from comments where author_id = $1 and state = 'shown') as "comments!",
                  (select count(*) from ratings where rater_id = $1) as "ratings!",
                  (select count(*) from withdrawn_ratings where rater_id = $1) as "withdrawn!",
                  (select count(*) from withheld where owner_id = $1) as "hidden!",
                  (select coalesce(sum(reports), 0) from cases
                   where owner_id = $1 and about <> 'appeal') as "reports!""#,
        user.0,
    )
    .fetch_one(db)
    .await
}
