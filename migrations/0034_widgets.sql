-- The widgets of a hub's page. What they show is cached; where they stand and how they are configured is stored here.
create table widgets (
    id       bigint generated always as identity primary key,
    hub_id   bigint not null references hubs on delete cascade,
    kind     text not null,
    side     text not null check (side in ('left', 'right')),
    -- Its place in the column, from 0.
    position integer not null check (position >= 0),
    config   jsonb not null default '{}' check (pg_column_size(config) <= 16384),
    added_at timestamptz not null default now(),
    unique (hub_id, side, position) deferrable initially deferred
);
create index widgets_kind on widgets (kind);

-- Widgets that were removed lately, so that they can be put back.
create table removed_widgets (
    id         bigint primary key,
    hub_id     bigint not null references hubs on delete cascade,
    kind       text not null,
    side       text not null,
    position   integer not null,
    config     jsonb not null,
    removed_at timestamptz not null default now()
);
create index removed_widgets_hub on removed_widgets (hub_id);
create index removed_widgets_age on removed_widgets (removed_at);
