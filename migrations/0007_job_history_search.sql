-- The history answers admins' questions within ten million rows: whose, about what, which errors, in what time.
create extension if not exists pg_trgm;

alter table job_history
    add column partition_key text,
    add column subject text,
    add column group_id bigint,
    add column failures jsonb not null default '[]',
    add column worker_id bigint,
    add column run_at timestamptz,
    -- Kept for bringing a job back.
    add column unique_key text,
    add column key_waits_only boolean not null default false,
    -- Errors that differ in numbers only are one.
    add column error_group text generated always as (
        left(regexp_replace(split_part(last_error, E'\n', 1), '[0-9]+', '#', 'g'), 160)) stored;
drop index job_history_outcome;
create index job_history_kind on job_history (kind, id);
create index job_history_unwell on job_history (outcome, id) where outcome <> 'done';
create index job_history_dead on job_history (kind, error_group, id) where outcome = 'dead';
create index job_history_subject on job_history (subject, id) where subject is not null;
create index job_history_partition on job_history (partition_key, id) where partition_key is not null;
create index job_history_error on job_history using gin (last_error gin_trgm_ops) where last_error is not null;
