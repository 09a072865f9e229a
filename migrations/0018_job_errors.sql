-- What the history says of errors once more, close together: one that many have is found by walking them, the newest first,
-- a rare one by its trigrams, and neither reads the pages of the history, where errors are few and far between.
create table job_errors (
    id      bigint primary key references job_history on delete cascade,
    outcome job_outcome not null,
    kind    text not null,
    error   text not null
);
insert into job_errors (id, outcome, kind, error)
select id, outcome, kind, last_error from job_history where last_error is not null order by id;
create index job_errors_text on job_errors using gin (error gin_trgm_ops);
drop index job_history_error, job_history_erred;

create function keep_job_error() returns trigger language plpgsql as $$
begin
    insert into job_errors (id, outcome, kind, error) values (new.id, new.outcome, new.kind, new.last_error)
    on conflict (id) do update set outcome = excluded.outcome, kind = excluded.kind, error = excluded.error;
    return null;
end
$$;
create trigger job_history_error after insert or update of outcome, kind, last_error on job_history
    for each row when (new.last_error is not null) execute function keep_job_error();
