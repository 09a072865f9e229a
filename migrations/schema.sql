-- What the migrations add up to. Written by `make sqlx`; change it through a migration.

CREATE EXTENSION IF NOT EXISTS btree_gin WITH SCHEMA public;

COMMENT ON EXTENSION btree_gin IS 'support for indexing common datatypes in GIN';

CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA public;

COMMENT ON EXTENSION pg_trgm IS 'text similarity measurement and index searching based on trigrams';

CREATE TYPE public.job_outcome AS ENUM (
    'done',
    'dead',
    'cancelled'
);

CREATE TYPE public.job_state AS ENUM (
    'scheduled',
    'ready',
    'running'
);

CREATE FUNCTION public.audit_log_is_append_only() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    -- Deleting a user takes the reference away; the name in `actor` stays.
    if tg_op = 'UPDATE' and to_jsonb(new) - 'user_id' = to_jsonb(old) - 'user_id' and new.user_id is null
        and not exists (select from users where id = old.user_id) then
        return new;
    end if;
    raise exception 'the audit log is append-only'
        using errcode = 'insufficient_privilege', hint = 'Add an entry that corrects the earlier one.';
end $$;

CREATE TABLE public.calls (
    id bigint NOT NULL,
    hub_id bigint NOT NULL,
    title text NOT NULL,
    text text DEFAULT ''::text NOT NULL,
    created_by bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    pitch_from timestamp with time zone,
    voting_from timestamp with time zone,
    closes_at timestamp with time zone,
    announced_at timestamp with time zone,
    voters text DEFAULT 'members'::text NOT NULL,
    votes_each smallint,
    totals text DEFAULT 'hidden'::text NOT NULL,
    blind boolean DEFAULT false NOT NULL,
    moderated boolean DEFAULT false NOT NULL,
    seed bytea NOT NULL,
    told_phase text DEFAULT 'draft'::text NOT NULL,
    CONSTRAINT calls_seed_check CHECK ((length(seed) = 16)),
    CONSTRAINT calls_text_check CHECK ((length(text) <= 5000)),
    CONSTRAINT calls_times_in_order CHECK (((pitch_from <= voting_from) AND (voting_from <= closes_at) AND (closes_at <= announced_at) AND (pitch_from <= closes_at) AND (pitch_from <= announced_at) AND (voting_from <= announced_at))),
    CONSTRAINT calls_title_check CHECK (((length(title) >= 1) AND (length(title) <= 120))),
    CONSTRAINT calls_told_phase_check CHECK ((told_phase = ANY (ARRAY['draft'::text, 'pitch'::text, 'voting'::text, 'closed'::text, 'announced'::text]))),
    CONSTRAINT calls_totals_check CHECK ((totals = ANY (ARRAY['hidden'::text, 'shown'::text]))),
    CONSTRAINT calls_voters_check CHECK ((voters = ANY (ARRAY['members'::text, 'verified'::text, 'anybody'::text]))),
    CONSTRAINT calls_votes_each_check CHECK (((votes_each >= 1) AND (votes_each <= 100)))
);

CREATE FUNCTION public.call_phase(of_call public.calls) RETURNS text
    LANGUAGE sql
    AS $$
    select case
        when of_call.announced_at <= clock_timestamp() then 'announced'
        when of_call.closes_at <= clock_timestamp() then 'closed'
        when of_call.voting_from <= clock_timestamp() then 'voting'
        when of_call.pitch_from <= clock_timestamp() then 'pitch'
        else 'draft'
    end
$$;

CREATE FUNCTION public.count_comments() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    step integer := 0;
begin
    if tg_op <> 'DELETE' and new.state = 'shown' then step := step + 1; end if;
    if tg_op <> 'INSERT' and old.state = 'shown' then step := step - 1; end if;
    if step > 0 then
        insert into comment_counts (photo_id, shown) values (new.photo_id, step)
        on conflict (photo_id) do update set shown = comment_counts.shown + excluded.shown;
    elsif step < 0 then
        -- A photo that is deleted has taken its count along.
        update comment_counts set shown = shown + step where photo_id = old.photo_id;
    end if;
    return null;
end $$;

CREATE FUNCTION public.fingerprint_distance(one bigint, other bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN bit_count(((one # other))::bit(64));

CREATE FUNCTION public.import_job_ended() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
declare
    import bigint;
    file integer;
begin
    if old.payload->>'import' !~ '^[0-9]{1,18}$' then
        return null;
    end if;
    import := (old.payload->>'import')::bigint;
    if old.kind = 'imports.file.v1' and old.payload->>'number' ~ '^[0-9]{1,9}$' then
        file := (old.payload->>'number')::integer;
        if not exists (select from import_files where import_id = import and number = file and state = 'stored') then
            return null;
        end if;
    elsif not exists (select from imports where id = import
                      and state = case old.kind when 'imports.unpack.v1' then 'unpacking' else 'undoing' end) then
        return null;
    end if;
    insert into jobs (queue, kind, priority, max_attempts, subject, payload)
    values (old.queue, 'imports.settle.v1', -1, 8, old.subject,
            jsonb_build_object('import', import, 'number', file, 'ended', old.kind));
    insert into job_movements (queue, kind, enqueued) values (old.queue, 'imports.settle.v1', 1);
    perform pg_notify('pawdium_jobs', old.queue);
    return null;
end $_$;

CREATE FUNCTION public.is_taken_back(photo bigint, picture smallint, rater bigint, issued_at timestamp with time zone) RETURNS boolean
    LANGUAGE sql
    AS $_$
    select exists (select from taken_back_ratings
                   where rater_id = $3 and photo_id = $1 and taken_back_ratings.picture = $2 and ballot_at >= $4)
$_$;

CREATE FUNCTION public.job_group_member_ended() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    last_step job_groups;
begin
    update job_groups set remaining = remaining - 1 where id = old.group_id returning * into last_step;
    if last_step.remaining = 0 then
        insert into jobs (queue, kind, priority, max_attempts, subject, payload)
        values (last_step.queue, last_step.kind, last_step.priority, last_step.max_attempts, last_step.subject,
                last_step.payload)
        returning id into last_step.job_id;
        update job_groups set job_id = last_step.job_id where id = old.group_id;
        insert into job_movements (queue, kind, enqueued) values (last_step.queue, last_step.kind, 1);
        perform pg_notify('pawdium_jobs', last_step.queue);
    end if;
    return null;
end $$;

CREATE FUNCTION public.job_round(queue text, priority smallint) RETURNS bigint
    LANGUAGE sql STABLE
    AS $_$
    select coalesce(
        (select turn from jobs
         where jobs.queue = $1 and jobs.priority = $2 and open and state = 'ready' and turn > 0
         order by turn limit 1),
        (select max(turn) from job_partitions where job_partitions.queue = $1),
        0)
$_$;

CREATE FUNCTION public.keep_hub(of_act bigint, of_hub bigint) RETURNS void
    LANGUAGE sql
    AS $$
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

CREATE FUNCTION public.keep_job_error() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into job_errors (id, outcome, kind, error) values (new.id, new.outcome, new.kind, new.last_error)
    on conflict (id) do update set outcome = excluded.outcome, kind = excluded.kind, error = excluded.error;
    return null;
end
$$;

CREATE FUNCTION public.make_profile() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    profile bigint;
begin
    insert into hubs (profile_of, name) values (new.id, new.name)
    on conflict (profile_of) do update set name = excluded.name
    returning id into profile;
    insert into hub_roles (hub_id, user_id, role) values (profile, new.id, 'owner') on conflict do nothing;
    insert into hub_photos (hub_id, photo_id) select profile, id from photos where owner_id = new.id order by id
    on conflict do nothing;
    if not exists (select from widgets where hub_id = profile) then
        insert into widgets (hub_id, kind, side, position, config) values
            (profile, 'about', 'left', 0, '{}'),
            (profile, 'newest-photos', 'left', 1, '{}'),
            (profile, 'drafts', 'left', 2, '{}'),
            (profile, 'feed', 'left', 3, '{}'),
            (profile, 'activity', 'left', 4, '{}'),
            (profile, 'numbers', 'right', 0, '{}'),
            (profile, 'histogram', 'right', 1, '{}'),
            (profile, 'top-photos', 'right', 2, '{"limit": 3}'),
            (profile, 'subscriptions', 'right', 3, '{}');
    end if;
    return null;
end $$;

CREATE FUNCTION public.photo_job_ended() RETURNS trigger
    LANGUAGE plpgsql
    AS $_$
begin
    if old.payload->>'photo' !~ '^[0-9]{1,18}$' then
        return null;
    end if;
    if exists (select from photos where id = (old.payload->>'photo')::bigint and state = 'processing')
        or exists (select from photo_crops where photo_id = (old.payload->>'photo')::bigint and problem is null) then
        insert into jobs (queue, kind, priority, max_attempts, subject, payload)
        values (old.queue, 'media.abandon.v1', -1, 8, old.subject, jsonb_build_object('photo', old.payload->'photo'));
        insert into job_movements (queue, kind, enqueued) values (old.queue, 'media.abandon.v1', 1);
        perform pg_notify('pawdium_jobs', old.queue);
    end if;
    return null;
end $_$;

CREATE FUNCTION public.photo_shows_tags() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    update taggings set live = new.state = 'live' where photo_id = new.id and live <> (new.state = 'live');
    return null;
end $$;

CREATE FUNCTION public.photo_words(title text, tags text[], alt text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE COST 500 PARALLEL SAFE
    AS $$
    select setweight(to_tsvector('simple', translate(title, './:@_-''’<>&=?#%+~', '                 ')), 'A')
        || setweight(to_tsvector('simple', translate(array_to_string(tags, ' '), '-', ' ')), 'B')
        || setweight(to_tsvector('simple', translate(alt, './:@_-''’<>&=?#%+~', '                 ')), 'C')
$$;

CREATE FUNCTION public.post_to_profile() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    delete from hub_photos using hubs
    where hub_photos.photo_id = new.id and hubs.id = hub_photos.hub_id and hubs.profile_of <> new.owner_id;
    insert into hub_photos (hub_id, photo_id) select id, new.id from hubs where profile_of = new.owner_id
    on conflict do nothing;
    return null;
end $$;

CREATE FUNCTION public.refuse_released_name() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if exists (select from released_names
               where name = lower(new.name) and user_id <> new.id and free_at > now()) then
        raise unique_violation using constraint = 'users_name_key', message = 'the name was given up lately';
    end if;
    return null;
end
$$;

CREATE FUNCTION public.release_name() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    delete from released_names
    where name in (select name from released_names where free_at < now() limit 100 for update skip locked);
    insert into released_names (name, user_id, free_at) values (lower(old.name), old.id, now() + interval '90 days')
    on conflict (name) do update set user_id = excluded.user_id, free_at = excluded.free_at;
    return null;
end
$$;

CREATE FUNCTION public.restore_hub(of_act bigint) RETURNS void
    LANGUAGE plpgsql
    AS $_$
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
end $_$;

CREATE TABLE public.jobs (
    id bigint NOT NULL,
    queue text NOT NULL,
    kind text NOT NULL,
    state public.job_state DEFAULT 'ready'::public.job_state NOT NULL,
    priority smallint DEFAULT 0 NOT NULL,
    attempt smallint DEFAULT 0 NOT NULL,
    max_attempts smallint NOT NULL,
    claim integer DEFAULT 0 NOT NULL,
    worker_id bigint,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    claimed_at timestamp with time zone,
    unique_key text,
    key_waits_only boolean DEFAULT false NOT NULL,
    payload jsonb NOT NULL,
    last_error text,
    partition_key text,
    turn bigint DEFAULT 0 NOT NULL,
    subject text,
    group_id bigint,
    failures jsonb DEFAULT '[]'::jsonb NOT NULL,
    open boolean GENERATED ALWAYS AS ((state <> 'scheduled'::public.job_state)) STORED NOT NULL,
    CONSTRAINT jobs_check CHECK (((state = 'running'::public.job_state) = (worker_id IS NOT NULL))),
    CONSTRAINT jobs_max_attempts_check CHECK ((max_attempts > 0))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0', fillfactor='45');

CREATE FUNCTION public.running_jobs(queue text) RETURNS SETOF public.jobs
    LANGUAGE sql STABLE
    AS $_$
    select * from jobs
    where state = 'running' and id in (select unnest(job_batches.jobs) from job_batches where job_batches.queue = $1)
$_$;

CREATE FUNCTION public.standing(barred_until timestamp with time zone, silenced_until timestamp with time zone, warned_until timestamp with time zone) RETURNS text
    LANGUAGE sql
    AS $$
    select case when barred_until > clock_timestamp() then 'barred'
                when silenced_until > clock_timestamp() then 'silenced'
                when warned_until > clock_timestamp() then 'warned'
                else 'good' end
$$;

CREATE FUNCTION public.taggings_counted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if tg_op = 'INSERT' then
        insert into topic_moves (topic_id, photos)
        select topic_id, count(*) from after where live and not doubled group by topic_id;
    elsif tg_op = 'DELETE' then
        insert into topic_moves (topic_id, photos)
        select topic_id, -count(*) from before where live and not doubled group by topic_id;
    else
        insert into topic_moves (topic_id, photos)
        select topic_id, sum(change)
        from (select topic_id, 1 as change from after where live and not doubled
              union all
              select topic_id, -1 from before where live and not doubled) as changes
        group by topic_id having sum(change) <> 0;
    end if;
    return null;
end $$;

CREATE FUNCTION public.take_hub_slot() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    if new.slot is null and exists (select from photos where id = new.photo_id and state = 'live') then
        update hubs set next_slot = next_slot + 1 where id = new.hub_id returning next_slot - 1 into new.slot;
    end if;
    return new;
end $$;

CREATE FUNCTION public.take_hub_slots() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
declare
    hub bigint;
begin
    -- In the order of ids, so that two photos that go live at once don't wait for each other.
    for hub in select hub_id from hub_photos where photo_id = new.id and slot is null order by hub_id loop
        update hubs set next_slot = next_slot + 1 where id = hub;
        update hub_photos set slot = (select next_slot - 1 from hubs where id = hub)
        where hub_id = hub and photo_id = new.id and slot is null;
    end loop;
    return null;
end $$;

CREATE TABLE public.activity (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    hub_id bigint NOT NULL,
    verb text NOT NULL,
    actor_id bigint,
    photo_id bigint
);

ALTER TABLE public.activity ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.activity_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.acts (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor_id bigint,
    actor text NOT NULL,
    act text NOT NULL,
    thing text NOT NULL,
    thing_id bigint NOT NULL,
    author_id bigint,
    about text DEFAULT ''::text NOT NULL,
    reason text,
    before jsonb,
    undone_at timestamp with time zone,
    undone_by text,
    final_at timestamp with time zone,
    CONSTRAINT acts_act_check CHECK ((act = ANY (ARRAY['hide_photo'::text, 'block_picture'::text, 'delete_photo'::text, 'remove_comment'::text, 'hide_talk'::text, 'delete_hub'::text, 'remove_from_hub'::text, 'remove_avatar'::text, 'remove_about'::text]))),
    CONSTRAINT acts_check CHECK (((undone_at IS NULL) = (undone_by IS NULL))),
    CONSTRAINT acts_check1 CHECK (((undone_at IS NULL) OR (final_at IS NULL))),
    CONSTRAINT acts_check2 CHECK (((before IS NOT NULL) = ((undone_at IS NULL) AND (final_at IS NULL)))),
    CONSTRAINT acts_thing_check CHECK ((thing = ANY (ARRAY['photo'::text, 'comment'::text, 'talk'::text, 'hub'::text])))
);

ALTER TABLE public.acts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.acts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.api_tokens (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    token_hash bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone,
    expires_at timestamp with time zone,
    CONSTRAINT api_tokens_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 60))),
    CONSTRAINT api_tokens_scopes_check CHECK (((cardinality(scopes) > 0) AND (scopes <@ ARRAY['read'::text, 'rate'::text, 'submit'::text, 'moderate'::text]))),
    CONSTRAINT api_tokens_token_hash_check CHECK ((length(token_hash) = 32))
);

ALTER TABLE public.api_tokens ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.api_tokens_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.appeals (
    sanction_id bigint NOT NULL,
    text text NOT NULL,
    made_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    accepted boolean,
    answer text,
    judged_at timestamp with time zone,
    judged_by bigint,
    judge text,
    CONSTRAINT appeals_answer_check CHECK (((length(answer) >= 1) AND (length(answer) <= 1000))),
    CONSTRAINT appeals_check CHECK ((((accepted IS NULL) = (judged_at IS NULL)) AND ((accepted IS NULL) = (judge IS NULL)) AND ((accepted IS NULL) = (answer IS NULL)))),
    CONSTRAINT appeals_text_check CHECK (((length(text) >= 1) AND (length(text) <= 2000)))
);

CREATE TABLE public.approvals (
    about text NOT NULL,
    thing_id bigint NOT NULL,
    version text NOT NULL,
    approved_at timestamp with time zone DEFAULT now() NOT NULL,
    approved_by text NOT NULL
);

CREATE TABLE public.audit_log (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    user_id bigint,
    actor text NOT NULL,
    action text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE public.audit_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.audit_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.avatar_uploads (
    user_id bigint NOT NULL,
    source_key text,
    key text,
    problem text,
    asked_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT avatar_uploads_check CHECK (((problem IS NULL) = (source_key IS NOT NULL))),
    CONSTRAINT avatar_uploads_check1 CHECK (((key IS NULL) OR (source_key IS NOT NULL)))
);

CREATE TABLE public.blocked_pictures (
    id bigint NOT NULL,
    source_hash bytea,
    fingerprint bigint,
    reason text NOT NULL,
    photo_id bigint,
    blocked_by bigint,
    blocker text NOT NULL,
    blocked_at timestamp with time zone DEFAULT now() NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    CONSTRAINT blocked_pictures_check CHECK (((source_hash IS NOT NULL) OR (fingerprint IS NOT NULL))),
    CONSTRAINT blocked_pictures_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500))),
    CONSTRAINT blocked_pictures_source_hash_check CHECK ((length(source_hash) = 32))
);

ALTER TABLE public.blocked_pictures ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.blocked_pictures_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.call_readers (
    call_id bigint NOT NULL,
    voter_id bigint NOT NULL,
    order_key bigint NOT NULL,
    reached smallint NOT NULL,
    CONSTRAINT call_readers_reached_check CHECK ((reached >= 0))
);

CREATE TABLE public.call_receipts (
    call_id bigint NOT NULL,
    talk_id bigint NOT NULL,
    receipt bytea NOT NULL,
    guest boolean NOT NULL,
    CONSTRAINT call_receipts_receipt_check CHECK ((length(receipt) = 32))
);

CREATE TABLE public.call_result_talks (
    call_id bigint NOT NULL,
    talk_id bigint NOT NULL,
    votes integer NOT NULL,
    guest_votes integer NOT NULL,
    share double precision NOT NULL,
    place integer NOT NULL,
    shown integer NOT NULL,
    mean_place double precision
);

CREATE TABLE public.call_results (
    call_id bigint NOT NULL,
    frozen_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    voters integer NOT NULL,
    guests integer NOT NULL,
    hash bytea NOT NULL,
    gini double precision NOT NULL,
    chi_square double precision NOT NULL,
    degrees integer NOT NULL,
    CONSTRAINT call_results_hash_check CHECK ((length(hash) = 32))
);

ALTER TABLE public.calls ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.calls_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.cases (
    id bigint NOT NULL,
    about text NOT NULL,
    thing_id bigint NOT NULL,
    owner_id bigint,
    state text DEFAULT 'open'::text NOT NULL,
    weight integer NOT NULL,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    urgency bigint GENERATED ALWAYS AS ((((weight)::bigint * 864) - ((EXTRACT(epoch FROM (opened_at AT TIME ZONE 'UTC'::text)) * (10)::numeric))::bigint)) STORED NOT NULL,
    claimed_by bigint,
    claimed_until timestamp with time zone,
    hidden_at timestamp with time zone,
    reports integer DEFAULT 0 NOT NULL,
    outcome text,
    closed_at timestamp with time zone,
    closed_by text,
    before jsonb,
    CONSTRAINT cases_about_check CHECK ((about = ANY (ARRAY['photo'::text, 'comment'::text, 'talk'::text, 'hub'::text, 'member'::text, 'appeal'::text]))),
    CONSTRAINT cases_check CHECK ((((state = 'closed'::text) = (outcome IS NOT NULL)) AND ((outcome IS NULL) = (closed_at IS NULL)))),
    CONSTRAINT cases_check1 CHECK (((claimed_by IS NULL) OR (claimed_until IS NOT NULL))),
    CONSTRAINT cases_hidden CHECK (((hidden_at IS NULL) = (before IS NULL))),
    CONSTRAINT cases_hidden_open CHECK (((hidden_at IS NULL) OR (state = 'open'::text))),
    CONSTRAINT cases_outcome_check CHECK ((outcome = ANY (ARRAY['upheld'::text, 'dismissed'::text, 'void'::text]))),
    CONSTRAINT cases_reports_check CHECK ((reports >= 0)),
    CONSTRAINT cases_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text]))),
    CONSTRAINT cases_weight_check CHECK ((weight >= 0))
);

