-- A deleted hub takes along which of its talks a sanction hides, so that they come back when the hub and their authors do.

create or replace function keep_hub(of_act bigint, of_hub bigint) returns void language sql as $$
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
    union all
    select of_act, 19, 'withheld', withheld.owner_id, to_jsonb(withheld)
    from withheld join talks on talks.id = talk_id join calls on calls.id = call_id where hub_id = of_hub
$$;
