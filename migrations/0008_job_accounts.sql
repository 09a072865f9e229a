-- The queue's accounts: enqueued = done + dead + cancelled + live, and the rates that charts and metrics show.
-- Each statement that moves jobs appends one row here, in its own transaction: no counter row to wait for.
create table job_movements (
    at        timestamptz not null default now(),
    queue     text not null,
    kind      text not null,
    enqueued  integer not null default 0,
    done      integer not null default 0,
    -- Attempts that failed and will be followed by another.
    retried   integer not null default 0,
    dead      integer not null default 0,
    cancelled integer not null default 0,
    -- Dead jobs that were brought back.
    revived   integer not null default 0,
    -- From due to claimed and from claimed to ended, over the attempts that ended: sums and largest, in milliseconds.
    waited_ms bigint not null default 0,
    ran_ms    bigint not null default 0,
    max_waited_ms bigint not null default 0,
    max_ran_ms    bigint not null default 0
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- Movements are folded into minutes, kept for some days, and totals, kept for good.
create table job_minutes (
    kind      text not null,
    minute    timestamptz not null,
    queue     text not null,
    enqueued  bigint not null,
    done      bigint not null,
    retried   bigint not null,
    dead      bigint not null,
    cancelled bigint not null,
    revived   bigint not null,
    waited_ms bigint not null,
    ran_ms    bigint not null,
    max_waited_ms bigint not null,
    max_ran_ms    bigint not null,
    primary key (minute, kind)
);
create table job_totals (
    kind      text primary key,
    queue     text not null,
    enqueued  bigint not null,
    done      bigint not null,
    -- Less those that were brought back.
    dead      bigint not null,
    cancelled bigint not null
);
-- What was there before anybody counted.
insert into job_totals (kind, queue, enqueued, done, dead, cancelled)
select kind, min(queue), count(*), count(*) filter (where outcome = 'done'),
       count(*) filter (where outcome = 'dead'), count(*) filter (where outcome = 'cancelled')
from (select kind, queue, null::job_outcome as outcome from jobs
      union all select kind, queue, outcome from job_history) as counted
group by kind;
