-- The job queue: live jobs in one hot table, what ended in another, and the processes whose heartbeats are the leases.
create type job_state as enum ('scheduled', 'ready', 'running');
create type job_outcome as enum ('done', 'dead', 'cancelled');

create table job_workers (
    id         bigint generated always as identity primary key,
    -- host, pid and a ULID: never the same for two starts.
    name       text not null unique,
    host       text not null,
    pid        integer not null,
    started_at timestamptz not null default now(),
    beat_at    timestamptz not null default now()
);

create table jobs (
    id           bigint generated always as identity primary key,
    queue        text not null,
    kind         text not null,
    state        job_state not null default 'ready',
    -- Lower runs first.
    priority     smallint not null default 0,
    attempt      smallint not null default 0,
    max_attempts smallint not null check (max_attempts > 0),
    -- The fence: bumped by every claim and hand-back, so an ack with an older number counts for nothing.
    claim        integer not null default 0,
    -- The row in job_workers whose lease covers the claim. No foreign key: a missing row is how a dead lease shows.
    worker_id    bigint,
    run_at       timestamptz not null default now(),
    created_at   timestamptz not null default now(),
    claimed_at   timestamptz,
    unique_key   text,
    -- Whether a claim frees the key, so that what is enqueued while the job runs is not swallowed.
    key_waits_only boolean not null default false,
    payload      jsonb not null,
    last_error   text,
    check ((state = 'running') = (worker_id is not null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
create index jobs_ready on jobs (queue, priority, id) where state = 'ready';
create index jobs_scheduled on jobs (run_at) where state = 'scheduled';
create index jobs_running on jobs (worker_id) where state = 'running';
create unique index jobs_unique_key on jobs (kind, unique_key) where unique_key is not null;

create table job_history (
    id           bigint primary key,
    queue        text not null,
    kind         text not null,
    outcome      job_outcome not null,
    priority     smallint not null,
    attempt      smallint not null,
    max_attempts smallint not null,
    -- Kept, so that a job brought back from here goes on counting and no stale ack can match.
    claim        integer not null,
    created_at   timestamptz not null,
    claimed_at   timestamptz,
    finished_at  timestamptz not null default now(),
    expires_at   timestamptz not null,
    payload      jsonb not null,
    last_error   text
);
create index job_history_outcome on job_history (outcome, finished_at desc);
create index job_history_expiry on job_history (expires_at);

-- One row a tick that fired, so that any number of schedulers enqueue one job.
create table schedule_ticks (
    schedule text not null,
    tick     timestamptz not null,
    fired_at timestamptz not null default now(),
    primary key (schedule, tick)
);
