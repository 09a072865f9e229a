-- What the schedulers know and admins may want: the cron table as it runs, and ticks asked for by hand.
create table schedules (
    name         text primary key,
    -- The cron expression or period, and what becomes of missed ticks, in words.
    expression   text not null,
    missed       text not null,
    kind         text not null,
    -- The last time that a scheduler with this schedule was alive.
    seen_at      timestamptz not null default now(),
    -- An admin asked for a run now; a scheduler clears it in the transaction that enqueues the job.
    requested_at timestamptz
);
