-- Sanctions of members, the appeals against them, and what they take away as long as they hold.

create table sanctions (
    id         bigint generated always as identity primary key,
    user_id    bigint not null references users on delete cascade,
    kind       text not null check (kind in ('warn', 'silence', 'suspend', 'ban')),
    -- The member reads it.
    reason     text not null check (length(reason) between 1 and 500),
    -- What becomes of the member's photos, comments and talks while it holds.
    content    text not null default 'keep' check (content in ('keep', 'hide')),
    imposed_by bigint references users on delete set null,
    -- The name of who imposed it, which outlives the account.
    imposer    text not null,
    imposed_at timestamptz not null default clock_timestamp(),
    -- Null for no end. It ends by the clock, without a job.
    until      timestamptz check (until > imposed_at),
    lifted_at  timestamptz,
    lifted_by  bigint references users on delete set null,
    lifter     text,
    -- When a job had taken away what it takes away, and given all of it back after its end.
    begun_at   timestamptz,
    ended_at   timestamptz,
    check (kind <> 'ban' or until is null),
    check (kind <> 'warn' or (until is null and content = 'keep')),
    check ((lifted_at is null) = (lifter is null))
);
create index sanctions_user on sanctions (user_id, id desc);
create index sanctions_unsettled on sanctions (user_id) where ended_at is null;
create index sanctions_imposed_by on sanctions (imposed_by) where imposed_by is not null;
create index sanctions_lifted_by on sanctions (lifted_by) where lifted_by is not null;

-- What the sanctions in force add up to: `infinity` for those without an end. They change with a row of sanctions, in the
-- same transaction, so that loading a user tells of them.
alter table users add column silenced_until timestamptz, add column barred_until timestamptz,
    add column hidden_until timestamptz, add column warned_until timestamptz;

-- Whether a user may act: `barred` while suspended or banned. For a week after a warning the user is told of it.
create function standing(barred_until timestamptz, silenced_until timestamptz, warned_until timestamptz) returns text
language sql as $$
    select case when barred_until > clock_timestamp() then 'barred'
                when silenced_until > clock_timestamp() then 'silenced'
                when warned_until > clock_timestamp() then 'warned'
                else 'good' end
$$;

-- One appeal per sanction.
create table appeals (
    sanction_id bigint primary key references sanctions on delete cascade,
    text        text not null check (length(text) between 1 and 2000),
    made_at     timestamptz not null default clock_timestamp(),
    accepted    boolean,
    -- What the member reads.
    answer      text check (length(answer) between 1 and 1000),
    judged_at   timestamptz,
    judged_by   bigint references users on delete set null,
    judge       text,
    check ((accepted is null) = (judged_at is null) and (accepted is null) = (judge is null)
           and (accepted is null) = (answer is null))
);
create index appeals_judged_by on appeals (judged_by) where judged_by is not null;

-- The ratings of banned members, of whichever picture a photo had: exactly what goes back when the ban is lifted.
create table withdrawn_ratings (
    rater_id  bigint not null references users on delete cascade,
    photo_id  bigint not null references photos on delete cascade,
    picture   smallint not null,
    value     smallint not null check (value between 1 and 10),
    lane      text not null,
    ballot_at timestamptz not null,
    rated_at  timestamptz not null,
    previous  smallint,
    primary key (rater_id, photo_id, picture)
);
create index withdrawn_ratings_photo on withdrawn_ratings (photo_id);
