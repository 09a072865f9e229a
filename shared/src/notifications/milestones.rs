//! Milestones: a photo's 10th, 100th, 1,000th rating.

use sqlx::PgConnection;

use super::record::{News, record};
use crate::db::Tx;
use crate::ids::{PhotoId, UserId};

/// Notifies the owners of those photos that have reached a power of ten since they were last told.
pub async fn tell(db: &mut Tx, photos: &[PhotoId]) -> sqlx::Result<()> {
    let mut news = Vec::new();
    for (photo, number) in list_reached(db, photos).await? {
        // The owner, then the photo: as everywhere. Either may have gone meanwhile.
        let owner = sqlx::query_scalar!(
            r#"select users.id as "owner: UserId" from users
               where id = (select owner_id from photos where id = $1 and state = 'live') for key share"#,
            photo.0,
        );
        let Some(owner) = owner.fetch_optional(&mut *db).await? else { continue };
        let told = sqlx::query!(
            "insert into photo_milestones (photo_id, number) select id, $2 from photos where id = $1
             on conflict (photo_id) do update set number = excluded.number
             where photo_milestones.number < excluded.number",
            photo.0,
            number,
        );
        if told.execute(&mut *db).await?.rows_affected() > 0 {
            news.push(News::milestone(owner, photo, number));
        }
    }
    record(db, &news).await
}

async fn list_reached(db: &mut PgConnection, photos: &[PhotoId]) -> sqlx::Result<Vec<(PhotoId, i64)>> {
    let ids: Vec<_> = photos.iter().map(|photo| photo.0).collect();
    let rows = sqlx::query!(
        r#"select photo_stats.photo_id as "photo: PhotoId", reached as "reached!"
           from photo_stats
           cross join lateral (select sum(c) as n from unnest(histogram) as c) as total
           cross join lateral (select (10 ^ (length(n::text) - 1))::bigint as reached) as power
           left join photo_milestones on photo_milestones.photo_id = photo_stats.photo_id
           where photo_stats.photo_id = any($1) and n >= 10 and coalesce(number < reached, true)
           order by photo_stats.photo_id"#,
        &ids,
    );
    Ok(rows.fetch_all(db).await?.into_iter().map(|row| (row.photo, row.reached)).collect())
}
