-- Fan-in: the last step of a group of jobs starts once, when all of its members have ended.
create table job_groups (
    id           bigint generated always as identity primary key,
    created_at   timestamptz not null default now(),
    -- Members that have not ended.
    remaining    integer not null check (remaining >= 0),
    -- The last step, as it will be enqueued.
    queue        text not null,
    kind         text not null,
    priority     smallint not null,
    max_attempts smallint not null,
    subject      text,
    payload      jsonb not null,
    -- The last step's job, once it is enqueued.
    job_id       bigint
);

-- A member has ended when it leaves the live table, whatever its outcome and whoever moved it. Members that leave at the
-- same time wait for each other here, so exactly one of them finds that nobody remains.
create function job_group_member_ended() returns trigger language plpgsql as $$
declare
    last_step job_groups;
begin
    update job_groups set remaining = remaining - 1 where id = old.group_id returning * into last_step;
    if last_step.remaining = 0 then
        insert into jobs (queue, kind, priority, max_attempts, subject, payload)
        values (last_step.queue, last_step.kind, last_step.priority, last_step.max_attempts, last_step.subject,
                last_step.payload)
        returning id into last_step.job_id;
        update job_groups set job_id = last_step.job_id where id = old.group_id;
        insert into job_movements (queue, kind, enqueued) values (last_step.queue, last_step.kind, 1);
        perform pg_notify('pawdium_jobs', last_step.queue);
    end if;
    return null;
end $$;
create trigger job_group_member_ended after delete on jobs
    for each row when (old.group_id is not null) execute function job_group_member_ended();
