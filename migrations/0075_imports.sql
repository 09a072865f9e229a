-- Imports: archives of pictures that members send, and what became of each file in them.
create table imports (
    id           bigint generated always as identity primary key,
    owner_id     bigint not null references users on delete cascade,
    -- unpacking: a job takes the pictures out of the archive · importing: jobs make drafts of them · done
    -- refused: the archive can't be used, or it couldn't be read · cancelled by its owner
    -- undoing: a job deletes the drafts · undone
    state        text not null default 'unpacking'
                 check (state in ('unpacking', 'importing', 'done', 'refused', 'cancelled', 'undoing', 'undone')),
    -- Why it was refused.
    reason       text,
    -- Whether the fault was ours, so that the owner may try again.
    may_retry    boolean not null default false,
    -- The archive: its name, size and BLAKE3, and its key in the store as long as it is kept.
    name         text not null check (length(name) between 1 and 200),
    bytes        bigint not null check (bytes > 0),
    print        bytea not null,
    source_key   text,
    -- The client's key for sending the same import again.
    key          text,
    -- What animal is on pictures that don't say it.
    species      text not null,
    created_at   timestamptz not null default now(),
    -- When the files of the archive were listed, and when the last one had its outcome.
    listed_at    timestamptz,
    ended_at     timestamptz
);
create unique index imports_key on imports (owner_id, key) where key is not null;
-- A member has one import under way.
create unique index imports_under_way on imports (owner_id) where state in ('unpacking', 'importing', 'undoing');
create index imports_owner on imports (owner_id, id desc);
create index imports_source on imports (source_key) where source_key is not null;
create index imports_ended on imports (ended_at);

create table import_files (
    import_id  bigint not null references imports on delete cascade,
    -- Its place in the archive.
    number     integer not null,
    name       text not null,
    -- waiting: in the archive · stored: taken out, and a job makes a draft of it
    -- imported · duplicate: of a photo of the owner's · refused · failed through our fault · cancelled
    -- undone: its draft was deleted with the import
    state      text not null check (state in
                   ('waiting', 'stored', 'imported', 'duplicate', 'refused', 'failed', 'cancelled', 'undone')),
    -- Why it was refused or failed, or why its draft stayed.
    reason     text,
    -- Whether the owner may try a refused file again, because the reason may be gone.
    may_retry  boolean not null default false,
    -- What the archive says of it beside its name: title, alt, tags and so on.
    about      jsonb not null default '{}',
    -- The picture in the store, until it belongs to a draft, with its size and BLAKE3.
    source_key text,
    bytes      bigint,
    print      bytea,
    -- The draft that was made of it, or the photo that it is a duplicate of.
    photo_id   bigint references photos on delete set null,
    primary key (import_id, number)
);
create index import_files_open on import_files (import_id, number) where state in ('waiting', 'stored');
create index import_files_photo on import_files (photo_id) where photo_id is not null;
create unique index import_files_draft on import_files (photo_id) where state = 'imported' and photo_id is not null;
create index import_files_source on import_files (source_key) where source_key is not null;

insert into job_queues (name) values ('imports');

-- An import must not stay under way when its job has ended without it: cancelled or deleted by an operator, out of attempts,
-- or undecodable. Deleting such a job from the live table enqueues the one that settles it.
create function import_job_ended() returns trigger language plpgsql as $$
declare
    import bigint;
    file integer;
begin
    if old.payload->>'import' !~ '^[0-9]{1,18}$' then
        return null;
    end if;
    import := (old.payload->>'import')::bigint;
    if old.kind = 'imports.file.v1' and old.payload->>'number' ~ '^[0-9]{1,9}$' then
        file := (old.payload->>'number')::integer;
        if not exists (select from import_files where import_id = import and number = file and state = 'stored') then
            return null;
        end if;
    elsif not exists (select from imports where id = import
                      and state = case old.kind when 'imports.unpack.v1' then 'unpacking' else 'undoing' end) then
        return null;
    end if;
    insert into jobs (queue, kind, priority, max_attempts, subject, payload)
    values (old.queue, 'imports.settle.v1', -1, 8, old.subject,
            jsonb_build_object('import', import, 'number', file, 'ended', old.kind));
    insert into job_movements (queue, kind, enqueued) values (old.queue, 'imports.settle.v1', 1);
    perform pg_notify('pawdium_jobs', old.queue);
    return null;
end $$;
create trigger import_job_ended after delete on jobs
    for each row when (old.kind in ('imports.unpack.v1', 'imports.file.v1', 'imports.undo.v1'))
    execute function import_job_ended();
