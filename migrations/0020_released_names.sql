-- Names that their members have given up, by renaming or by going: nobody else has them for a while, since links and people
-- still mean the member before. Triggers, so that every way to go or to rename keeps to it.
create table released_names (
    -- In lower case, as names are unique.
    name    text primary key,
    -- Who may have it back.
    user_id bigint not null,
    free_at timestamptz not null
);
create index released_names_free on released_names (free_at);

create function release_name() returns trigger language plpgsql as $$
begin
    delete from released_names
    where name in (select name from released_names where free_at < now() limit 100 for update skip locked);
    insert into released_names (name, user_id, free_at) values (lower(old.name), old.id, now() + interval '90 days')
    on conflict (name) do update set user_id = excluded.user_id, free_at = excluded.free_at;
    return null;
end
$$;
create trigger users_name_released after delete on users
    for each row when (old.name is not null) execute function release_name();
create trigger users_name_changed after update of name on users
    for each row when (lower(old.name) <> lower(new.name)) execute function release_name();

-- After the unique index has had its say: what a member who goes at the same moment releases is visible by then.
create function refuse_released_name() returns trigger language plpgsql as $$
begin
    if exists (select from released_names
               where name = lower(new.name) and user_id <> new.id and free_at > now()) then
        raise unique_violation using constraint = 'users_name_key', message = 'the name was given up lately';
    end if;
    return null;
end
$$;
create trigger users_name_refused after insert or update of name on users
    for each row when (new.name is not null) execute function refuse_released_name();
