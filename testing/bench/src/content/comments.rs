//! Comments on a site with millions of them: what is there, and what one page of them asks.

use anyhow::Result;
use pawdium_shared::comments::{Comment, Position, Viewer, lists};
use pawdium_shared::ids::{CommentId, PhotoId, UserId};
use sqlx::{Executor as _, PgConnection};

/// How many members write them.
const AUTHORS: i32 = 2_000;

/// Comments on a page.
const PER_PAGE: i64 = 30;

/// A site's comments.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Commented {
    /// The photo with the most comments: a tenth of all.
    pub(crate) busiest: PhotoId,
    /// A viewer who has blocked members and is blocked by others.
    pub(crate) viewer: UserId,
}

/// Adds members and `count` comments to the photos that are there. A tenth is on one photo; the others are spread.
/// Every second is a reply, every hundredth removed, every thousandth held.
pub(crate) async fn fill(db: &mut PgConnection, count: i32) -> Result<Commented> {
    let first: i64 =
        sqlx::query_scalar("select coalesce(max(id), 0) + 1 from comments").fetch_one(&mut *db).await?;
    sqlx::query(
        "insert into users (rater_key, name, email, password_hash, registered_at)
         select -1000000 - number, 'commenter' || number, 'commenter' || number || '@example.org', 'none',
                now() - interval '1 year'
         from generate_series(1, $1) as number",
    )
    .bind(AUTHORS)
    .execute(&mut *db)
    .await?;
    // The trigger would count row by row.
    db.execute("alter table comments disable trigger comments_counted").await?;
    sqlx::query(
        "with numbered as (
             select array(select id from photos where state = 'live' order by id) as photos,
                    array(select id from users where name like 'commenter%' order by id) as authors
         ), threads as (
             -- A thread has one comment and one reply, so both have the photo of their pair.
             select number, (number + 1) / 2 as pair from generate_series(1, $2) as number
         )
         insert into comments (id, photo_id, author_id, reply_to, text, text_key, state, held_for, created_at,
                               removed_at)
         overriding system value
         select $1 + number - 1,
                photos[case when pair % 10 = 0 then 1
                            else 1 + (hashint4(pair)::bigint & 2147483647) % cardinality(photos) end],
                authors[1 + (hashint4(number)::bigint & 2147483647) % cardinality(authors)],
                case when number % 2 = 0 then $1 + number - 2 end,
                repeat('So derpy. ', 1 + number % 20), decode(md5(number::text), 'hex'),
                case when number % 100 = 0 then 'removed' when number % 1000 = 1 then 'held' else 'shown' end,
                case when number % 1000 = 1 then 'repeated' end,
                now() - ($2 - number) * interval '1 second', case when number % 100 = 0 then now() end
         from threads, numbered",
    )
    .bind(first)
    .bind(count)
    .execute(&mut *db)
    .await?;
    db.execute("alter table comments enable trigger comments_counted").await?;
    db.execute("select setval(pg_get_serial_sequence('comments', 'id'), (select max(id) from comments))")
        .await?;
    db.execute(
        "insert into comment_counts (photo_id, shown)
         select photo_id, count(*) from comments where state = 'shown' group by photo_id
         on conflict (photo_id) do update set shown = excluded.shown",
    )
    .await?;
    db.execute(
        "insert into member_blocks (user_id, blocked_id)
         select member.id, other.id from users as member, users as other
         where member.name like 'commenter%' and other.name like 'commenter%'
           and other.id % 20 = member.id % 20 and other.id <> member.id",
    )
    .await?;
    db.execute("vacuum analyze comments").await?;
    db.execute("analyze comment_counts; analyze member_blocks; analyze users").await?;
    let busiest = sqlx::query_scalar("select min(id) from photos where state = 'live'").fetch_one(&mut *db);
    let busiest = PhotoId(busiest.await?);
    let viewer = sqlx::query_scalar("select min(id) from users where name like 'commenter%'").fetch_one(db);
    Ok(Commented { busiest, viewer: UserId(viewer.await?) })
}

/// A page of the comments on the busiest photo, somewhere in the list, as a member who has blocked others sees it.
pub(crate) async fn page(
    db: &mut PgConnection,
    on: Commented,
    after: Option<CommentId>,
) -> Result<Vec<Comment>> {
    let viewer = Viewer { user: on.viewer, knows: true, moderates: false };
    let after = after.map_or(Position::BEGIN, |thread| Position { thread, id: thread });
    Ok(lists::list(db, on.busiest, viewer, (after, Position::END), PER_PAGE + 1).await?)
}

/// Where pages begin: at the first thread of the busiest photo, and after others throughout its list.
pub(crate) async fn list_pages(db: &mut PgConnection, on: Commented) -> Result<Vec<Option<CommentId>>> {
    let threads: Vec<i64> =
        sqlx::query_scalar("select id from comments where photo_id = $1 and reply_to is null order by id")
            .bind(on.busiest.0)
            .fetch_all(db)
            .await?;
    let after = |part: usize| threads.get(threads.len() * part / 10).copied().map(CommentId);
    Ok((0..10).map(|part| if part == 0 { None } else { after(part) }).collect())
}
