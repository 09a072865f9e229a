//! Queries for what must not exist.

/// A query that returns a text for each offender.
pub(super) struct RowCheck {
    pub(super) name: &'static str,
    pub(super) query: &'static str,
}

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
        name: "no session is older than its user's password, but for the one that changed it",
        query: "with changed as (
                    select key::bigint as user_id, max(number) as number from chaos_order
                    where what = 'password' group by key)
                select format('a session of user %s', user_id)
                from sessions join changed using (user_id)
                join chaos_order as opened on what = 'session' and key = token_hash::text
                where opened.number < changed.number and token_hash not in (table told_changers)
                union all
                select format('%s sessions of user %s', count(*), user_id)
                from sessions join changed using (user_id)
                join chaos_order as opened on what = 'session' and key = token_hash::text
                where opened.number < changed.number
                group by user_id having count(*) > 1",
    },
    RowCheck {
        name: "who was merged or deleted is gone, and owns nothing",
        query: "with gone as (select id from merged_users union select id from told_deleted),
                owned as (
                    select 'a user' as what, id as user_id from users
                    union all select 'a session', user_id from sessions
                    union all select 'an API token', user_id from api_tokens
                    union all select 'a photo', owner_id from photos
                    union all select 'a rating', rater_id from ratings
                    union all select 'a rating of an earlier picture', rater_id from earlier_ratings
                    union all select 'a position', rater_id from rater_positions
                    union all select 'a link', sharer_id from shares
                    union all select 'a mailed link', user_id from mail_tokens
                    union all select 'a submission', owner_id from photo_submissions
                    union all select 'a role in a hub', user_id from hub_roles
                    union all select 'a request in a hub', user_id from hub_requests
                    union all select 'a profile', profile_of from hubs
                    union all select 'a talk', author_id from talks
                    union all select 'a comment', author_id from comments
                    union all select 'a sanction', user_id from sanctions
                    union all select 'a withdrawn rating', rater_id from withdrawn_ratings
                    union all select 'withheld content', owner_id from withheld
                    union all select 'a rating taken back', rater_id from taken_back_ratings
                    union all select 'an export', user_id from exports
                    union all select 'a picture for a portrait', user_id from avatar_uploads
                    union all select 'a notification', user_id from notifications
                    union all select 'a cause of a notification', actor_id from notifications
                    union all select 'a block', user_id from member_blocks
                    union all select 'a block', blocked_id from member_blocks
                    union all select 'a case', owner_id from cases
                    union all select 'a claim on a case', claimed_by from cases
                    union all select 'a report', reporter_id from reports
                    union all select 'an act', actor_id from acts
                    union all select 'the thing of an act', author_id from acts
                    union all select 'what an act has kept', user_id from kept_rows
                    union all
                    select 'a vote', voter_id from talk_votes join calls on calls.id = call_id
                    where call_phase(calls) not in ('closed', 'announced'))
                select format('%s of %s', what, id) from owned join gone on id = user_id",
    },
    RowCheck {
        name: "a case counts its reports, and weighs what they weigh",
        query: "select format('case %s: %s reports of %s, weight %s of %s', cases.id, cases.reports, count(reports.id),
                              cases.weight, sum(reports.weight))
                from cases left join reports on case_id = cases.id
                where about <> 'appeal'
                group by cases.id
                having cases.reports <> count(reports.id) or cases.weight <> coalesce(sum(reports.weight), 0)",
    },
    RowCheck {
        name: "reports are settled with their case, and as it is",
        query: "select format('report %s: %s, case %s: %s', reports.id, reports.outcome, cases.id, cases.outcome)
                from reports join cases on cases.id = case_id where reports.outcome is distinct from cases.outcome",
    },
    RowCheck {
        name: "a photo that waits to be judged is hidden, unless its owner has deleted it",
        query: "select format('photo %s, %s, case %s', photos.id, photos.state, cases.id)
                from cases join photos on photos.id = thing_id
                where about = 'photo' and hidden_at is not null and photos.state not in ('hidden', 'deleted')",
    },
    RowCheck {
        name: "a hub has an owner, unless it is archived",
        query: "select format('hub %s', id) from hubs
                where slug is not null and archived_at is null
                  and not exists (select from hub_roles where hub_id = id and role = 'owner')",
    },
    RowCheck {
        name: "only registered users have roles in hubs, and nobody is member and owner of one",
        query: "select format('user %s is %s of hub %s', user_id, hub_roles.role, hub_id)
                from hub_roles join users on users.id = user_id where name is null
                union all
                select format('user %s is both in hub %s', user_id, hub_id) from hub_roles
                where role in ('member', 'owner') group by hub_id, user_id having count(*) > 1",
    },
    RowCheck {
        name: "who asks to become a member of a hub is none",
        query: "select format('user %s asks in hub %s', user_id, hub_id)
                from hub_requests join hub_roles using (hub_id, user_id) where role in ('member', 'owner')",
    },
    RowCheck {
        name: "no hub's slug redirects to another",
        query: "select format('%s of hub %s leads to %s', slug, id, hub_id)
                from hubs join hub_slugs using (slug) where hub_id <> id",
    },
    RowCheck {
        name: "a talk's counts equal its votes",
        query: "select format('talk %s says %s and %s, votes are %s and %s', id, votes, guest_votes,
                              count(voter_id) filter (where not guest), count(voter_id) filter (where guest))
                from talks left join talk_votes on talk_id = id and set_aside_at is null
                group by id
                having (votes, guest_votes) <> (count(voter_id) filter (where not guest),
                                                count(voter_id) filter (where guest))",
    },
    RowCheck {
        name: "nobody votes for a talk of their own, or more often than the call allows",
        query: "select format('talk %s, user %s', talk_id, voter_id)
                from talk_votes join talks on talks.id = talk_id where author_id = voter_id
                union all
                select format('user %s, %s votes in call %s', voter_id, count(*), call_id)
                from talk_votes join calls on calls.id = call_id
                group by voter_id, call_id, votes_each having count(*) > votes_each",
    },
    RowCheck {
        name: "a frozen result equals the votes",
        query: "select format('talk %s has %s and %s in the result', frozen.talk_id, frozen.votes, frozen.guest_votes)
                from call_result_talks as frozen
                left join talk_votes as cast_votes on cast_votes.talk_id = frozen.talk_id and set_aside_at is null
                group by frozen.call_id, frozen.talk_id
                having (frozen.votes, frozen.guest_votes) <> (count(voter_id) filter (where not guest),
                                                              count(voter_id) filter (where guest))",
    },
    RowCheck {
        name: "a photo's count of comments equals those that are shown",
        query: "with found as (
                    select photo_id, count(*) as shown from comments where state = 'shown' group by photo_id)
                select format('photo %s says %s, shown are %s', photo_id, counts.shown, found.shown)
                from comment_counts as counts full join found using (photo_id)
                where coalesce(counts.shown, 0) <> coalesce(found.shown, 0)",
    },
    RowCheck {
        name: "a reply stands below a comment on the same photo that answers none",
        query: "select format('comment %s answers %s', reply.id, parent.id)
                from comments as reply join comments as parent on parent.id = reply.reply_to
                where parent.reply_to is not null or parent.photo_id <> reply.photo_id",
    },
    RowCheck {
        name: "what its author has deleted keeps neither text nor author, and what is shown has both",
        query: "select format('comment %s is %s', id, state) from comments
                where state <> 'removed' and (author_id is null or text = '')
                   or state = 'removed' and author_id is null and text <> ''",
    },
    RowCheck {
        name: "notifications tell of comments that are shown, and of nobody whom the member has blocked",
        query: "select format('notification %s tells of comment %s', notifications.id, comment_id)
                from notifications join comments on comments.id = comment_id where state <> 'shown'
                union all
                select format('notification %s of user %s tells of user %s', id, notifications.user_id, actor_id)
                from notifications
                join member_blocks on (member_blocks.user_id, blocked_id) in
                     ((notifications.user_id, actor_id), (actor_id, notifications.user_id))
                where blocked_at < created_at",
    },
    RowCheck {
        name: "a user's standing is what the sanctions in force say",
        query: "with said as (
                    select user_id, max(coalesce(until, 'infinity')) filter (where kind = 'silence') as silenced,
                           max(coalesce(until, 'infinity')) filter (where kind in ('suspend', 'ban')) as barred,
                           max(coalesce(until, 'infinity')) filter (where content = 'hide') as hidden,
                           max(imposed_at + interval '7 days') filter (where kind = 'warn') as warned
                    from sanctions where lifted_at is null group by user_id)
                select format('user %s: %s, %s, %s', id, silenced_until, barred_until, hidden_until)
                from users left join said on user_id = id
                where (silenced_until, barred_until, hidden_until, warned_until)
                      is distinct from (silenced, barred, hidden, warned)",
    },
    RowCheck {
        name: "who is suspended or banned has no session",
        query: "select format('user %s', user_id) from sessions join users on users.id = user_id
                where barred_until > now()",
    },
    RowCheck {
        name: "a banned member's ratings are withdrawn, and nobody else's",
        query: "with banned as (select distinct user_id from sanctions where kind = 'ban' and lifted_at is null)
                select format('a rating by user %s', rater_id)
                from (select rater_id from ratings union select rater_id from earlier_ratings) as rated
                join banned on user_id = rater_id
                union all
                select format('a withdrawn rating of user %s', rater_id)
                from (select distinct rater_id from withdrawn_ratings) as withdrawn
                where rater_id not in (select user_id from banned)",
    },
    RowCheck {
        name: "what is withheld is hidden, and belongs to a member whose content is",
        query: "select format('photo %s, comment %s, talk %s of user %s', withheld.photo_id, comment_id, talk_id,
                              withheld.owner_id)
                from withheld
                join users on users.id = withheld.owner_id
                left join photos on photos.id = withheld.photo_id
                left join comments on comments.id = comment_id
                where coalesce(hidden_until, '-infinity') <= now()
                   or photos.state not in ('hidden', 'deleted') or comments.state not in ('withheld', 'removed')
                union all
                select format('comment %s is withheld by nothing', id) from comments
                where state = 'withheld' and id not in (select comment_id from withheld where comment_id is not null)",
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
        name: "what an act has kept goes when it is undone or final",
        query: "select format('act %s keeps %s rows', act_id, count(*)) from kept_rows join acts on acts.id = act_id
                where before is null group by act_id",
    },
    RowCheck {
        name: "every act is in the audit log, and so is that it was undone",
        query: "select format('act %s, undone by %s', acts.id, undone_by) from acts
                where not exists (select from audit_log where detail @> jsonb_build_object('act', acts.id)
                                                          and action <> 'act.undo')
                   or undone_at is not null
                      and not exists (select from audit_log where detail @> jsonb_build_object('act', acts.id)
                                                              and action = 'act.undo')
                      and not exists (select from audit_log where detail @> jsonb_build_object('talk', acts.thing_id)
                                                              and acts.thing = 'talk' and action = 'talk.show')",
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
        name: "recovery codes belong to members with a second factor, and factors to members alone",
        query: "select format('user %s has recovery codes and no factor', user_id) from recovery_codes
                where not exists (select from totp_secrets
                                  where totp_secrets.user_id = recovery_codes.user_id and confirmed_at is not null)
                  and not exists (select from passkeys where passkeys.user_id = recovery_codes.user_id)
                union all
                select format('user %s is anonymous and has a factor', id) from users
                where name is null and (exists (select from totp_secrets where user_id = id)
                                        or exists (select from passkeys where user_id = users.id))",
    },
    RowCheck {
        name: "only members have API tokens, and only those of moderators moderate",
        query: "select format('token %s of user %s, %s', api_tokens.id, user_id, role)
                from api_tokens join users on users.id = user_id
                where users.name is null or role = 'member' and 'moderate' = any(scopes)",
    },
    RowCheck {
        name: "each file of an import that has ended has an outcome, and a draft of its own if it is imported",
        query: "select format('import %s is %s', id, state) from imports
                where (state = 'done' or state = 'cancelled' or state = 'undone')
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
