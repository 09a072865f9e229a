-- What moderators do to photos, comments, talks and hubs, with what it takes to undo it for 30 days.
create table acts (
    id        bigint generated always as identity primary key,
    at        timestamptz not null default now(),
    -- Null for an operator, for the site itself, and once the account is gone. `actor` keeps the name.
    actor_id  bigint references users on delete set null,
    actor     text not null,
    act       text not null check (act in ('hide_photo', 'block_picture', 'delete_photo', 'remove_comment',
                                           'hide_talk', 'delete_hub', 'remove_from_hub')),
    thing     text not null check (thing in ('photo', 'comment', 'talk', 'hub')),
    -- The row of photos, comments, talks or hubs, which may be gone.
    thing_id  bigint not null,
    -- Whose it was; null once the account is gone.
    author_id bigint references users on delete set null,
    -- What the list calls it; empty once its author is gone.
    about     text not null default '',
    reason    text,
    -- What was; null once the act is final.
    before    jsonb,
    undone_at timestamptz,
    undone_by text,
    final_at  timestamptz,
    check ((undone_at is null) = (undone_by is null)),
    check (undone_at is null or final_at is null),
    -- What was undone isn't needed any more, and what is final can't be undone.
    check ((before is not null) = (undone_at is null and final_at is null))
);
create index acts_thing on acts (thing, thing_id, id desc);
create index acts_name on acts (lower(actor), id desc);
create index acts_act on acts (act, id desc);
create index acts_actor on acts (actor_id) where actor_id is not null;
create index acts_author on acts (author_id) where author_id is not null;
create index acts_open on acts (at) where undone_at is null and final_at is null;

-- The rows that a deleted hub took along. They go with the accounts that they are about, as the rows themselves would
-- have.
create table kept_rows (
    act_id   bigint not null references acts on delete cascade,
    -- The order in which the tables are filled again.
    place    smallint not null,
    of_table text not null,
    user_id  bigint references users on delete cascade,
    kept     jsonb not null
);
create index kept_rows_act on kept_rows (act_id, place);
create index kept_rows_user on kept_rows (user_id) where user_id is not null;

-- Copies a hub and all that goes with it, before it is deleted. `web/tests/site/undoing.rs` compares the list with the
-- schema.
create function keep_hub(of_act bigint, of_hub bigint) returns void language sql as $$
    insert into kept_rows (act_id, place, of_table, user_id, kept)
    select of_act, 1, 'hubs', null::bigint, to_jsonb(hubs) from hubs where id = of_hub
    union all
    select of_act, 2, 'hub_slugs', null, to_jsonb(hub_slugs) from hub_slugs where hub_id = of_hub
    union all
    select of_act, 3, 'hub_roles', user_id, to_jsonb(hub_roles) from hub_roles where hub_id = of_hub
    union all
    select of_act, 4, 'hub_photos', null, to_jsonb(hub_photos) from hub_photos where hub_id = of_hub
    union all
    select of_act, 5, 'hub_positions', rater_id, to_jsonb(hub_positions) from hub_positions where hub_id = of_hub
    union all
    select of_act, 6, 'hub_requests', user_id, to_jsonb(hub_requests) from hub_requests where hub_id = of_hub
    union all
    select of_act, 7, 'widgets', null, to_jsonb(widgets) from widgets where hub_id = of_hub
    union all
    select of_act, 8, 'removed_widgets', null, to_jsonb(removed_widgets) from removed_widgets where hub_id = of_hub
    union all
    select of_act, 9, 'activity', actor_id, to_jsonb(activity) from activity where hub_id = of_hub
    union all
    select of_act, 10, 'calls', null, to_jsonb(calls) from calls where hub_id = of_hub
    union all
    select of_act, 11, 'talks', null, to_jsonb(talks)
    from talks join calls on calls.id = call_id where hub_id = of_hub
    union all
    select of_act, 12, 'talk_revisions', null, to_jsonb(talk_revisions)
    from talk_revisions join talks on talks.id = talk_id join calls on calls.id = call_id where hub_id = of_hub
    union all
    -- Until the close, votes go with their accounts. After it, the result is made of them.
    select of_act, 13, 'talk_votes', case when call_phase(calls) not in ('closed', 'announced') then users.id end,
           to_jsonb(talk_votes)
    from talk_votes join calls on calls.id = call_id left join users on users.id = voter_id where hub_id = of_hub
    union all
    select of_act, 14, 'call_readers', users.id, to_jsonb(call_readers)
    from call_readers join calls on calls.id = call_id left join users on users.id = voter_id where hub_id = of_hub
    union all
    select of_act, 15, 'call_results', null, to_jsonb(call_results)
    from call_results join calls on calls.id = call_id where hub_id = of_hub
    union all
    select of_act, 16, 'call_result_talks', null, to_jsonb(call_result_talks)
    from call_result_talks join calls on calls.id = call_id where hub_id = of_hub
    union all
    select of_act, 17, 'call_receipts', null, to_jsonb(call_receipts)
    from call_receipts join calls on calls.id = call_id where hub_id = of_hub
    union all
    select of_act, 18, 'notifications', user_id, to_jsonb(notifications) from notifications where hub_id = of_hub