ALTER TABLE public.cases ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.cases_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.comment_counts (
    photo_id bigint NOT NULL,
    shown integer NOT NULL,
    CONSTRAINT comment_counts_shown_check CHECK ((shown >= 0))
);

CREATE TABLE public.comment_pace (
    user_id bigint NOT NULL,
    arrival timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    day_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    day_count integer DEFAULT 0 NOT NULL
);

CREATE TABLE public.comments (
    id bigint NOT NULL,
    photo_id bigint NOT NULL,
    author_id bigint,
    reply_to bigint,
    thread_id bigint GENERATED ALWAYS AS (COALESCE(reply_to, id)) STORED,
    text text NOT NULL,
    text_key bytea,
    state text DEFAULT 'shown'::text NOT NULL,
    held_for text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    edited_at timestamp with time zone,
    removed_at timestamp with time zone,
    CONSTRAINT comments_check CHECK (((state = 'removed'::text) OR (text <> ''::text))),
    CONSTRAINT comments_check1 CHECK (((state = 'held'::text) = (held_for IS NOT NULL))),
    CONSTRAINT comments_check2 CHECK (((state = 'removed'::text) = (removed_at IS NOT NULL))),
    CONSTRAINT comments_held_for_check CHECK ((held_for = ANY (ARRAY['first'::text, 'repeated'::text, 'reported'::text]))),
    CONSTRAINT comments_state_check CHECK ((state = ANY (ARRAY['shown'::text, 'held'::text, 'removed'::text, 'withheld'::text]))),
    CONSTRAINT comments_text_check CHECK ((length(text) <= 2000)),
    CONSTRAINT comments_text_key_check CHECK ((length(text_key) = 16))
);

ALTER TABLE public.comments ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.comments_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.earlier_ratings (
    photo_id bigint NOT NULL,
    picture smallint NOT NULL,
    rater_id bigint NOT NULL,
    value smallint NOT NULL,
    lane text NOT NULL,
    ballot_at timestamp with time zone NOT NULL,
    rated_at timestamp with time zone NOT NULL,
    CONSTRAINT earlier_ratings_value_check CHECK (((value >= 1) AND (value <= 10)))
);

CREATE TABLE public.exports (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    requested_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    expires_at timestamp with time zone,
    key text,
    bytes bigint,
    photos integer,
    CONSTRAINT exports_bytes_check CHECK ((bytes > 0)),
    CONSTRAINT exports_check CHECK (((state = 'waiting'::text) = (ended_at IS NULL))),
    CONSTRAINT exports_check1 CHECK (((state = 'ready'::text) = (key IS NOT NULL))),
    CONSTRAINT exports_check2 CHECK (((state <> 'ready'::text) OR ((bytes IS NOT NULL) AND (photos IS NOT NULL) AND (expires_at IS NOT NULL)))),
    CONSTRAINT exports_photos_check CHECK ((photos >= 0)),
    CONSTRAINT exports_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'ready'::text, 'failed'::text, 'expired'::text])))
);

ALTER TABLE public.exports ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.exports_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.feed_tokens (
    user_id bigint NOT NULL,
    token text NOT NULL
);

CREATE TABLE public.hub_photos (
    hub_id bigint NOT NULL,
    photo_id bigint NOT NULL,
    posted_at timestamp with time zone DEFAULT now() NOT NULL,
    slot bigint
);

CREATE TABLE public.hub_positions (
    hub_id bigint NOT NULL,
    rater_id bigint NOT NULL,
    first bigint DEFAULT 0 NOT NULL,
    last bigint DEFAULT 0 NOT NULL,
    cursor bigint DEFAULT 0 NOT NULL,
    fresh bigint DEFAULT 0 NOT NULL,
    served bigint DEFAULT 0 NOT NULL,
    photo_id bigint,
    lane text
);

