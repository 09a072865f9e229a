-- A photo must not stay 'processing' when its job has ended without it: cancelled or deleted by an operator, out of attempts
-- with its worker, or undecodable. Whoever takes such a job off the live table enqueues the one that fails the photo.
create function photo_job_ended() returns trigger language plpgsql as $$
begin
    if old.payload->>'photo' !~ '^[0-9]{1,18}$' then
        return null;
    end if;
    if exists (select from photos where id = (old.payload->>'photo')::bigint and state = 'processing') then
        insert into jobs (queue, kind, priority, max_attempts, subject, payload)
        values (old.queue, 'media.abandon.v1', -1, 8, old.subject, jsonb_build_object('photo', old.payload->'photo'));
        insert into job_movements (queue, kind, enqueued) values (old.queue, 'media.abandon.v1', 1);
        perform pg_notify('pawdium_jobs', old.queue);
    end if;
    return null;
end $$;
create trigger photo_job_ended after delete on jobs
    for each row when (old.kind = 'media.process.v1') execute function photo_job_ended();
