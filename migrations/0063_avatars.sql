-- A portrait of each member, a small picture beside their name. What they say about themselves is their profile's
-- summary.

alter table users add column avatar text;
-- Files are named by their content, so several may name one.
create index users_avatar on users (avatar) where avatar is not null;

-- Uploads that are still to become portraits, or couldn't.
create table avatar_uploads (
    user_id    bigint primary key references users on delete cascade,
    -- The upload; null once it has failed.
    source_key text,
    -- The file that a job is storing.
    key        text,
    -- Why it couldn't.
    problem    text,
    asked_at   timestamptz not null default now(),
    check ((problem is null) = (source_key is not null)),
    check (key is null or source_key is not null)
);
create index avatar_uploads_source on avatar_uploads (source_key) where source_key is not null;
create index avatar_uploads_key on avatar_uploads (key) where key is not null;
