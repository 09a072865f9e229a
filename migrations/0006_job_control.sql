-- Control of queues: pause, limits across all processes, fair shares of a queue, and what is needed to find a job.
create table job_queues (
    name                        text primary key,
    paused_at                   timestamptz,
    -- How many jobs of the queue may run at once, and how many may start a minute, over all processes; null is any.
    max_running                 integer check (max_running > 0),
    starts_per_minute           integer check (starts_per_minute > 0),
    -- The same for each partition: an owner's photos, a mail domain.
    partition_max_running       integer check (partition_max_running > 0),
    partition_starts_per_minute integer check (partition_starts_per_minute > 0),
    -- The rate limit's memory: the theoretical arrival time of the generic cell rate algorithm (ITU-T I.371).
    next_start_at               timestamptz not null default 'epoch',
    -- Whether a claim has to look at any of these.
    held                        boolean not null generated always as (
        paused_at is not null or max_running is not null or starts_per_minute is not null
        or partition_max_running is not null or partition_starts_per_minute is not null) stored
);
insert into job_queues (name) values ('media'), ('mail'), ('ranking'), ('cache'), ('metrics'), ('upkeep');
-- A mail server that is slow or angry must not hold up mail to the others.
update job_queues set partition_max_running = 2 where name = 'mail';

-- Who has work in a queue, each with the turn that its last job got (start-time fair queueing).
create table job_partitions (
    queue         text not null,
    key           text not null,
    turn          bigint not null,
    next_start_at timestamptz not null default 'epoch',
    primary key (queue, key)
);
create index job_partitions_turn on job_partitions (queue, turn desc);

alter table jobs
    -- Whose share of the queue the job uses: `user:12`, `example.org`.
    add column partition_key text,
    -- The job's place in the round between the partitions of its queue; 0 without one.
    add column turn bigint not null default 0,
    -- What it is about: `photo:12`, `user:7`.
    add column subject text,
    -- The group whose last step waits for it.
    add column group_id bigint,
    -- Each failed attempt: {attempt, worker, started_at, ended_at, error}.
    add column failures jsonb not null default '[]';
drop index jobs_ready;
create index jobs_ready on jobs (queue, priority, turn, id) where state = 'ready';
create index jobs_ready_partition on jobs (queue, partition_key, priority, turn, id)
    where state = 'ready' and partition_key is not null;
create index jobs_subject on jobs (subject) where subject is not null;
create index jobs_partition on jobs (partition_key) where partition_key is not null;

-- A worker's row outlives it, so that a timeline can name it; its lease ends with gone_at.
alter table job_workers add column gone_at timestamptz;
create index job_workers_live on job_workers (id) where gone_at is null;

-- The round that is being served: what has work in a partition now and comes later gets a turn behind it.
create function job_round(queue text, priority smallint) returns bigint language sql stable as $$
    select coalesce(
        (select turn from jobs
         where jobs.queue = $1 and jobs.priority = $2 and state = 'ready' and turn > 0
         order by turn limit 1),
        (select max(turn) from job_partitions where job_partitions.queue = $1),
        0)
$$;
