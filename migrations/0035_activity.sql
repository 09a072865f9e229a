-- What happened in hubs: feeds, the widget of activity, and when a hub was last active.
create table activity (
    id       bigint generated always as identity primary key,
    at       timestamptz not null default now(),
    hub_id   bigint not null references hubs on delete cascade,
    verb     text not null,
    actor_id bigint references users on delete cascade,
    photo_id bigint references photos on delete cascade
);
create index activity_hub on activity (hub_id, id desc);
create index activity_at on activity (at);
create index activity_actor on activity (actor_id);
create index activity_photo on activity (photo_id) where photo_id is not null;

-- The secret in the address of a member's own feed.
create table feed_tokens (
    user_id bigint primary key references users on delete cascade,
    token   text not null unique
);
