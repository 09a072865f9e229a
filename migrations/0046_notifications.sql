-- Notifications: what has happened to a member's photos, comments and requests.
create table notifications (
    id         bigint generated always as identity primary key,
    user_id    bigint not null references users on delete cascade,
    -- A kind that this version of the program doesn't know isn't shown.
    kind       text not null check (length(kind) between 1 and 40),
    -- Those with the same that were read at the same time, or not yet, are one entry.
    fold       text not null check (length(fold) between 1 and 100),
    actor_id   bigint references users on delete cascade,
    photo_id   bigint references photos on delete cascade,
    comment_id bigint references comments on delete cascade,
    hub_id     bigint references hubs on delete cascade,
    -- What a milestone has reached, or whether a request was accepted.
    number     bigint,
    created_at timestamptz not null default now(),
    read_at    timestamptz
);
create index notifications_user on notifications (user_id, id desc);
create index notifications_unread on notifications (user_id, fold) where read_at is null;
create index notifications_actor on notifications (actor_id) where actor_id is not null;
create index notifications_photo on notifications (photo_id) where photo_id is not null;
create index notifications_comment on notifications (comment_id) where comment_id is not null;
create index notifications_hub on notifications (hub_id) where hub_id is not null;
create index notifications_age on notifications (created_at);

create table notification_settings (
    user_id        bigint primary key references users on delete cascade,
    -- The kinds that the member doesn't want.
    off            text[] not null default '{}',
    -- Whether the member gets a mail a day about what is unread.
    digest         boolean not null default true,
    -- When the last mail was sent, and the last notification that was due by then.
    digest_at      timestamptz,
    digest_through bigint not null default 0
);

-- The largest number of ratings that each photo's owner was told of.
create table photo_milestones (
    photo_id bigint primary key references photos on delete cascade,
    number   bigint not null
);
