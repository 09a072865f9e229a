-- Hubs: communities with members and a page of widgets. A member's profile is a hub of its own, without a slug.
create table hubs (
    id             bigint generated always as identity primary key,
    slug           text unique check (slug ~ '^[a-z0-9](-?[a-z0-9]){1,48}$'),
    profile_of     bigint unique references users on delete cascade,
    name           text not null check (length(name) between 1 and 80),
    summary        text not null default '' check (length(summary) <= 280),
    -- Who may become a member: everybody, those whom an owner accepts, or those whom an owner adds.
    joining        text not null default 'open' check (joining in ('open', 'request', 'invite')),
    visibility     text not null default 'public' check (visibility in ('public', 'private')),
    -- Counts changes of the layout, so that two owners don't overwrite each other's.
    layout_version bigint not null default 1,
    -- The slot of the next photo that goes live in it.
    next_slot      bigint not null default 0,
    archived_at    timestamptz,
    -- When its owners last got a mail about a request.
    owners_told_at timestamptz,
    -- The last photo, member, comment or edit. Ratings don't count, because they would all wait for this row.
    active_at      timestamptz not null default now(),
    created_at     timestamptz not null default now(),
    check ((slug is null) = (profile_of is not null))
);
create index hubs_active on hubs (active_at desc, id desc) where slug is not null;
create index hubs_created on hubs (created_at desc, id desc) where slug is not null;
create index hubs_name on hubs using gin ((name || ' ' || coalesce(slug, '') || ' ' || summary) gin_trgm_ops);

-- Slugs that a hub has had. They redirect to it for good.
create table hub_slugs (
    slug   text primary key,
    hub_id bigint not null references hubs on delete cascade
);
create index hub_slugs_hub on hub_slugs (hub_id);

create table hub_roles (
    hub_id  bigint not null references hubs on delete cascade,
    user_id bigint not null references users on delete cascade,
    role    text not null check (role in ('subscriber', 'stargazer', 'member', 'owner')),
    since   timestamptz not null default now(),
    primary key (hub_id, user_id, role)
);
-- An owner is a member with more rights, so nobody is both.
create unique index hub_roles_one_membership on hub_roles (hub_id, user_id) where role in ('member', 'owner');
create index hub_roles_user on hub_roles (user_id, role);
create index hub_roles_since on hub_roles (hub_id, role, since);

-- Who asks to become a member.
create table hub_requests (
    hub_id   bigint not null references hubs on delete cascade,
    user_id  bigint not null references users on delete cascade,
    asked_at timestamptz not null default now(),
    primary key (hub_id, user_id)
);
create index hub_requests_user on hub_requests (user_id);