CREATE TABLE public.hub_requests (
    hub_id bigint NOT NULL,
    user_id bigint NOT NULL,
    asked_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.hub_roles (
    hub_id bigint NOT NULL,
    user_id bigint NOT NULL,
    role text NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT hub_roles_role_check CHECK ((role = ANY (ARRAY['subscriber'::text, 'stargazer'::text, 'member'::text, 'owner'::text])))
);

CREATE TABLE public.hub_slugs (
    slug text NOT NULL,
    hub_id bigint,
    freed_at timestamp with time zone,
    CONSTRAINT hub_slugs_freed CHECK (((hub_id IS NULL) = (freed_at IS NOT NULL)))
);

CREATE TABLE public.hubs (
    id bigint NOT NULL,
    slug text,
    profile_of bigint,
    name text NOT NULL,
    summary text DEFAULT ''::text NOT NULL,
    joining text DEFAULT 'open'::text NOT NULL,
    visibility text DEFAULT 'public'::text NOT NULL,
    layout_version bigint DEFAULT 1 NOT NULL,
    next_slot bigint DEFAULT 0 NOT NULL,
    archived_at timestamp with time zone,
    owners_told_at timestamp with time zone,
    active_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    CONSTRAINT hubs_check CHECK (((slug IS NULL) = (profile_of IS NOT NULL))),
    CONSTRAINT hubs_joining_check CHECK ((joining = ANY (ARRAY['open'::text, 'request'::text, 'invite'::text]))),
    CONSTRAINT hubs_name_check CHECK (((length(name) >= 1) AND (length(name) <= 80))),
    CONSTRAINT hubs_slug_check CHECK ((slug ~ '^[a-z0-9](-?[a-z0-9]){1,48}$'::text)),
    CONSTRAINT hubs_summary_check CHECK ((length(summary) <= 280)),
    CONSTRAINT hubs_time_zone_check CHECK (((length(time_zone) >= 1) AND (length(time_zone) <= 64))),
    CONSTRAINT hubs_visibility_check CHECK ((visibility = ANY (ARRAY['public'::text, 'private'::text])))
);

ALTER TABLE public.hubs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.hubs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.import_files (
    import_id bigint NOT NULL,
    number integer NOT NULL,
    name text NOT NULL,
    state text NOT NULL,
    reason text,
    may_retry boolean DEFAULT false NOT NULL,
    about jsonb DEFAULT '{}'::jsonb NOT NULL,
    source_key text,
    bytes bigint,
    print bytea,
    photo_id bigint,
    CONSTRAINT import_files_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'stored'::text, 'imported'::text, 'duplicate'::text, 'refused'::text, 'failed'::text, 'cancelled'::text, 'undone'::text])))
);

CREATE TABLE public.imports (
    id bigint NOT NULL,
    owner_id bigint NOT NULL,
    state text DEFAULT 'unpacking'::text NOT NULL,
    reason text,
    may_retry boolean DEFAULT false NOT NULL,
    name text NOT NULL,
    bytes bigint NOT NULL,
    print bytea NOT NULL,
    source_key text,
    key text,
    species text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    listed_at timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT imports_bytes_check CHECK ((bytes > 0)),
    CONSTRAINT imports_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT imports_state_check CHECK ((state = ANY (ARRAY['unpacking'::text, 'importing'::text, 'done'::text, 'refused'::text, 'cancelled'::text, 'undoing'::text, 'undone'::text])))
);

