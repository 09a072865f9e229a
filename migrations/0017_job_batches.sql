-- A claim changes no column that is in an index, so that Postgres puts the new version of the row beside the old one and
-- writes to no index at all (a heap-only tuple): a third of what a claim costs. For that what runs stays in the index of
-- what is ready, whose readers step over it, and pages keep room for a second version of each row.
alter table jobs add column open boolean not null generated always as (state <> 'scheduled') stored;
drop index jobs_ready, jobs_ready_partition, jobs_scheduled, jobs_running;
create index jobs_open on jobs (queue, priority, turn, id) where open;
create index jobs_open_partition on jobs (queue, partition_key, priority, turn, id)
    where open and partition_key is not null;
create index jobs_scheduled on jobs (run_at) where not open;
alter table jobs set (fillfactor = 45);

-- What runs is found here instead: a row for what one claim took, until none of it runs under that worker.
create table job_batches (
    queue      text not null,
    worker_id  bigint not null,
    -- The process counts its claims.
    number     bigint not null,
    jobs       bigint[] not null,
    primary key (queue, worker_id, number)
) with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
insert into job_batches (queue, worker_id, number, jobs)
select queue, worker_id, 0, array_agg(id) from jobs where state = 'running' group by queue, worker_id;

-- What runs of a queue.
create function running_jobs(queue text) returns setof jobs language sql stable as $$
    select * from jobs
    where state = 'running' and id in (select unnest(job_batches.jobs) from job_batches where job_batches.queue = $1)
$$;

create or replace function job_round(queue text, priority smallint) returns bigint language sql stable as $$
    select coalesce(
        (select turn from jobs
         where jobs.queue = $1 and jobs.priority = $2 and open and state = 'ready' and turn > 0
         order by turn limit 1),
        (select max(turn) from job_partitions where job_partitions.queue = $1),
        0)
$$;
