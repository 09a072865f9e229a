-- The photos of a hub, and where each rater stands among them.
create table hub_photos (
    hub_id    bigint not null references hubs on delete cascade,
    photo_id  bigint not null references photos on delete cascade,
    posted_at timestamptz not null default now(),
    -- Its place in the hub's rotation, once it is live: see photos.slot.
    slot      bigint,
    primary key (hub_id, photo_id),
    unique (hub_id, slot)
);
create index hub_photos_photo on hub_photos (photo_id);
create index hub_photos_posted on hub_photos (hub_id, posted_at desc, photo_id desc);

-- Like rater_positions, for the photos of one hub.
create table hub_positions (
    hub_id   bigint not null references hubs on delete cascade,
    rater_id bigint not null references users on delete cascade,
    first    bigint not null default 0,
    last     bigint not null default 0,
    cursor   bigint not null default 0,
    fresh    bigint not null default 0,
    served   bigint not null default 0,
    photo_id bigint references photos on delete set null,
    lane     text,
    primary key (hub_id, rater_id)
);
create index hub_positions_rater on hub_positions (rater_id);
create index hub_positions_photo on hub_positions (photo_id) where photo_id is not null;

-- A photo gets its slot when it is posted and live, whichever comes last.
create function take_hub_slot() returns trigger language plpgsql as $$
begin
    if new.slot is null and exists (select from photos where id = new.photo_id and state = 'live') then
        update hubs set next_slot = next_slot + 1 where id = new.hub_id returning next_slot - 1 into new.slot;
    end if;
    return new;
end $$;
create trigger hub_photos_slot before insert on hub_photos for each row execute function take_hub_slot();

create function take_hub_slots() returns trigger language plpgsql as $$
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
create trigger photos_hub_slots after update of state on photos for each row
    when (new.state = 'live' and old.state <> 'live') execute function take_hub_slots();
