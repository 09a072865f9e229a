-- Counting what runs of one queue, or of one worker, must not step over the entries of all queues: while somebody holds an
-- old snapshot no vacuum removes those of jobs that have ended.
drop index jobs_running;
create index jobs_running on jobs (queue, worker_id) where state = 'running';