$$;

-- Puts back what `keep_hub` has copied, but for what refers to rows that are gone, and for the slugs, which the caller
-- claims. A column that didn't exist then gets its default.
create function restore_hub(of_act bigint) returns void language plpgsql as $$
declare
    part    record;
    columns text;
    sources text;
begin
    delete from kept_rows
    where act_id = of_act
      and (of_table in ('hub_photos', 'activity', 'notifications') and kept->>'photo_id' is not null
              and not exists (select from photos where id = (kept->>'photo_id')::bigint)
           or of_table = 'notifications' and (kept->>'comment_id' is not null
              and not exists (select from comments where id = (kept->>'comment_id')::bigint)
              or kept->>'actor_id' is not null
              and not exists (select from users where id = (kept->>'actor_id')::bigint)));
    update kept_rows set kept = kept || '{"photo_id": null}'
    where act_id = of_act and of_table in ('talks', 'talk_revisions', 'hub_positions') and kept->>'photo_id' is not null
      and not exists (select from photos where id = (kept->>'photo_id')::bigint);
    update kept_rows set kept = kept || '{"author_id": null}'
    where act_id = of_act and of_table = 'talks' and kept->>'author_id' is not null
      and not exists (select from users where id = (kept->>'author_id')::bigint);
    update kept_rows set kept = kept || '{"created_by": null}'
    where act_id = of_act and of_table = 'calls' and kept->>'created_by' is not null
      and not exists (select from users where id = (kept->>'created_by')::bigint);
    update kept_rows set kept = kept || '{"device": null, "network": null}'
    where act_id = of_act and of_table = 'talk_votes'
      and not exists (select from users where id = (kept->>'voter_id')::bigint);
    update kept_rows set kept = kept || '{"set_aside_by": null}'
    where act_id = of_act and of_table = 'talk_votes' and kept->>'set_aside_by' is not null
      and not exists (select from users where id = (kept->>'set_aside_by')::bigint);

    for part in select distinct place, of_table from kept_rows
                where act_id = of_act and of_table <> 'hub_slugs' order by place loop
        select string_agg(quote_ident(attname), ', '), string_agg('row_of.' || quote_ident(attname), ', ')
        into columns, sources
        from pg_attribute
        where attrelid = part.of_table::regclass and attnum > 0 and not attisdropped and attgenerated = ''
          and attname in (select jsonb_object_keys(kept)
                          from (select kept from kept_rows
                                where act_id = of_act and place = part.place limit 1) as one);
        execute format('insert into %I (%s) overriding system value
                        select %s from kept_rows, jsonb_populate_record(null::%I, kept) as row_of
                        where act_id = $1 and place = $2',
                       part.of_table, columns, sources, part.of_table)
        using of_act, part.place;
    end loop;
    -- Without the votes of accounts that are gone.
    update talks set votes = cast_votes.members, guest_votes = cast_votes.guests
    from (select talks.id, count(voter_id) filter (where not guest) as members,
                 count(voter_id) filter (where guest) as guests
          from talks left join talk_votes on talk_id = talks.id and set_aside_at is null
          where talks.id in (select (kept->>'id')::bigint from kept_rows where act_id = of_act and of_table = 'talks')
          group by talks.id) as cast_votes
    where talks.id = cast_votes.id and (talks.votes, talks.guest_votes) <> (cast_votes.members, cast_votes.guests);
    delete from kept_rows where act_id = of_act;
end $$;
