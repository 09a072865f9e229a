//! Cases, sanctions, and what moderators did.

use super::RowCheck;

pub(super) const ROWS: &[RowCheck] = &[
    RowCheck {
        name: "a case counts its reports, and weighs what they weigh",
        query: "select format('case %s: %s reports of %s, weight %s of %s', cases.id, cases.reports, count(reports.id),
                              cases.weight, sum(reports.weight))
                from cases left join reports on case_id = cases.id
                where about <> 'appeal'
                group by cases.id
                having cases.reports <> count(reports.id)
                   or cases.weight <> coalesce(sum(reports.weight), 0)
                      -- A remix of a photo that was taken away weighs ordinary reports more.
                      and not (about = 'photo' and cases.weight > coalesce(sum(reports.weight), 0)
                               and (cases.weight - coalesce(sum(reports.weight), 0)) % 1000 = 0
                               and not exists (select from photos where photos.id = thing_id and depth = 0))",
    },
    RowCheck {
        name: "moderators judge the remixes of what they take away",
        query: "select format('photo %s, a remix of %s', photos.id, parent.id)
                from photos join photos as parent on parent.id = photos.parent_id
                where photos.state = 'live' and parent.state in ('hidden', 'deleted')
                  and exists (select from acts where thing = 'photo' and thing_id = parent.id and undone_at is null
                                                 and act in ('hide_photo', 'block_picture', 'delete_photo'))
                  and not exists (select from acts where thing = 'photo' and thing_id = photos.id)
                  and not exists (select from cases where about = 'photo' and thing_id = photos.id)",
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
];
