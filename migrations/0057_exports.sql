-- Members take along what is theirs: a job writes an archive of it, which is kept for seven days.

create table exports (
    id           bigint generated always as identity primary key,
    user_id      bigint not null references users on delete cascade,
    state        text not null default 'waiting' check (state in ('waiting', 'ready', 'failed', 'expired')),
    requested_at timestamptz not null default now(),
    -- When the archive was there, or nobody tried any more.
    ended_at     timestamptz,
    expires_at   timestamptz,
    -- The archive in the media store. Each attempt writes one of its own; the row names the one that is complete.
    key          text unique,
    bytes        bigint check (bytes > 0),
    photos       integer check (photos >= 0),
    check ((state = 'waiting') = (ended_at is null)),
    check ((state = 'ready') = (key is not null)),
    check (state <> 'ready' or (bytes is not null and photos is not null and expires_at is not null))
);
create index exports_user on exports (user_id, id);
-- A member waits for one at a time, and has one at a time.
create unique index exports_waiting on exports (user_id) where state = 'waiting';
create unique index exports_ready on exports (user_id) where state = 'ready';
create index exports_expiring on exports (expires_at) where state = 'ready';

-- Writing an archive may take minutes, in which no photo and no purge should have to wait.
insert into job_queues (name) values ('exports');
