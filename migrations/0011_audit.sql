-- Who did what to the site's inner works. Rows are added and never changed.
create table audit_log (
    id      bigint generated always as identity primary key,
    at      timestamptz not null default now(),
    -- Null: an operator at the command line, named by `actor`.
    user_id bigint references users on delete set null,
    actor   text not null,
    -- `job.retry`, `queue.pause`, …
    action  text not null,
    -- What it was done to, and how many: {"jobs": 12, "kind": "mail.send.v1"}.
    detail  jsonb not null default '{}'
);
create index audit_log_at on audit_log (at desc);

create function audit_log_is_append_only() returns trigger language plpgsql as $$
begin
    -- Deleting a user takes the reference away; the name in `actor` stays.
    if tg_op = 'UPDATE' and to_jsonb(new) - 'user_id' = to_jsonb(old) - 'user_id' and new.user_id is null then
        return new;
    end if;
    raise exception 'the audit log is append-only';
end $$;
create trigger audit_log_is_append_only before update or delete on audit_log
    for each row execute function audit_log_is_append_only();
create trigger audit_log_is_not_truncated before truncate on audit_log
    for each statement execute function audit_log_is_append_only();
