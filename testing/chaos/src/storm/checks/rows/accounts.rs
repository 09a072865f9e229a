//! Accounts and what proves who somebody is.

use super::RowCheck;

pub(super) const ROWS: &[RowCheck] = &[
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
        name: "ten recovery codes belong to each member with a second factor, and factors to members alone",
        query: "select format('user %s has recovery codes and no factor', user_id) from recovery_codes
                where not exists (select from totp_secrets
                                  where totp_secrets.user_id = recovery_codes.user_id and confirmed_at is not null)
                  and not exists (select from passkeys where passkeys.user_id = recovery_codes.user_id)
                union all
                select format('user %s is anonymous and has a factor', id) from users
                where name is null and (exists (select from totp_secrets where user_id = id)
                                        or exists (select from passkeys where user_id = users.id))
                union all
                select format('user %s has %s recovery codes', user_id, count(*)) from recovery_codes
                group by user_id having count(*) <> 10",
    },
    RowCheck {
        name: "only members have API tokens, and only those of moderators moderate",
        query: "select format('token %s of user %s, %s', api_tokens.id, user_id, role)
                from api_tokens join users on users.id = user_id
                where users.name is null or role = 'member' and 'moderate' = any(scopes)",
    },
];