ALTER TABLE public.imports ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.imports_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.job_batches (
    queue text NOT NULL,
    worker_id bigint NOT NULL,
    number bigint NOT NULL,
    jobs bigint[] NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

CREATE TABLE public.job_errors (
    id bigint NOT NULL,
    outcome public.job_outcome NOT NULL,
    kind text NOT NULL,
    error text NOT NULL
);

CREATE TABLE public.job_groups (
    id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    remaining integer NOT NULL,
    queue text NOT NULL,
    kind text NOT NULL,
    priority smallint NOT NULL,
    max_attempts smallint NOT NULL,
    subject text,
    payload jsonb NOT NULL,
    job_id bigint,
    CONSTRAINT job_groups_remaining_check CHECK ((remaining >= 0))
);

ALTER TABLE public.job_groups ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.job_groups_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.job_history (
    id bigint NOT NULL,
    queue text NOT NULL,
    kind text NOT NULL,
    outcome public.job_outcome NOT NULL,
    priority smallint NOT NULL,
    attempt smallint NOT NULL,
    max_attempts smallint NOT NULL,
    claim integer NOT NULL,
    created_at timestamp with time zone NOT NULL,
    claimed_at timestamp with time zone,
    finished_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    payload jsonb NOT NULL,
    last_error text,
    partition_key text,
    subject text,
    group_id bigint,
    failures jsonb DEFAULT '[]'::jsonb NOT NULL,
    worker_id bigint,
    run_at timestamp with time zone,
    unique_key text,
    key_waits_only boolean DEFAULT false NOT NULL,
    error_group text GENERATED ALWAYS AS ("left"(regexp_replace(split_part(last_error, '
'::text, 1), '[0-9]+'::text, '#'::text, 'g'::text), 160)) STORED
);

CREATE TABLE public.job_minutes (
    kind text NOT NULL,
    minute timestamp with time zone NOT NULL,
    queue text NOT NULL,
    enqueued bigint NOT NULL,
    done bigint NOT NULL,
    retried bigint NOT NULL,
    dead bigint NOT NULL,
    cancelled bigint NOT NULL,
    revived bigint NOT NULL,
    waited_ms bigint NOT NULL,
    ran_ms bigint NOT NULL,
    max_waited_ms bigint NOT NULL,
    max_ran_ms bigint NOT NULL
);

CREATE TABLE public.job_movements (
    at timestamp with time zone DEFAULT now() NOT NULL,
    queue text NOT NULL,
    kind text NOT NULL,
    enqueued integer DEFAULT 0 NOT NULL,
    done integer DEFAULT 0 NOT NULL,
    retried integer DEFAULT 0 NOT NULL,
    dead integer DEFAULT 0 NOT NULL,
    cancelled integer DEFAULT 0 NOT NULL,
    revived integer DEFAULT 0 NOT NULL,
    waited_ms bigint DEFAULT 0 NOT NULL,
    ran_ms bigint DEFAULT 0 NOT NULL,
    max_waited_ms bigint DEFAULT 0 NOT NULL,
    max_ran_ms bigint DEFAULT 0 NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_cost_delay='0');

CREATE TABLE public.job_partitions (
    queue text NOT NULL,
    key text NOT NULL,
    turn bigint NOT NULL,
    next_start_at timestamp with time zone DEFAULT '1970-01-01 00:00:00+00'::timestamp with time zone NOT NULL
);

CREATE TABLE public.job_queues (
    name text NOT NULL,
    paused_at timestamp with time zone,
    max_running integer,
    starts_per_minute integer,
    partition_max_running integer,
    partition_starts_per_minute integer,
    next_start_at timestamp with time zone DEFAULT '1970-01-01 00:00:00+00'::timestamp with time zone NOT NULL,
    held boolean GENERATED ALWAYS AS (((paused_at IS NOT NULL) OR (max_running IS NOT NULL) OR (starts_per_minute IS NOT NULL) OR (partition_max_running IS NOT NULL) OR (partition_starts_per_minute IS NOT NULL))) STORED NOT NULL,
    CONSTRAINT job_queues_max_running_check CHECK ((max_running > 0)),
    CONSTRAINT job_queues_partition_max_running_check CHECK ((partition_max_running > 0)),
    CONSTRAINT job_queues_partition_starts_per_minute_check CHECK ((partition_starts_per_minute > 0)),
    CONSTRAINT job_queues_starts_per_minute_check CHECK ((starts_per_minute > 0))
);

CREATE TABLE public.job_totals (
    kind text NOT NULL,
    queue text NOT NULL,
    enqueued bigint NOT NULL,
    done bigint NOT NULL,
    dead bigint NOT NULL,
    cancelled bigint NOT NULL
);

CREATE TABLE public.job_workers (
    id bigint NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    beat_at timestamp with time zone DEFAULT now() NOT NULL,
    gone_at timestamp with time zone
);

ALTER TABLE public.job_workers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.job_workers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE public.jobs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.jobs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.kept_rows (
    act_id bigint NOT NULL,
    place smallint NOT NULL,
    of_table text NOT NULL,
    user_id bigint,
    kept jsonb NOT NULL
);

CREATE TABLE public.login_networks (
    user_id bigint NOT NULL,
    network bytea NOT NULL,
    last_at timestamp with time zone DEFAULT now() NOT NULL,
    agents text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT login_networks_agents_check CHECK ((cardinality(agents) <= 20)),
    CONSTRAINT login_networks_network_check CHECK ((octet_length(network) = 16))
);

CREATE TABLE public.mail_refusals (
    user_id bigint NOT NULL,
    email text NOT NULL,
    reason text NOT NULL,
    refused_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.mail_tokens (
    token_hash bytea NOT NULL,
    user_id bigint NOT NULL,
    purpose text NOT NULL,
    email text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT mail_tokens_purpose_check CHECK ((purpose = ANY (ARRAY['reset'::text, 'verify'::text]))),
    CONSTRAINT mail_tokens_token_hash_check CHECK ((length(token_hash) = 32))
);

CREATE TABLE public.member_blocks (
    user_id bigint NOT NULL,
    blocked_id bigint NOT NULL,
    blocked_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT member_blocks_check CHECK ((user_id <> blocked_id))
);

CREATE TABLE public.merged_users (
    id bigint NOT NULL,
    into_id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    rater_key bigint
);

CREATE TABLE public.moderator_mails (
    user_id bigint NOT NULL,
    sent_at timestamp with time zone DEFAULT now() NOT NULL,
    through bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.notification_settings (
    user_id bigint NOT NULL,
    off text[] DEFAULT '{}'::text[] NOT NULL,
    digest boolean DEFAULT true NOT NULL,
    digest_at timestamp with time zone,
    digest_through bigint DEFAULT 0 NOT NULL
);

CREATE TABLE public.notifications (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    kind text NOT NULL,
    fold text NOT NULL,
    actor_id bigint,
    photo_id bigint,
    comment_id bigint,
    hub_id bigint,
    number bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    read_at timestamp with time zone,
    CONSTRAINT notifications_fold_check CHECK (((length(fold) >= 1) AND (length(fold) <= 100))),
    CONSTRAINT notifications_kind_check CHECK (((length(kind) >= 1) AND (length(kind) <= 40)))
);

ALTER TABLE public.notifications ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.notifications_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.passkey_ceremonies (
    token_hash bytea NOT NULL,
    purpose text NOT NULL,
    user_id bigint,
    bound_to bytea,
    state jsonb NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT passkey_ceremonies_bound_to_check CHECK ((length(bound_to) = 32)),
    CONSTRAINT passkey_ceremonies_check CHECK (((purpose = 'login'::text) = (user_id IS NULL))),
    CONSTRAINT passkey_ceremonies_check1 CHECK (((purpose = 'login'::text) = (bound_to IS NULL))),
    CONSTRAINT passkey_ceremonies_purpose_check CHECK ((purpose = ANY (ARRAY['register'::text, 'prove'::text, 'second'::text, 'login'::text]))),
    CONSTRAINT passkey_ceremonies_token_hash_check CHECK ((length(token_hash) = 32))
);

CREATE TABLE public.passkey_handles (
    user_id bigint NOT NULL,
    handle bytea NOT NULL,
    CONSTRAINT passkey_handles_handle_check CHECK ((length(handle) = 16))
);

CREATE TABLE public.passkeys (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    credential_id bytea NOT NULL,
    credential jsonb NOT NULL,
    name text NOT NULL,
    sign_count bigint NOT NULL,
    backed_up boolean NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone,
    CONSTRAINT passkeys_name_check CHECK (((length(name) >= 1) AND (length(name) <= 40))),
    CONSTRAINT passkeys_sign_count_check CHECK ((sign_count >= 0))
);

ALTER TABLE public.passkeys ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.passkeys_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.pending_logins (
    token_hash bytea NOT NULL,
    user_id bigint NOT NULL,
    password_digest bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT pending_logins_password_digest_check CHECK ((length(password_digest) = 32)),
    CONSTRAINT pending_logins_token_hash_check CHECK ((length(token_hash) = 32))
);

CREATE TABLE public.photo_crops (
    photo_id bigint NOT NULL,
    picture smallint NOT NULL,
    crop_x integer NOT NULL,
    crop_y integer NOT NULL,
    crop_side integer NOT NULL,
    asked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    problem text,
    revision integer,
    CONSTRAINT photo_crops_crop_side_check CHECK ((crop_side > 0)),
    CONSTRAINT photo_crops_crop_x_check CHECK ((crop_x >= 0)),
    CONSTRAINT photo_crops_crop_y_check CHECK ((crop_y >= 0))
);

CREATE TABLE public.photo_files (
    photo_id bigint NOT NULL,
    edge smallint NOT NULL,
    key text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    bytes integer NOT NULL,
    CONSTRAINT photo_files_bytes_check CHECK ((bytes > 0)),
    CONSTRAINT photo_files_edge_check CHECK ((edge = ANY (ARRAY[1080, 540, 160]))),
    CONSTRAINT photo_files_height_check CHECK ((height > 0)),
    CONSTRAINT photo_files_width_check CHECK ((width > 0))
);

CREATE TABLE public.photo_milestones (
    photo_id bigint NOT NULL,
    number bigint NOT NULL
);

CREATE TABLE public.photo_picture_files (
    photo_id bigint NOT NULL,
    number smallint NOT NULL,
    edge smallint NOT NULL,
    key text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    bytes integer NOT NULL,
    CONSTRAINT photo_picture_files_bytes_check CHECK ((bytes > 0)),
    CONSTRAINT photo_picture_files_edge_check CHECK ((edge = ANY (ARRAY[1080, 540, 160]))),
    CONSTRAINT photo_picture_files_height_check CHECK ((height > 0)),
    CONSTRAINT photo_picture_files_width_check CHECK ((width > 0))
);

CREATE TABLE public.photo_pictures (
    photo_id bigint NOT NULL,
    number smallint NOT NULL,
    crop_x integer,
    crop_y integer,
    crop_side integer,
    placeholder text,
    fingerprint bigint,
    CONSTRAINT photo_pictures_number_check CHECK ((number > 0))
);

CREATE TABLE public.photo_ranks (
    photo_id bigint NOT NULL,
    score double precision NOT NULL,
    rank integer NOT NULL
);

CREATE TABLE public.photo_revisions (
    photo_id bigint NOT NULL,
    number integer NOT NULL,
    title text NOT NULL,
    alt text NOT NULL,
    species text NOT NULL,
    tags text[] NOT NULL,
    picture smallint NOT NULL,
    since timestamp with time zone NOT NULL
);

CREATE TABLE public.photos (
    id bigint NOT NULL,
    owner_id bigint NOT NULL,
    parent_id bigint,
    title text NOT NULL,
    alt text DEFAULT ''::text NOT NULL,
    species text NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    state text NOT NULL,
    reason text,
    source_key text,
    crop_x integer,
    crop_y integer,
    crop_side integer,
    placeholder text,
    slot bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    live_at timestamp with time zone,
    touched_at timestamp with time zone DEFAULT now() NOT NULL,
    source_hash bytea,
    fingerprint bigint,
    source_bytes integer,
    version integer DEFAULT 1 NOT NULL,
    revision_number integer DEFAULT 1 NOT NULL,
    revised_at timestamp with time zone,
    picture smallint DEFAULT 1 NOT NULL,
    picture_since integer DEFAULT 1 NOT NULL,
    depth smallint DEFAULT 0 NOT NULL,
    remixes boolean DEFAULT true NOT NULL,
    reminded_at timestamp with time zone,
    comments text DEFAULT 'registered'::text NOT NULL,
    CONSTRAINT photos_alt_check CHECK ((length(alt) <= 500)),
    CONSTRAINT photos_check CHECK (((reason IS NOT NULL) = (state = 'failed'::text))),
    CONSTRAINT photos_comments_check CHECK ((comments = ANY (ARRAY['registered'::text, 'nobody'::text]))),
    CONSTRAINT photos_crop_whole CHECK ((((crop_x IS NULL) AND (crop_y IS NULL) AND (crop_side IS NULL)) OR ((crop_x >= 0) AND (crop_y >= 0) AND (crop_side > 0)))),
    CONSTRAINT photos_depth_check CHECK (((depth >= 0) AND (depth <= 32))),
    CONSTRAINT photos_live_has_slot CHECK (((state <> 'live'::text) OR ((slot IS NOT NULL) AND (live_at IS NOT NULL)))),
    CONSTRAINT photos_source_bytes_check CHECK ((source_bytes > 0)),
    CONSTRAINT photos_source_hash_check CHECK ((length(source_hash) = 32)),
    CONSTRAINT photos_species_check CHECK ((species = ANY (ARRAY['cat'::text, 'dog'::text, 'bird'::text, 'rabbit'::text, 'rodent'::text, 'reptile'::text, 'horse'::text, 'other'::text]))),
    CONSTRAINT photos_state_check CHECK ((state = ANY (ARRAY['draft'::text, 'processing'::text, 'live'::text, 'failed'::text, 'hidden'::text, 'deleted'::text]))),
    CONSTRAINT photos_tags_check CHECK ((cardinality(tags) <= 10)),
    CONSTRAINT photos_title_check CHECK (((length(title) >= 1) AND (length(title) <= 120)))
);

CREATE SEQUENCE public.photo_slots
    START WITH 0
    INCREMENT BY 1
    MINVALUE 0
    NO MAXVALUE
    CACHE 1;

ALTER SEQUENCE public.photo_slots OWNED BY public.photos.slot;

CREATE TABLE public.photo_stats (
    photo_id bigint NOT NULL,
    histogram integer[] DEFAULT '{0,0,0,0,0,0,0,0,0,0}'::integer[] NOT NULL,
    virality double precision,
    views bigint DEFAULT 0 NOT NULL,
    shares bigint DEFAULT 0 NOT NULL,
    remixes bigint DEFAULT 0 NOT NULL,
    comments bigint DEFAULT 0 NOT NULL,
    CONSTRAINT photo_stats_histogram_check CHECK ((cardinality(histogram) = 10))
)
WITH (fillfactor='70');

CREATE TABLE public.photo_steps (
    photo_id bigint NOT NULL,
    step text NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ms integer,
    CONSTRAINT photo_steps_ms_check CHECK ((ms >= 0)),
    CONSTRAINT photo_steps_step_check CHECK ((step = ANY (ARRAY['received'::text, 'checked'::text, 'decoded'::text, 'cropped'::text, 'stored'::text, 'live'::text, 'failed'::text])))
);

CREATE TABLE public.photo_submissions (
    owner_id bigint NOT NULL,
    key text NOT NULL,
    print bytea NOT NULL,
    photo_id bigint NOT NULL,
    CONSTRAINT photo_submissions_key_check CHECK (((length(key) >= 1) AND (length(key) <= 128))),
    CONSTRAINT photo_submissions_print_check CHECK ((octet_length(print) = 32))
);

CREATE TABLE public.photo_weights (
    photo_id bigint NOT NULL,
    histogram integer[] NOT NULL,
    bars bigint[] NOT NULL,
    links integer NOT NULL,
    crowd integer NOT NULL,
    weighed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT photo_weights_bars_check CHECK ((cardinality(bars) = 10)),
    CONSTRAINT photo_weights_histogram_check CHECK ((cardinality(histogram) = 10))
);

ALTER TABLE public.photos ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.photos_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.ranking_epochs (
    id bigint NOT NULL,
    weight double precision NOT NULL,
    prior double precision[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ranking_epochs_prior_check CHECK ((cardinality(prior) = 10)),
    CONSTRAINT ranking_epochs_weight_check CHECK ((weight > (0)::double precision))
);

ALTER TABLE public.ranking_epochs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.ranking_epochs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.rater_positions (
    rater_id bigint NOT NULL,
    first bigint DEFAULT 0 NOT NULL,
    last bigint DEFAULT 0 NOT NULL,
    cursor bigint DEFAULT 0 NOT NULL,
    fresh bigint DEFAULT 0 NOT NULL,
    served bigint DEFAULT 0 NOT NULL,
    photo_id bigint,
    lane text,
    CONSTRAINT rater_positions_check CHECK (((0 <= first) AND (first <= last) AND ((cursor >= 0) AND (cursor <= (last - first))))),
    CONSTRAINT rater_positions_lane_check CHECK ((lane = ANY (ARRAY['random'::text, 'fresh'::text, 'boundary'::text])))
)
WITH (fillfactor='70');

CREATE TABLE public.ratings (
    photo_id bigint NOT NULL,
    rater_id bigint NOT NULL,
    value smallint NOT NULL,
    lane text NOT NULL,
    ballot_at timestamp with time zone NOT NULL,
    rated_at timestamp with time zone DEFAULT now() NOT NULL,
    previous smallint,
    CONSTRAINT ratings_lane_check CHECK ((lane = ANY (ARRAY['random'::text, 'fresh'::text, 'boundary'::text, 'link'::text]))),
    CONSTRAINT ratings_value_check CHECK (((value >= 1) AND (value <= 10)))
);

CREATE TABLE public.recovery_codes (
    user_id bigint NOT NULL,
    code_hash bytea NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT recovery_codes_code_hash_check CHECK ((length(code_hash) = 32))
);

CREATE TABLE public.released_names (
    name text NOT NULL,
    user_id bigint NOT NULL,
    free_at timestamp with time zone NOT NULL
);

CREATE TABLE public.removed_widgets (
    id bigint NOT NULL,
    hub_id bigint NOT NULL,
    kind text NOT NULL,
    side text NOT NULL,
    "position" integer NOT NULL,
    config jsonb NOT NULL,
    removed_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.reports (
    id bigint NOT NULL,
    case_id bigint NOT NULL,
    reporter_id bigint,
    category text NOT NULL,
    text text DEFAULT ''::text NOT NULL,
    weight integer NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    outcome text,
    settled_at timestamp with time zone,
    told_at timestamp with time zone,
    CONSTRAINT reports_category_check CHECK ((category = ANY (ARRAY['spam'::text, 'not-an-animal'::text, 'hurtful'::text, 'illegal'::text, 'stolen'::text, 'other'::text]))),
    CONSTRAINT reports_check CHECK (((outcome IS NULL) = (settled_at IS NULL))),
    CONSTRAINT reports_outcome_check CHECK ((outcome = ANY (ARRAY['upheld'::text, 'dismissed'::text, 'void'::text]))),
    CONSTRAINT reports_text_check CHECK ((length(text) <= 1000)),
    CONSTRAINT reports_weight_check CHECK ((weight >= 0))
);

ALTER TABLE public.reports ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.reports_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sanctions (
    id bigint NOT NULL,
    user_id bigint NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    content text DEFAULT 'keep'::text NOT NULL,
    imposed_by bigint,
    imposer text NOT NULL,
    imposed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    until timestamp with time zone,
    lifted_at timestamp with time zone,
    lifted_by bigint,
    lifter text,
    begun_at timestamp with time zone,
    ended_at timestamp with time zone,
    CONSTRAINT sanctions_check CHECK ((until > imposed_at)),
    CONSTRAINT sanctions_check1 CHECK (((kind <> 'ban'::text) OR (until IS NULL))),
    CONSTRAINT sanctions_check2 CHECK (((kind <> 'warn'::text) OR ((until IS NULL) AND (content = 'keep'::text)))),
    CONSTRAINT sanctions_check3 CHECK (((lifted_at IS NULL) = (lifter IS NULL))),
    CONSTRAINT sanctions_content_check CHECK ((content = ANY (ARRAY['keep'::text, 'hide'::text]))),
    CONSTRAINT sanctions_kind_check CHECK ((kind = ANY (ARRAY['warn'::text, 'silence'::text, 'suspend'::text, 'ban'::text]))),
    CONSTRAINT sanctions_reason_check CHECK (((length(reason) >= 1) AND (length(reason) <= 500)))
);

ALTER TABLE public.sanctions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sanctions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.schedule_ticks (
    schedule text NOT NULL,
    tick timestamp with time zone NOT NULL,
    fired_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.schedules (
    name text NOT NULL,
    expression text NOT NULL,
    missed text NOT NULL,
    kind text NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    requested_at timestamp with time zone,
    next_at timestamp with time zone
);

CREATE TABLE public.section_topics (
    section_id bigint NOT NULL,
    topic_id bigint NOT NULL,
    place smallint NOT NULL
);

CREATE TABLE public.sections (
    id bigint NOT NULL,
    name text NOT NULL,
    place integer DEFAULT 0 NOT NULL,
    CONSTRAINT sections_name_check CHECK (((length(name) >= 1) AND (length(name) <= 60)))
);

ALTER TABLE public.sections ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sections_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.sessions (
    token_hash bytea NOT NULL,
    user_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    id bigint NOT NULL,
    agent text,
    prefix text,
    proved_at timestamp with time zone,
    CONSTRAINT sessions_agent_check CHECK (((char_length(agent) >= 1) AND (char_length(agent) <= 80))),
    CONSTRAINT sessions_prefix_check CHECK (((char_length(prefix) >= 1) AND (char_length(prefix) <= 50))),
    CONSTRAINT sessions_token_hash_check CHECK ((length(token_hash) = 32))
);

ALTER TABLE public.sessions ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.sessions_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.shares (
    code text NOT NULL,
    photo_id bigint NOT NULL,
    sharer_id bigint,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT shares_code_check CHECK ((code ~ '^[A-Za-z0-9_-]{10,}$'::text))
);

CREATE TABLE public.site (
    one boolean DEFAULT true NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    CONSTRAINT site_one_check CHECK (one)
);

CREATE TABLE public.spent_links (
    token_hash bytea NOT NULL,
    user_id bigint NOT NULL,
    purpose text NOT NULL,
    spent_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT spent_links_purpose_check CHECK ((purpose = ANY (ARRAY['reset'::text, 'verify'::text]))),
    CONSTRAINT spent_links_token_hash_check CHECK ((octet_length(token_hash) = 32))
);

CREATE TABLE public.spent_rater_keys (
    rater_key bigint NOT NULL,
    spent_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.taggings (
    photo_id bigint NOT NULL,
    written_id bigint NOT NULL,
    topic_id bigint NOT NULL,
    place smallint NOT NULL,
    live boolean NOT NULL,
    doubled boolean DEFAULT false NOT NULL,
    CONSTRAINT taggings_place_check CHECK (((place >= 1) AND (place <= 10)))
);

CREATE TABLE public.taken_back_ratings (
    photo_id bigint NOT NULL,
    picture smallint NOT NULL,
    rater_id bigint NOT NULL,
    ballot_at timestamp with time zone NOT NULL,
    taken_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE public.talk_revisions (
    talk_id bigint NOT NULL,
    revision integer NOT NULL,
    title text NOT NULL,
    description text NOT NULL,
    photo_id bigint,
    at timestamp with time zone DEFAULT now() NOT NULL,
    was_shown boolean DEFAULT true NOT NULL
);

CREATE TABLE public.talk_votes (
    talk_id bigint NOT NULL,
    voter_id bigint NOT NULL,
    call_id bigint NOT NULL,
    at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    guest boolean DEFAULT false NOT NULL,
    device bytea,
    network text,
    nonce bytea NOT NULL,
    set_aside_at timestamp with time zone,
    set_aside_by bigint,
    set_aside_reason text,
    CONSTRAINT talk_votes_check CHECK (((set_aside_at IS NULL) = (set_aside_reason IS NULL))),
    CONSTRAINT talk_votes_device_check CHECK ((length(device) = 16)),
    CONSTRAINT talk_votes_nonce_check CHECK ((length(nonce) = 16)),
    CONSTRAINT talk_votes_set_aside_reason_check CHECK (((length(set_aside_reason) >= 1) AND (length(set_aside_reason) <= 500)))
);

CREATE TABLE public.talks (
    id bigint NOT NULL,
    call_id bigint NOT NULL,
    author_id bigint,
    title text NOT NULL,
    title_key text NOT NULL,
    description text DEFAULT ''::text NOT NULL,
    photo_id bigint,
    state text DEFAULT 'shown'::text NOT NULL,
    votes integer DEFAULT 0 NOT NULL,
    guest_votes integer DEFAULT 0 NOT NULL,
    revision integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT talks_description_check CHECK ((length(description) <= 2000)),
    CONSTRAINT talks_state_check CHECK ((state = ANY (ARRAY['waiting'::text, 'shown'::text, 'hidden'::text, 'withdrawn'::text]))),
    CONSTRAINT talks_title_check CHECK (((length(title) >= 1) AND (length(title) <= 120)))
);

ALTER TABLE public.talks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.talks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.topic_acts (
    id bigint NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    act text NOT NULL,
    topic_id bigint,
    about text NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    undone_at timestamp with time zone,
    undone_by text,
    CONSTRAINT topic_acts_act_check CHECK ((act = ANY (ARRAY['rename'::text, 'alias'::text, 'merge'::text, 'ban'::text, 'section'::text])))
);

ALTER TABLE public.topic_acts ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.topic_acts_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.topic_keys (
    key text NOT NULL,
    topic_id bigint NOT NULL
);

CREATE TABLE public.topic_moves (
    id bigint NOT NULL,
    topic_id bigint NOT NULL,
    photos bigint NOT NULL
);

ALTER TABLE public.topic_moves ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.topic_moves_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.topic_relations (
    topic_id bigint NOT NULL,
    other_id bigint NOT NULL,
    photos bigint NOT NULL,
    lift double precision NOT NULL
);

CREATE TABLE public.topics (
    id bigint NOT NULL,
    key text NOT NULL,
    name text NOT NULL,
    merged_into bigint,
    root_id bigint,
    banned_at timestamp with time zone,
    photos bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT topics_check CHECK (((merged_into IS DISTINCT FROM id) AND ((root_id IS NULL) = (merged_into IS NULL)))),
    CONSTRAINT topics_key_check CHECK (((length(key) >= 1) AND (length(key) <= 30))),
    CONSTRAINT topics_name_check CHECK (((length(name) >= 1) AND (length(name) <= 30)))
);

ALTER TABLE public.topics ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.topics_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.totp_secrets (
    user_id bigint NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    confirmed_at timestamp with time zone,
    last_used_at timestamp with time zone,
    last_step bigint DEFAULT 0 NOT NULL,
    CONSTRAINT totp_secrets_sealed_check CHECK ((length(sealed) = 48))
);

CREATE TABLE public.users (
    id bigint NOT NULL,
    name text,
    email text,
    email_verified_at timestamp with time zone,
    password_hash text,
    role text DEFAULT 'member'::text NOT NULL,
    rater_key bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    registered_at timestamp with time zone,
    network integer,
    remixes boolean DEFAULT true NOT NULL,
    avatar text,
    silenced_until timestamp with time zone,
    barred_until timestamp with time zone,
    hidden_until timestamp with time zone,
    warned_until timestamp with time zone,
    CONSTRAINT users_email_length CHECK ((length(email) <= 254)),
    CONSTRAINT users_name_format CHECK ((name ~ '^[A-Za-z0-9][A-Za-z0-9_-]{1,29}$'::text)),
    CONSTRAINT users_registered_whole CHECK ((((name IS NULL) AND (email IS NULL) AND (password_hash IS NULL) AND (email_verified_at IS NULL)) OR ((name IS NOT NULL) AND (email IS NOT NULL) AND (password_hash IS NOT NULL)))),
    CONSTRAINT users_role_check CHECK ((role = ANY (ARRAY['member'::text, 'moderator'::text, 'admin'::text])))
);

ALTER TABLE public.users ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.users_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.virality_events (
    id bigint NOT NULL,
    photo_id bigint NOT NULL,
    kind text NOT NULL,
    visitor bytea NOT NULL,
    day date DEFAULT CURRENT_DATE NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    counted boolean DEFAULT false NOT NULL,
    CONSTRAINT virality_events_kind_check CHECK ((kind = ANY (ARRAY['view'::text, 'share'::text, 'link_view'::text, 'link_rating'::text, 'remix'::text, 'comment'::text])))
);

ALTER TABLE public.virality_events ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.virality_events_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.widgets (
    id bigint NOT NULL,
    hub_id bigint NOT NULL,
    kind text NOT NULL,
    side text NOT NULL,
    "position" integer NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    added_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT widgets_config_check CHECK ((pg_column_size(config) <= 16384)),
    CONSTRAINT widgets_position_check CHECK (("position" >= 0)),
    CONSTRAINT widgets_side_check CHECK ((side = ANY (ARRAY['left'::text, 'right'::text])))
);

ALTER TABLE public.widgets ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.widgets_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.withdrawn_ratings (
    rater_id bigint NOT NULL,
    photo_id bigint NOT NULL,
    picture smallint NOT NULL,
    value smallint NOT NULL,
    lane text NOT NULL,
    ballot_at timestamp with time zone NOT NULL,
    rated_at timestamp with time zone NOT NULL,
    previous smallint,
    CONSTRAINT withdrawn_ratings_value_check CHECK (((value >= 1) AND (value <= 10)))
);

CREATE TABLE public.withheld (
    id bigint NOT NULL,
    owner_id bigint NOT NULL,
    photo_id bigint,
    comment_id bigint,
    talk_id bigint,
    state text NOT NULL,
    held_for text,
    virality double precision,
    CONSTRAINT withheld_check CHECK ((num_nonnulls(photo_id, comment_id, talk_id) = 1))
);

ALTER TABLE public.withheld ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.withheld_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY public.activity
    ADD CONSTRAINT activity_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.acts
    ADD CONSTRAINT acts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_token_hash_key UNIQUE (token_hash);

ALTER TABLE ONLY public.appeals
    ADD CONSTRAINT appeals_pkey PRIMARY KEY (sanction_id);

ALTER TABLE ONLY public.approvals
    ADD CONSTRAINT approvals_pkey PRIMARY KEY (about, thing_id);

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.avatar_uploads
    ADD CONSTRAINT avatar_uploads_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.blocked_pictures
    ADD CONSTRAINT blocked_pictures_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.blocked_pictures
    ADD CONSTRAINT blocked_pictures_source_hash_key UNIQUE (source_hash);

ALTER TABLE ONLY public.call_readers
    ADD CONSTRAINT call_readers_pkey PRIMARY KEY (call_id, voter_id);

ALTER TABLE ONLY public.call_receipts
    ADD CONSTRAINT call_receipts_pkey PRIMARY KEY (call_id, talk_id, receipt);

ALTER TABLE ONLY public.call_result_talks
    ADD CONSTRAINT call_result_talks_pkey PRIMARY KEY (call_id, talk_id);

ALTER TABLE ONLY public.call_results
    ADD CONSTRAINT call_results_pkey PRIMARY KEY (call_id);

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.comment_counts
    ADD CONSTRAINT comment_counts_pkey PRIMARY KEY (photo_id);

ALTER TABLE ONLY public.comment_pace
    ADD CONSTRAINT comment_pace_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.comments
    ADD CONSTRAINT comments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.earlier_ratings
    ADD CONSTRAINT earlier_ratings_pkey PRIMARY KEY (photo_id, picture, rater_id);

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_key_key UNIQUE (key);

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.feed_tokens
    ADD CONSTRAINT feed_tokens_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.feed_tokens
    ADD CONSTRAINT feed_tokens_token_key UNIQUE (token);

ALTER TABLE ONLY public.hub_photos
    ADD CONSTRAINT hub_photos_hub_id_slot_key UNIQUE (hub_id, slot);

ALTER TABLE ONLY public.hub_photos
    ADD CONSTRAINT hub_photos_pkey PRIMARY KEY (hub_id, photo_id);

ALTER TABLE ONLY public.hub_positions
    ADD CONSTRAINT hub_positions_pkey PRIMARY KEY (hub_id, rater_id);

ALTER TABLE ONLY public.hub_requests
    ADD CONSTRAINT hub_requests_pkey PRIMARY KEY (hub_id, user_id);

ALTER TABLE ONLY public.hub_roles
    ADD CONSTRAINT hub_roles_pkey PRIMARY KEY (hub_id, user_id, role);

ALTER TABLE ONLY public.hub_slugs
    ADD CONSTRAINT hub_slugs_pkey PRIMARY KEY (slug);

ALTER TABLE ONLY public.hubs
    ADD CONSTRAINT hubs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.hubs
    ADD CONSTRAINT hubs_profile_of_key UNIQUE (profile_of);

ALTER TABLE ONLY public.hubs
    ADD CONSTRAINT hubs_slug_key UNIQUE (slug);

ALTER TABLE ONLY public.import_files
    ADD CONSTRAINT import_files_pkey PRIMARY KEY (import_id, number);

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.job_batches
    ADD CONSTRAINT job_batches_pkey PRIMARY KEY (queue, worker_id, number);

ALTER TABLE ONLY public.job_errors
    ADD CONSTRAINT job_errors_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.job_groups
    ADD CONSTRAINT job_groups_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.job_history
    ADD CONSTRAINT job_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.job_minutes
    ADD CONSTRAINT job_minutes_pkey PRIMARY KEY (minute, kind);

ALTER TABLE ONLY public.job_partitions
    ADD CONSTRAINT job_partitions_pkey PRIMARY KEY (queue, key);

ALTER TABLE ONLY public.job_queues
    ADD CONSTRAINT job_queues_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.job_totals
    ADD CONSTRAINT job_totals_pkey PRIMARY KEY (kind);

ALTER TABLE ONLY public.job_workers
    ADD CONSTRAINT job_workers_name_key UNIQUE (name);

ALTER TABLE ONLY public.job_workers
    ADD CONSTRAINT job_workers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.jobs
    ADD CONSTRAINT jobs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.login_networks
    ADD CONSTRAINT login_networks_pkey PRIMARY KEY (user_id, network);

ALTER TABLE ONLY public.mail_refusals
    ADD CONSTRAINT mail_refusals_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.mail_tokens
    ADD CONSTRAINT mail_tokens_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.member_blocks
    ADD CONSTRAINT member_blocks_pkey PRIMARY KEY (user_id, blocked_id);

ALTER TABLE ONLY public.merged_users
    ADD CONSTRAINT merged_users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.moderator_mails
    ADD CONSTRAINT moderator_mails_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.notification_settings
    ADD CONSTRAINT notification_settings_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.passkey_ceremonies
    ADD CONSTRAINT passkey_ceremonies_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.passkey_handles
    ADD CONSTRAINT passkey_handles_handle_key UNIQUE (handle);

ALTER TABLE ONLY public.passkey_handles
    ADD CONSTRAINT passkey_handles_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_credential_key UNIQUE (credential_id);

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.pending_logins
    ADD CONSTRAINT pending_logins_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.photo_crops
    ADD CONSTRAINT photo_crops_pkey PRIMARY KEY (photo_id);

ALTER TABLE ONLY public.photo_files
    ADD CONSTRAINT photo_files_pkey PRIMARY KEY (photo_id, edge);

ALTER TABLE ONLY public.photo_milestones
    ADD CONSTRAINT photo_milestones_pkey PRIMARY KEY (photo_id);

ALTER TABLE ONLY public.photo_picture_files
    ADD CONSTRAINT photo_picture_files_pkey PRIMARY KEY (photo_id, number, edge);

ALTER TABLE ONLY public.photo_pictures
    ADD CONSTRAINT photo_pictures_pkey PRIMARY KEY (photo_id, number);

ALTER TABLE ONLY public.photo_ranks
    ADD CONSTRAINT photo_ranks_pkey PRIMARY KEY (photo_id);

ALTER TABLE ONLY public.photo_revisions
    ADD CONSTRAINT photo_revisions_pkey PRIMARY KEY (photo_id, number);

ALTER TABLE ONLY public.photo_stats
    ADD CONSTRAINT photo_stats_pkey PRIMARY KEY (photo_id);

ALTER TABLE ONLY public.photo_steps
    ADD CONSTRAINT photo_steps_pkey PRIMARY KEY (photo_id, step);

ALTER TABLE ONLY public.photo_submissions
    ADD CONSTRAINT photo_submissions_photo_id_key UNIQUE (photo_id);

ALTER TABLE ONLY public.photo_submissions
    ADD CONSTRAINT photo_submissions_pkey PRIMARY KEY (owner_id, key);

ALTER TABLE ONLY public.photo_weights
    ADD CONSTRAINT photo_weights_pkey PRIMARY KEY (photo_id);

ALTER TABLE ONLY public.photos
    ADD CONSTRAINT photos_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.photos
    ADD CONSTRAINT photos_slot_key UNIQUE (slot);

ALTER TABLE ONLY public.ranking_epochs
    ADD CONSTRAINT ranking_epochs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.rater_positions
    ADD CONSTRAINT rater_positions_pkey PRIMARY KEY (rater_id);

ALTER TABLE ONLY public.ratings
    ADD CONSTRAINT ratings_pkey PRIMARY KEY (photo_id, rater_id);

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_pkey PRIMARY KEY (user_id, code_hash);

ALTER TABLE ONLY public.released_names
    ADD CONSTRAINT released_names_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.removed_widgets
    ADD CONSTRAINT removed_widgets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reports
    ADD CONSTRAINT reports_case_id_reporter_id_key UNIQUE (case_id, reporter_id);

ALTER TABLE ONLY public.reports
    ADD CONSTRAINT reports_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sanctions
    ADD CONSTRAINT sanctions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.schedule_ticks
    ADD CONSTRAINT schedule_ticks_pkey PRIMARY KEY (schedule, tick);

ALTER TABLE ONLY public.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (name);

ALTER TABLE ONLY public.section_topics
    ADD CONSTRAINT section_topics_pkey PRIMARY KEY (section_id, topic_id);

ALTER TABLE ONLY public.sections
    ADD CONSTRAINT sections_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_id_key UNIQUE (id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.shares
    ADD CONSTRAINT shares_pkey PRIMARY KEY (code);

ALTER TABLE ONLY public.site
    ADD CONSTRAINT site_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.spent_links
    ADD CONSTRAINT spent_links_pkey PRIMARY KEY (token_hash);

ALTER TABLE ONLY public.spent_rater_keys
    ADD CONSTRAINT spent_rater_keys_pkey PRIMARY KEY (rater_key);

ALTER TABLE ONLY public.taggings
    ADD CONSTRAINT taggings_pkey PRIMARY KEY (photo_id, written_id);

ALTER TABLE ONLY public.taken_back_ratings
    ADD CONSTRAINT taken_back_ratings_pkey PRIMARY KEY (rater_id, photo_id, picture);

ALTER TABLE ONLY public.talk_revisions
    ADD CONSTRAINT talk_revisions_pkey PRIMARY KEY (talk_id, revision);

ALTER TABLE ONLY public.talk_votes
    ADD CONSTRAINT talk_votes_pkey PRIMARY KEY (talk_id, voter_id);

ALTER TABLE ONLY public.talks
    ADD CONSTRAINT talks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.topic_acts
    ADD CONSTRAINT topic_acts_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.topic_keys
    ADD CONSTRAINT topic_keys_pkey PRIMARY KEY (key);

ALTER TABLE ONLY public.topic_moves
    ADD CONSTRAINT topic_moves_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.topic_relations
    ADD CONSTRAINT topic_relations_pkey PRIMARY KEY (topic_id, other_id);

ALTER TABLE ONLY public.topics
    ADD CONSTRAINT topics_key_key UNIQUE (key);

ALTER TABLE ONLY public.topics
    ADD CONSTRAINT topics_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.totp_secrets
    ADD CONSTRAINT totp_secrets_pkey PRIMARY KEY (user_id);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.virality_events
    ADD CONSTRAINT virality_events_photo_id_kind_day_visitor_key UNIQUE (photo_id, kind, day, visitor);

ALTER TABLE ONLY public.virality_events
    ADD CONSTRAINT virality_events_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.widgets
    ADD CONSTRAINT widgets_hub_id_side_position_key UNIQUE (hub_id, side, "position") DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY public.widgets
    ADD CONSTRAINT widgets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.withdrawn_ratings
    ADD CONSTRAINT withdrawn_ratings_pkey PRIMARY KEY (rater_id, photo_id, picture);

ALTER TABLE ONLY public.withheld
    ADD CONSTRAINT withheld_comment_id_key UNIQUE (comment_id);

ALTER TABLE ONLY public.withheld
    ADD CONSTRAINT withheld_photo_id_key UNIQUE (photo_id);

ALTER TABLE ONLY public.withheld
    ADD CONSTRAINT withheld_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.withheld
    ADD CONSTRAINT withheld_talk_id_key UNIQUE (talk_id);

CREATE INDEX activity_actor_latest ON public.activity USING btree (actor_id, id DESC);

CREATE INDEX activity_at ON public.activity USING btree (at);

CREATE INDEX activity_hub ON public.activity USING btree (hub_id, id DESC);

CREATE INDEX activity_photo ON public.activity USING btree (photo_id) WHERE (photo_id IS NOT NULL);

CREATE INDEX acts_act ON public.acts USING btree (act, id DESC);

CREATE INDEX acts_actor ON public.acts USING btree (actor_id) WHERE (actor_id IS NOT NULL);

CREATE INDEX acts_author ON public.acts USING btree (author_id) WHERE (author_id IS NOT NULL);

CREATE INDEX acts_kept_avatar ON public.acts USING btree (((before ->> 'avatar'::text))) WHERE ((act = 'remove_avatar'::text) AND (before IS NOT NULL));

CREATE INDEX acts_name ON public.acts USING btree (lower(actor), id DESC);

CREATE INDEX acts_open ON public.acts USING btree (at) WHERE ((undone_at IS NULL) AND (final_at IS NULL));

CREATE INDEX acts_thing ON public.acts USING btree (thing, thing_id, id DESC);

CREATE INDEX api_tokens_expiry ON public.api_tokens USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX api_tokens_user ON public.api_tokens USING btree (user_id);

CREATE INDEX appeals_judged_by ON public.appeals USING btree (judged_by) WHERE (judged_by IS NOT NULL);

CREATE INDEX audit_log_action ON public.audit_log USING btree (action, id DESC);

CREATE INDEX audit_log_actor ON public.audit_log USING btree (lower(actor), id DESC);

CREATE INDEX audit_log_at ON public.audit_log USING btree (at DESC);

CREATE INDEX audit_log_things ON public.audit_log USING gin (detail jsonb_path_ops);

CREATE INDEX avatar_uploads_key ON public.avatar_uploads USING btree (key) WHERE (key IS NOT NULL);

CREATE INDEX avatar_uploads_source ON public.avatar_uploads USING btree (source_key) WHERE (source_key IS NOT NULL);

CREATE INDEX blocked_pictures_photo ON public.blocked_pictures USING btree (photo_id);

CREATE INDEX call_readers_voter ON public.call_readers USING btree (voter_id);

CREATE INDEX call_receipts_talk ON public.call_receipts USING btree (talk_id);

CREATE INDEX call_result_talks_talk ON public.call_result_talks USING btree (talk_id);

CREATE INDEX calls_created_by ON public.calls USING btree (created_by);

CREATE INDEX calls_hub ON public.calls USING btree (hub_id, id DESC);

CREATE INDEX calls_unannounced ON public.calls USING btree (id) WHERE (told_phase <> 'announced'::text);

CREATE INDEX cases_claimed ON public.cases USING btree (claimed_by) WHERE (claimed_by IS NOT NULL);

CREATE INDEX cases_closed ON public.cases USING btree (closed_at DESC, id DESC) WHERE (state = 'closed'::text);

CREATE UNIQUE INDEX cases_open ON public.cases USING btree (about, thing_id) WHERE (state = 'open'::text);

CREATE INDEX cases_owner ON public.cases USING btree (owner_id) WHERE (owner_id IS NOT NULL);

CREATE INDEX cases_queue ON public.cases USING btree (urgency DESC, id DESC) WHERE (state = 'open'::text);

CREATE INDEX cases_queue_about ON public.cases USING btree (about, urgency DESC, id DESC) WHERE (state = 'open'::text);

CREATE INDEX cases_thing ON public.cases USING btree (about, thing_id, id DESC);

CREATE INDEX comments_author ON public.comments USING btree (author_id, id);

CREATE INDEX comments_held ON public.comments USING btree (id) WHERE (state = 'held'::text);

CREATE INDEX comments_page ON public.comments USING btree (photo_id, ((- thread_id)), id);

CREATE INDEX comments_removed ON public.comments USING btree (removed_at) WHERE (state = 'removed'::text);

CREATE INDEX comments_replies ON public.comments USING btree (reply_to) WHERE (reply_to IS NOT NULL);

CREATE INDEX comments_same ON public.comments USING btree (text_key, created_at) WHERE (text_key IS NOT NULL);

CREATE INDEX earlier_ratings_rater ON public.earlier_ratings USING btree (rater_id);

CREATE INDEX exports_expiring ON public.exports USING btree (expires_at) WHERE (state = 'ready'::text);

CREATE UNIQUE INDEX exports_ready ON public.exports USING btree (user_id) WHERE (state = 'ready'::text);

CREATE INDEX exports_user ON public.exports USING btree (user_id, id);

CREATE UNIQUE INDEX exports_waiting ON public.exports USING btree (user_id) WHERE (state = 'waiting'::text);

CREATE INDEX hub_photos_photo ON public.hub_photos USING btree (photo_id);

CREATE INDEX hub_photos_posted ON public.hub_photos USING btree (hub_id, posted_at DESC, photo_id DESC);

CREATE INDEX hub_positions_photo ON public.hub_positions USING btree (photo_id) WHERE (photo_id IS NOT NULL);

CREATE INDEX hub_positions_rater ON public.hub_positions USING btree (rater_id);

CREATE INDEX hub_requests_user ON public.hub_requests USING btree (user_id);

CREATE UNIQUE INDEX hub_roles_one_membership ON public.hub_roles USING btree (hub_id, user_id) WHERE (role = ANY (ARRAY['member'::text, 'owner'::text]));

CREATE INDEX hub_roles_since ON public.hub_roles USING btree (hub_id, role, since);

CREATE INDEX hub_roles_user ON public.hub_roles USING btree (user_id, role);

CREATE INDEX hub_slugs_hub ON public.hub_slugs USING btree (hub_id);

CREATE INDEX hubs_active ON public.hubs USING btree (active_at DESC, id DESC) WHERE (slug IS NOT NULL);

CREATE INDEX hubs_created ON public.hubs USING btree (created_at DESC, id DESC) WHERE (slug IS NOT NULL);

CREATE INDEX hubs_name ON public.hubs USING gin ((((((name || ' '::text) || COALESCE(slug, ''::text)) || ' '::text) || summary)) public.gin_trgm_ops);

CREATE UNIQUE INDEX import_files_draft ON public.import_files USING btree (photo_id) WHERE ((state = 'imported'::text) AND (photo_id IS NOT NULL));

CREATE INDEX import_files_open ON public.import_files USING btree (import_id, number) WHERE (state = ANY (ARRAY['waiting'::text, 'stored'::text]));

CREATE INDEX import_files_photo ON public.import_files USING btree (photo_id) WHERE (photo_id IS NOT NULL);

CREATE INDEX import_files_source ON public.import_files USING btree (source_key) WHERE (source_key IS NOT NULL);

CREATE INDEX imports_ended ON public.imports USING btree (ended_at);

CREATE UNIQUE INDEX imports_key ON public.imports USING btree (owner_id, key) WHERE (key IS NOT NULL);

CREATE INDEX imports_owner ON public.imports USING btree (owner_id, id DESC);

CREATE INDEX imports_source ON public.imports USING btree (source_key) WHERE (source_key IS NOT NULL);

CREATE UNIQUE INDEX imports_under_way ON public.imports USING btree (owner_id) WHERE (state = ANY (ARRAY['unpacking'::text, 'importing'::text, 'undoing'::text]));

CREATE INDEX job_errors_text ON public.job_errors USING gin (error public.gin_trgm_ops);

CREATE INDEX job_history_dead ON public.job_history USING btree (kind, error_group, id) WHERE (outcome = 'dead'::public.job_outcome);

CREATE INDEX job_history_expiry ON public.job_history USING btree (expires_at);

CREATE INDEX job_history_kind ON public.job_history USING btree (kind, id);

CREATE INDEX job_history_partition ON public.job_history USING btree (partition_key, id) WHERE (partition_key IS NOT NULL);

CREATE INDEX job_history_subject ON public.job_history USING btree (subject, id) WHERE (subject IS NOT NULL);

CREATE INDEX job_history_unwell ON public.job_history USING btree (outcome, id) WHERE (outcome <> 'done'::public.job_outcome);

CREATE INDEX job_partitions_turn ON public.job_partitions USING btree (queue, turn DESC);

CREATE INDEX job_workers_live ON public.job_workers USING btree (id) WHERE (gone_at IS NULL);

CREATE INDEX jobs_open ON public.jobs USING btree (queue, priority, turn, id) WHERE open;

CREATE INDEX jobs_open_partition ON public.jobs USING btree (queue, partition_key, priority, turn, id) WHERE (open AND (partition_key IS NOT NULL));

CREATE INDEX jobs_partition ON public.jobs USING btree (partition_key) WHERE (partition_key IS NOT NULL);

CREATE INDEX jobs_scheduled ON public.jobs USING btree (run_at) WHERE (NOT open);

CREATE INDEX jobs_subject ON public.jobs USING btree (subject) WHERE (subject IS NOT NULL);

CREATE UNIQUE INDEX jobs_unique_key ON public.jobs USING btree (kind, unique_key) WHERE (unique_key IS NOT NULL);

CREATE INDEX kept_rows_act ON public.kept_rows USING btree (act_id, place);

CREATE INDEX kept_rows_user ON public.kept_rows USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX login_networks_last ON public.login_networks USING btree (last_at);

CREATE INDEX mail_tokens_expiry ON public.mail_tokens USING btree (expires_at);

CREATE INDEX mail_tokens_user ON public.mail_tokens USING btree (user_id, purpose);

CREATE INDEX member_blocks_blocked ON public.member_blocks USING btree (blocked_id);

CREATE INDEX merged_users_into ON public.merged_users USING btree (into_id);

CREATE INDEX merged_users_key ON public.merged_users USING btree (rater_key);

CREATE INDEX notifications_actor ON public.notifications USING btree (actor_id) WHERE (actor_id IS NOT NULL);

CREATE INDEX notifications_age ON public.notifications USING btree (created_at);

CREATE INDEX notifications_comment ON public.notifications USING btree (comment_id) WHERE (comment_id IS NOT NULL);

CREATE INDEX notifications_hub ON public.notifications USING btree (hub_id) WHERE (hub_id IS NOT NULL);

CREATE INDEX notifications_photo ON public.notifications USING btree (photo_id) WHERE (photo_id IS NOT NULL);

CREATE INDEX notifications_unread ON public.notifications USING btree (user_id, fold) WHERE (read_at IS NULL);

CREATE INDEX notifications_user ON public.notifications USING btree (user_id, id DESC);

CREATE INDEX passkey_ceremonies_expiry ON public.passkey_ceremonies USING btree (expires_at);

CREATE INDEX passkey_ceremonies_user ON public.passkey_ceremonies USING btree (user_id);

CREATE INDEX passkeys_user ON public.passkeys USING btree (user_id, id);

CREATE INDEX pending_logins_expiry ON public.pending_logins USING btree (expires_at);

CREATE INDEX pending_logins_user ON public.pending_logins USING btree (user_id);

CREATE INDEX photo_files_key ON public.photo_files USING btree (key);

CREATE INDEX photo_picture_files_key ON public.photo_picture_files USING btree (key);

CREATE INDEX photo_ranks_rank ON public.photo_ranks USING btree (rank, photo_id);

CREATE INDEX photo_stats_virality ON public.photo_stats USING btree (virality DESC, photo_id) WHERE (virality IS NOT NULL);

CREATE INDEX photos_live_at ON public.photos USING btree (live_at DESC) WHERE (state = 'live'::text);

CREATE INDEX photos_owner ON public.photos USING btree (owner_id, id DESC);

CREATE INDEX photos_parent ON public.photos USING btree (parent_id) WHERE (parent_id IS NOT NULL);

CREATE INDEX photos_source ON public.photos USING btree (source_key) WHERE (source_key IS NOT NULL);

CREATE INDEX photos_stale_drafts ON public.photos USING btree (touched_at) WHERE (state = 'draft'::text);

CREATE INDEX photos_words ON public.photos USING gin (((id >> 12)), public.photo_words(title, tags, alt)) WHERE (state = 'live'::text);

CREATE INDEX ratings_cast ON public.ratings USING btree (rater_id, rated_at DESC, photo_id DESC);

CREATE INDEX ratings_rated_at ON public.ratings USING btree (rated_at);

CREATE INDEX released_names_free ON public.released_names USING btree (free_at);

CREATE INDEX removed_widgets_age ON public.removed_widgets USING btree (removed_at);

CREATE INDEX removed_widgets_hub ON public.removed_widgets USING btree (hub_id);

CREATE INDEX reports_case ON public.reports USING btree (case_id, id DESC);

CREATE INDEX reports_reporter ON public.reports USING btree (reporter_id, id DESC) WHERE (reporter_id IS NOT NULL);

CREATE INDEX reports_untold ON public.reports USING btree (case_id, id) WHERE ((outcome IS NOT NULL) AND (told_at IS NULL));

CREATE INDEX sanctions_imposed_by ON public.sanctions USING btree (imposed_by) WHERE (imposed_by IS NOT NULL);

CREATE INDEX sanctions_lifted_by ON public.sanctions USING btree (lifted_by) WHERE (lifted_by IS NOT NULL);

CREATE INDEX sanctions_unsettled ON public.sanctions USING btree (user_id) WHERE (ended_at IS NULL);

CREATE INDEX sanctions_user ON public.sanctions USING btree (user_id, id DESC);

CREATE UNIQUE INDEX sections_name ON public.sections USING btree (lower(name));

CREATE INDEX sessions_expiry ON public.sessions USING btree (expires_at);

CREATE INDEX sessions_user ON public.sessions USING btree (user_id);

CREATE INDEX shares_photo ON public.shares USING btree (photo_id, sharer_id);

CREATE UNIQUE INDEX shares_sharer_photo ON public.shares USING btree (sharer_id, photo_id) WHERE (sharer_id IS NOT NULL);

CREATE INDEX spent_links_age ON public.spent_links USING btree (spent_at);

CREATE INDEX spent_links_user ON public.spent_links USING btree (user_id);

CREATE INDEX spent_rater_keys_age ON public.spent_rater_keys USING btree (spent_at);

CREATE INDEX taggings_shown ON public.taggings USING btree (topic_id, photo_id DESC) WHERE (live AND (NOT doubled));

CREATE INDEX taggings_written ON public.taggings USING btree (written_id, photo_id);

CREATE INDEX taken_back_ratings_at ON public.taken_back_ratings USING btree (taken_at);

CREATE INDEX taken_back_ratings_photo ON public.taken_back_ratings USING btree (photo_id);

CREATE INDEX talk_revisions_photo ON public.talk_revisions USING btree (photo_id) WHERE (photo_id IS NOT NULL);

CREATE INDEX talk_votes_call ON public.talk_votes USING btree (call_id, at);

CREATE UNIQUE INDEX talk_votes_guest_device ON public.talk_votes USING btree (call_id, device, talk_id) WHERE guest;

CREATE INDEX talk_votes_set_aside_by ON public.talk_votes USING btree (set_aside_by) WHERE (set_aside_by IS NOT NULL);

CREATE INDEX talk_votes_voter ON public.talk_votes USING btree (voter_id, call_id);

CREATE INDEX talks_author ON public.talks USING btree (author_id);

CREATE INDEX talks_call ON public.talks USING btree (call_id, id DESC);

CREATE INDEX talks_photo ON public.talks USING btree (photo_id) WHERE (photo_id IS NOT NULL);

CREATE UNIQUE INDEX talks_title_key ON public.talks USING btree (call_id, author_id, title_key) WHERE (state <> 'withdrawn'::text);

CREATE INDEX topic_keys_topic ON public.topic_keys USING btree (topic_id);

CREATE INDEX topic_moves_topic ON public.topic_moves USING btree (topic_id) INCLUDE (photos);

CREATE INDEX topics_created ON public.topics USING btree (id DESC) WHERE ((merged_into IS NULL) AND (banned_at IS NULL));

CREATE INDEX topics_key_begins ON public.topics USING btree (key text_pattern_ops);

CREATE INDEX topics_key_parts ON public.topics USING gin (key public.gin_trgm_ops);

CREATE INDEX topics_merged ON public.topics USING btree (merged_into) WHERE (merged_into IS NOT NULL);

CREATE INDEX topics_photos ON public.topics USING btree (photos DESC, id) WHERE ((merged_into IS NULL) AND (banned_at IS NULL));

CREATE INDEX totp_secrets_unconfirmed ON public.totp_secrets USING btree (created_at) WHERE (confirmed_at IS NULL);

CREATE INDEX users_anonymous_created ON public.users USING btree (created_at) WHERE (email IS NULL);

CREATE INDEX users_avatar ON public.users USING btree (avatar) WHERE (avatar IS NOT NULL);

CREATE UNIQUE INDEX users_email_key ON public.users USING btree (lower(email));

CREATE INDEX users_moderators ON public.users USING btree (id) WHERE (role <> 'member'::text);

CREATE UNIQUE INDEX users_name_key ON public.users USING btree (lower(name));

CREATE INDEX users_name_parts ON public.users USING gin (lower(name) public.gin_trgm_ops) WHERE (name IS NOT NULL);

CREATE UNIQUE INDEX users_rater_key_key ON public.users USING btree (rater_key);

CREATE INDEX users_registered ON public.users USING btree (registered_at) WHERE (registered_at IS NOT NULL);

CREATE INDEX virality_events_day ON public.virality_events USING btree (day) WHERE counted;

CREATE INDEX virality_events_uncounted ON public.virality_events USING btree (id) WHERE (NOT counted);

CREATE INDEX widgets_kind ON public.widgets USING btree (kind);

CREATE INDEX withdrawn_ratings_photo ON public.withdrawn_ratings USING btree (photo_id);

CREATE INDEX withheld_owner ON public.withheld USING btree (owner_id);

CREATE TRIGGER audit_log_is_append_only BEFORE DELETE OR UPDATE ON public.audit_log FOR EACH ROW EXECUTE FUNCTION public.audit_log_is_append_only();

ALTER TABLE public.audit_log ENABLE ALWAYS TRIGGER audit_log_is_append_only;

CREATE TRIGGER audit_log_is_not_truncated BEFORE TRUNCATE ON public.audit_log FOR EACH STATEMENT EXECUTE FUNCTION public.audit_log_is_append_only();

ALTER TABLE public.audit_log ENABLE ALWAYS TRIGGER audit_log_is_not_truncated;

CREATE TRIGGER comments_counted AFTER INSERT OR DELETE OR UPDATE OF state ON public.comments FOR EACH ROW EXECUTE FUNCTION public.count_comments();

CREATE TRIGGER hub_photos_slot BEFORE INSERT ON public.hub_photos FOR EACH ROW EXECUTE FUNCTION public.take_hub_slot();

CREATE TRIGGER import_job_ended AFTER DELETE ON public.jobs FOR EACH ROW WHEN ((old.kind = ANY (ARRAY['imports.unpack.v1'::text, 'imports.file.v1'::text, 'imports.undo.v1'::text]))) EXECUTE FUNCTION public.import_job_ended();

CREATE TRIGGER job_group_member_ended AFTER DELETE ON public.jobs FOR EACH ROW WHEN ((old.group_id IS NOT NULL)) EXECUTE FUNCTION public.job_group_member_ended();

CREATE TRIGGER job_history_error AFTER INSERT OR UPDATE OF outcome, kind, last_error ON public.job_history FOR EACH ROW WHEN ((new.last_error IS NOT NULL)) EXECUTE FUNCTION public.keep_job_error();

CREATE TRIGGER photo_job_ended AFTER DELETE ON public.jobs FOR EACH ROW WHEN ((old.kind = 'media.process.v1'::text)) EXECUTE FUNCTION public.photo_job_ended();

CREATE TRIGGER photo_shows_tags AFTER UPDATE OF state ON public.photos FOR EACH ROW WHEN (((old.state = 'live'::text) <> (new.state = 'live'::text))) EXECUTE FUNCTION public.photo_shows_tags();

CREATE TRIGGER photos_hub_slots AFTER UPDATE OF state ON public.photos FOR EACH ROW WHEN (((new.state = 'live'::text) AND (old.state <> 'live'::text))) EXECUTE FUNCTION public.take_hub_slots();

CREATE TRIGGER photos_profile AFTER INSERT OR UPDATE OF owner_id ON public.photos FOR EACH ROW EXECUTE FUNCTION public.post_to_profile();

CREATE TRIGGER taggings_deleted AFTER DELETE ON public.taggings REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION public.taggings_counted();

CREATE TRIGGER taggings_inserted AFTER INSERT ON public.taggings REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.taggings_counted();

CREATE TRIGGER taggings_updated AFTER UPDATE ON public.taggings REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.taggings_counted();

CREATE TRIGGER users_name_changed AFTER UPDATE OF name ON public.users FOR EACH ROW WHEN ((lower(old.name) <> lower(new.name))) EXECUTE FUNCTION public.release_name();

CREATE TRIGGER users_name_refused AFTER INSERT OR UPDATE OF name ON public.users FOR EACH ROW WHEN ((new.name IS NOT NULL)) EXECUTE FUNCTION public.refuse_released_name();

CREATE TRIGGER users_name_released AFTER DELETE ON public.users FOR EACH ROW WHEN ((old.name IS NOT NULL)) EXECUTE FUNCTION public.release_name();

CREATE TRIGGER users_profile AFTER INSERT OR UPDATE OF name ON public.users FOR EACH ROW WHEN ((new.name IS NOT NULL)) EXECUTE FUNCTION public.make_profile();

ALTER TABLE ONLY public.activity
    ADD CONSTRAINT activity_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.activity
    ADD CONSTRAINT activity_hub_id_fkey FOREIGN KEY (hub_id) REFERENCES public.hubs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.activity
    ADD CONSTRAINT activity_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.acts
    ADD CONSTRAINT acts_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.acts
    ADD CONSTRAINT acts_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.api_tokens
    ADD CONSTRAINT api_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.appeals
    ADD CONSTRAINT appeals_judged_by_fkey FOREIGN KEY (judged_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.appeals
    ADD CONSTRAINT appeals_sanction_id_fkey FOREIGN KEY (sanction_id) REFERENCES public.sanctions(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.audit_log
    ADD CONSTRAINT audit_log_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.avatar_uploads
    ADD CONSTRAINT avatar_uploads_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.blocked_pictures
    ADD CONSTRAINT blocked_pictures_blocked_by_fkey FOREIGN KEY (blocked_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.blocked_pictures
    ADD CONSTRAINT blocked_pictures_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.call_readers
    ADD CONSTRAINT call_readers_call_id_fkey FOREIGN KEY (call_id) REFERENCES public.calls(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.call_receipts
    ADD CONSTRAINT call_receipts_call_id_fkey FOREIGN KEY (call_id) REFERENCES public.call_results(call_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.call_receipts
    ADD CONSTRAINT call_receipts_talk_id_fkey FOREIGN KEY (talk_id) REFERENCES public.talks(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.call_result_talks
    ADD CONSTRAINT call_result_talks_call_id_fkey FOREIGN KEY (call_id) REFERENCES public.call_results(call_id) ON DELETE CASCADE;

ALTER TABLE ONLY public.call_result_talks
    ADD CONSTRAINT call_result_talks_talk_id_fkey FOREIGN KEY (talk_id) REFERENCES public.talks(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.call_results
    ADD CONSTRAINT call_results_call_id_fkey FOREIGN KEY (call_id) REFERENCES public.calls(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_created_by_fkey FOREIGN KEY (created_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.calls
    ADD CONSTRAINT calls_hub_id_fkey FOREIGN KEY (hub_id) REFERENCES public.hubs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_claimed_by_fkey FOREIGN KEY (claimed_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.cases
    ADD CONSTRAINT cases_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.comment_counts
    ADD CONSTRAINT comment_counts_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.comment_pace
    ADD CONSTRAINT comment_pace_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.comments
    ADD CONSTRAINT comments_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.comments
    ADD CONSTRAINT comments_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.comments
    ADD CONSTRAINT comments_reply_to_fkey FOREIGN KEY (reply_to) REFERENCES public.comments(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.earlier_ratings
    ADD CONSTRAINT earlier_ratings_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.earlier_ratings
    ADD CONSTRAINT earlier_ratings_rater_id_fkey FOREIGN KEY (rater_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.exports
    ADD CONSTRAINT exports_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.feed_tokens
    ADD CONSTRAINT feed_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.hub_photos
    ADD CONSTRAINT hub_photos_hub_id_fkey FOREIGN KEY (hub_id) REFERENCES public.hubs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.hub_photos
    ADD CONSTRAINT hub_photos_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.hub_positions
    ADD CONSTRAINT hub_positions_hub_id_fkey FOREIGN KEY (hub_id) REFERENCES public.hubs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.hub_positions
    ADD CONSTRAINT hub_positions_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.hub_positions
    ADD CONSTRAINT hub_positions_rater_id_fkey FOREIGN KEY (rater_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.hub_requests
    ADD CONSTRAINT hub_requests_hub_id_fkey FOREIGN KEY (hub_id) REFERENCES public.hubs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.hub_requests
    ADD CONSTRAINT hub_requests_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.hub_roles
    ADD CONSTRAINT hub_roles_hub_id_fkey FOREIGN KEY (hub_id) REFERENCES public.hubs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.hub_roles
    ADD CONSTRAINT hub_roles_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.hub_slugs
    ADD CONSTRAINT hub_slugs_hub_id_fkey FOREIGN KEY (hub_id) REFERENCES public.hubs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.hubs
    ADD CONSTRAINT hubs_profile_of_fkey FOREIGN KEY (profile_of) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.import_files
    ADD CONSTRAINT import_files_import_id_fkey FOREIGN KEY (import_id) REFERENCES public.imports(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.import_files
    ADD CONSTRAINT import_files_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.job_errors
    ADD CONSTRAINT job_errors_id_fkey FOREIGN KEY (id) REFERENCES public.job_history(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.kept_rows
    ADD CONSTRAINT kept_rows_act_id_fkey FOREIGN KEY (act_id) REFERENCES public.acts(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.kept_rows
    ADD CONSTRAINT kept_rows_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.login_networks
    ADD CONSTRAINT login_networks_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.mail_refusals
    ADD CONSTRAINT mail_refusals_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.mail_tokens
    ADD CONSTRAINT mail_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.member_blocks
    ADD CONSTRAINT member_blocks_blocked_id_fkey FOREIGN KEY (blocked_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.member_blocks
    ADD CONSTRAINT member_blocks_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.merged_users
    ADD CONSTRAINT merged_users_into_id_fkey FOREIGN KEY (into_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.moderator_mails
    ADD CONSTRAINT moderator_mails_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.notification_settings
    ADD CONSTRAINT notification_settings_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_actor_id_fkey FOREIGN KEY (actor_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_comment_id_fkey FOREIGN KEY (comment_id) REFERENCES public.comments(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_hub_id_fkey FOREIGN KEY (hub_id) REFERENCES public.hubs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.notifications
    ADD CONSTRAINT notifications_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.passkey_ceremonies
    ADD CONSTRAINT passkey_ceremonies_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.passkey_handles
    ADD CONSTRAINT passkey_handles_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.pending_logins
    ADD CONSTRAINT pending_logins_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_crops
    ADD CONSTRAINT photo_crops_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_files
    ADD CONSTRAINT photo_files_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_milestones
    ADD CONSTRAINT photo_milestones_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_picture_files
    ADD CONSTRAINT photo_picture_files_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_pictures
    ADD CONSTRAINT photo_pictures_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_ranks
    ADD CONSTRAINT photo_ranks_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_revisions
    ADD CONSTRAINT photo_revisions_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_stats
    ADD CONSTRAINT photo_stats_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_steps
    ADD CONSTRAINT photo_steps_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_submissions
    ADD CONSTRAINT photo_submissions_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_submissions
    ADD CONSTRAINT photo_submissions_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photo_weights
    ADD CONSTRAINT photo_weights_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photos
    ADD CONSTRAINT photos_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.photos
    ADD CONSTRAINT photos_parent_id_fkey FOREIGN KEY (parent_id) REFERENCES public.photos(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.rater_positions
    ADD CONSTRAINT rater_positions_rater_id_fkey FOREIGN KEY (rater_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ratings
    ADD CONSTRAINT ratings_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.ratings
    ADD CONSTRAINT ratings_rater_id_fkey FOREIGN KEY (rater_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.recovery_codes
    ADD CONSTRAINT recovery_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.removed_widgets
    ADD CONSTRAINT removed_widgets_hub_id_fkey FOREIGN KEY (hub_id) REFERENCES public.hubs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reports
    ADD CONSTRAINT reports_case_id_fkey FOREIGN KEY (case_id) REFERENCES public.cases(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.reports
    ADD CONSTRAINT reports_reporter_id_fkey FOREIGN KEY (reporter_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.sanctions
    ADD CONSTRAINT sanctions_imposed_by_fkey FOREIGN KEY (imposed_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.sanctions
    ADD CONSTRAINT sanctions_lifted_by_fkey FOREIGN KEY (lifted_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.sanctions
    ADD CONSTRAINT sanctions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.section_topics
    ADD CONSTRAINT section_topics_section_id_fkey FOREIGN KEY (section_id) REFERENCES public.sections(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.section_topics
    ADD CONSTRAINT section_topics_topic_id_fkey FOREIGN KEY (topic_id) REFERENCES public.topics(id);

ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.shares
    ADD CONSTRAINT shares_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.shares
    ADD CONSTRAINT shares_sharer_id_fkey FOREIGN KEY (sharer_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.spent_links
    ADD CONSTRAINT spent_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.taggings
    ADD CONSTRAINT taggings_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.taggings
    ADD CONSTRAINT taggings_topic_id_fkey FOREIGN KEY (topic_id) REFERENCES public.topics(id);

ALTER TABLE ONLY public.taggings
    ADD CONSTRAINT taggings_written_id_fkey FOREIGN KEY (written_id) REFERENCES public.topics(id);

ALTER TABLE ONLY public.taken_back_ratings
    ADD CONSTRAINT taken_back_ratings_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.taken_back_ratings
    ADD CONSTRAINT taken_back_ratings_rater_id_fkey FOREIGN KEY (rater_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.talk_revisions
    ADD CONSTRAINT talk_revisions_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.talk_revisions
    ADD CONSTRAINT talk_revisions_talk_id_fkey FOREIGN KEY (talk_id) REFERENCES public.talks(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.talk_votes
    ADD CONSTRAINT talk_votes_set_aside_by_fkey FOREIGN KEY (set_aside_by) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.talk_votes
    ADD CONSTRAINT talk_votes_talk_id_fkey FOREIGN KEY (talk_id) REFERENCES public.talks(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.talks
    ADD CONSTRAINT talks_author_id_fkey FOREIGN KEY (author_id) REFERENCES public.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.talks
    ADD CONSTRAINT talks_call_id_fkey FOREIGN KEY (call_id) REFERENCES public.calls(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.talks
    ADD CONSTRAINT talks_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE SET NULL;

ALTER TABLE ONLY public.topic_acts
    ADD CONSTRAINT topic_acts_topic_id_fkey FOREIGN KEY (topic_id) REFERENCES public.topics(id);

ALTER TABLE ONLY public.topic_keys
    ADD CONSTRAINT topic_keys_topic_id_fkey FOREIGN KEY (topic_id) REFERENCES public.topics(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.topic_relations
    ADD CONSTRAINT topic_relations_other_id_fkey FOREIGN KEY (other_id) REFERENCES public.topics(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.topic_relations
    ADD CONSTRAINT topic_relations_topic_id_fkey FOREIGN KEY (topic_id) REFERENCES public.topics(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.topics
    ADD CONSTRAINT topics_merged_into_fkey FOREIGN KEY (merged_into) REFERENCES public.topics(id);

ALTER TABLE ONLY public.topics
    ADD CONSTRAINT topics_root_id_fkey FOREIGN KEY (root_id) REFERENCES public.topics(id);

ALTER TABLE ONLY public.totp_secrets
    ADD CONSTRAINT totp_secrets_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.virality_events
    ADD CONSTRAINT virality_events_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.widgets
    ADD CONSTRAINT widgets_hub_id_fkey FOREIGN KEY (hub_id) REFERENCES public.hubs(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.withdrawn_ratings
    ADD CONSTRAINT withdrawn_ratings_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.withdrawn_ratings
    ADD CONSTRAINT withdrawn_ratings_rater_id_fkey FOREIGN KEY (rater_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.withheld
    ADD CONSTRAINT withheld_comment_id_fkey FOREIGN KEY (comment_id) REFERENCES public.comments(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.withheld
    ADD CONSTRAINT withheld_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES public.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.withheld
    ADD CONSTRAINT withheld_photo_id_fkey FOREIGN KEY (photo_id) REFERENCES public.photos(id) ON DELETE CASCADE;

ALTER TABLE ONLY public.withheld
    ADD CONSTRAINT withheld_talk_id_fkey FOREIGN KEY (talk_id) REFERENCES public.talks(id) ON DELETE CASCADE;

