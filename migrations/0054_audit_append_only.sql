-- The audit log is found by actor, act and thing without a scan, and even a role that sets session_replication_role, as
-- a restoring tool does, changes none of its rows. It has no end: entries are kept for good.
create index audit_log_actor on audit_log (lower(actor), id desc);
create index audit_log_action on audit_log (action, id desc);
-- An entry names its things in `detail`: {"photo": 7, "comment": 12}.
create index audit_log_things on audit_log using gin (detail jsonb_path_ops);

create or replace function audit_log_is_append_only() returns trigger language plpgsql as $$
begin
    -- Deleting a user takes the reference away; the name in `actor` stays.
    if tg_op = 'UPDATE' and to_jsonb(new) - 'user_id' = to_jsonb(old) - 'user_id' and new.user_id is null
        and not exists (select from users where id = old.user_id) then
        return new;
    end if;
    raise exception 'the audit log is append-only'
        using errcode = 'insufficient_privilege', hint = 'Add an entry that corrects the earlier one.';
end $$;
alter table audit_log enable always trigger audit_log_is_append_only;
alter table audit_log enable always trigger audit_log_is_not_truncated;
