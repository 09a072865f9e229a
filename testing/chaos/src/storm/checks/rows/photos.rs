//! Photos, their ratings, tags and imports.

use super::RowCheck;

pub(super) const ROWS: &[RowCheck] = &[
    RowCheck {
        name: "a histogram equals the photo's ratings",
        query: "with counted as (
                    select photo_id, array_agg((select count(*)::integer from ratings
                                                where ratings.photo_id = photo_stats.photo_id and value = bar)
                                               order by bar) as bars
                    from photo_stats, generate_series(1, 10) as bar group by photo_id)
                select format('photo %s says %s, rated %s', photo_id, histogram, bars)
                from photo_stats join counted using (photo_id) where histogram <> bars",
    },
    RowCheck {
        name: "a rater has one position, and one rating of a photo",
        query: "select format('rater %s, %s positions', rater_id, count(*)) from rater_positions
                group by rater_id having count(*) > 1
                union all
                select format('photo %s, rater %s', photo_id, rater_id) from ratings
                group by photo_id, rater_id having count(*) > 1",
    },
    RowCheck {
        name: "no ballot counts that was used for a rating which was taken back",
        query: "select format('photo %s, user %s', photos.id, used.rater_id)
                from taken_back_ratings as used
                join photos on photos.id = photo_id and photos.picture = used.picture
                join ratings on ratings.photo_id = photos.id and ratings.rater_id = used.rater_id
                where ratings.ballot_at <= used.ballot_at",
    },
    RowCheck {
        name: "nobody has rated a photo of their own",
        query: "select format('photo %s, user %s', photo_id, rater_id)
                from (select photo_id, rater_id from ratings
                      union all select photo_id, rater_id from earlier_ratings) as rated
                join photos on photos.id = photo_id where owner_id = rater_id",
    },
    RowCheck {
        name: "the ratings of the picture that a photo shows are not among those of its others",
        query: "select format('photo %s, picture %s, user %s', photo_id, earlier_ratings.picture, rater_id)
                from earlier_ratings join photos on photos.id = photo_id
                where photos.picture = earlier_ratings.picture",
    },
    RowCheck {
        name: "a photo has at most fifty revisions, numbered without gaps up to the present one",
        query: "select format('photo %s at %s, earlier ones from %s to %s, %s of them', photos.id, revision_number,
                              min(number), max(number), count(number))
                from photos join photo_revisions on photo_id = photos.id
                group by photos.id
                having count(number) > 49 or max(number) <> revision_number - 1
                    or max(number) - min(number) + 1 <> count(number)",
    },
    RowCheck {
        name: "a live photo's pictures that crops need are kept, and it shows one of them",
        query: "select format('photo %s shows picture %s', id, picture)
                from photos
                where state = 'live' and picture <> 1
                  and (not exists (select from photo_pictures where photo_id = id and number = picture)
                       or not exists (select from photo_picture_files where photo_id = id and number = 1))
                union all
                select format('photo %s shows other files than those of picture %s', photo_id, picture)
                from photo_files join photos on id = photo_id
                where state = 'live' and picture <> 1
                  and not exists (select from photo_picture_files as kept
                                  where kept.photo_id = photo_files.photo_id and kept.number = picture
                                    and kept.edge = photo_files.edge and kept.key = photo_files.key)",
    },
    RowCheck {
        name: "a crop that is to be made has its job, and is of a live photo",
        query: "select format('photo %s, %s', photo_id, state)
                from photo_crops join photos on id = photo_id
                where problem is null
                  and (state <> 'live'
                       or photo_id::text not in (select payload->>'photo' from jobs
                                                 where kind in ('media.process.v1', 'media.abandon.v1')
                                                   and payload->>'photo' is not null))",
    },
    RowCheck {
        name: "a remix is one deeper than its parent",
        query: "select format('photo %s at %s, its parent %s at %s', photos.id, photos.depth, parent.id, parent.depth)
                from photos join photos as parent on parent.id = photos.parent_id
                where photos.depth <> parent.depth + 1",
    },
    RowCheck {
        name: "a live photo names its three files, and one that is away only while a moderator can undo that",
        query: "select format('photo %s, %s, %s files', photos.id, state, count(edge))
                from photos left join photo_files on photo_id = photos.id
                group by photos.id
                having state = 'live' and count(edge) <> 3
                    or state = 'failed' and count(edge) > 0
                    or state in ('hidden', 'deleted') and count(edge) > 0
                       and not exists (select from acts where thing = 'photo' and thing_id = photos.id
                                                          and undone_at is null and final_at is null)
                       and not exists (select from cases where about = 'photo' and cases.thing_id = photos.id
                                                           and hidden_at is not null)
                       and not exists (select from withheld where withheld.photo_id = photos.id)
                    or state = 'draft' and depth = 0 and count(edge) > 0",
    },
    RowCheck {
        name: "only live photos have a place",
        query: "select format('photo %s, %s', id, state) from photo_ranks join photos on id = photo_id
                where state <> 'live'",
    },
    RowCheck {
        name: "a photo that is processing has its job",
        query: "select format('photo %s', id) from photos
                where state = 'processing'
                  and id::text not in (select payload->>'photo' from jobs
                                       where kind in ('media.process.v1', 'media.abandon.v1')
                                         and payload->>'photo' is not null)",
    },
    RowCheck {
        name: "no photo went live after its picture was blocked",
        // Like the site's own comparison: six bits of a fingerprint may differ.
        query: "select format('photo %s, picture %s', photos.id, blocked.id)
                from photos
                join chaos_order as lived on lived.what = 'live' and lived.key = photos.id::text
                join blocked_pictures as blocked
                     on blocked.source_hash = photos.source_hash
                     or fingerprint_distance(blocked.fingerprint, photos.fingerprint) <= 6
                join chaos_order as entered on entered.what = 'blocked' and entered.key = blocked.id::text
                where state = 'live' and lived.number > entered.number",
    },
    RowCheck {
        name: "a rating that was acknowledged is there",
        query: "with told as (
                    select distinct photo, coalesce(into_id, rater) as rater
                    from told_ratings left join merged_users on merged_users.id = rater)
                select format('photo %s by %s', photo, rater)
                from told join photos on photos.id = photo join users on users.id = rater
                where owner_id <> rater
                  and not exists (select from told_taken_back
                                  left join merged_users on merged_users.id = told_taken_back.rater
                                  where told_taken_back.photo = told.photo
                                    and coalesce(into_id, told_taken_back.rater) = told.rater)
                  and not exists (select from ratings where (photo_id, rater_id) = (photo, rater))
                  and not exists (select from earlier_ratings where (photo_id, rater_id) = (photo, rater))
                  and not exists (select from withdrawn_ratings where (photo_id, rater_id) = (photo, rater))",
    },
    RowCheck {
        name: "a topic's count, with what is still to be added, equals its live photos",
        query: "select format('topic %s says %s, has %s', id, said, has)
                from (select id, photos + coalesce((select sum(topic_moves.photos) from topic_moves
                                                    where topic_id = topics.id), 0) as said,
                             (select count(*) from taggings where topic_id = topics.id and live and not doubled) as has
                      from topics) as counted
                where said <> has",
    },
    RowCheck {
        name: "a tag is live exactly if its photo is",
        query: "select format('photo %s, %s', photo_id, state) from taggings join photos on id = photo_id
                where live <> (state = 'live')",
    },
    RowCheck {
        name: "an upload that was acknowledged is there",
        query: "with told as (
                    select photo, coalesce(into_id, owner) as owner
                    from told_photos left join merged_users on merged_users.id = owner)
                select format('photo %s of %s', photo, owner) from told join users on users.id = owner
                where not exists (select from photos where id = photo and owner_id = owner)",
    },
    RowCheck {
        name: "each file of an import that has ended has an outcome, and a draft of its own if it is imported",
        query: "select format('import %s is %s', id, state) from imports
                where state in ('done', 'refused', 'cancelled', 'undone')
                      and exists (select from import_files
                                  where import_id = id and import_files.state in ('waiting', 'stored'))
                   or (ended_at is null) <> (state in ('unpacking', 'importing', 'undoing'))
                union all
                select format('photo %s of user %s is file %s of import %s',
                              photo_id, photos.owner_id, number, import_id)
                from import_files join imports on imports.id = import_id join photos on photos.id = photo_id
                where import_files.state = 'imported' and photos.owner_id <> imports.owner_id
                union all
                select format('photo %s is imported %s times', photo_id, count(*)) from import_files
                where state = 'imported' and photo_id is not null group by photo_id having count(*) > 1",
    },
    RowCheck {
        name: "no transaction is left open",
        query: "select format('%s, %s since %s: %s', application_name, state, xact_start, left(query, 200))
                from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid()
                  and backend_type = 'client backend' and xact_start < clock_timestamp() - interval '2 seconds'",
    },
];
