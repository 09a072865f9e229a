-- Every member has a profile: a hub of which they are the owner, with all their photos. Triggers keep it so, because the
-- previous version still registers members while this one is installed.
create function make_profile() returns trigger language plpgsql as $$
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
            (profile, 'activity', 'left', 3, '{}'),
            (profile, 'numbers', 'right', 0, '{}'),
            (profile, 'histogram', 'right', 1, '{}'),
            (profile, 'top-photos', 'right', 2, '{"limit": 3}'),
            (profile, 'subscriptions', 'right', 3, '{}');
    end if;
    return null;
end $$;
create trigger users_profile after insert or update of name on users for each row
    when (new.name is not null) execute function make_profile();

create function post_to_profile() returns trigger language plpgsql as $$
begin
    delete from hub_photos using hubs
    where hub_photos.photo_id = new.id and hubs.id = hub_photos.hub_id and hubs.profile_of <> new.owner_id;
    insert into hub_photos (hub_id, photo_id) select id, new.id from hubs where profile_of = new.owner_id
    on conflict do nothing;
    return null;
end $$;
create trigger photos_profile after insert or update of owner_id on photos for each row
    execute function post_to_profile();

-- Members from before.
update users set name = name where name is not null;
