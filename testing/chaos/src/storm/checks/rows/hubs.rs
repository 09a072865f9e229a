//! Hubs, talks, comments and notifications.

use super::RowCheck;

pub(super) const ROWS: &[RowCheck] = &[
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
];
