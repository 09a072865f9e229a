-- A new member's profile also begins with the member's feed, which nobody else sees.
create or replace function make_profile() returns trigger language plpgsql as $$
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
