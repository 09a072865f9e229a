-- What a picture is known by: one that its owner submits again is told to them, and one that was taken down stays away.
alter table photos
    -- BLAKE3 of the upload's bytes; null for photos from before this column, and once the photo is gone.
    add column source_hash bytea check (length(source_hash) = 32),
    -- The 64 bits of media::fingerprint; null also for a picture that has nothing to tell it by.
    add column fingerprint bigint;

-- Pictures that moderators keep out. A few thousand rows, all of which each upload is compared with.
create table blocked_pictures (
    id          bigint generated always as identity primary key,
    source_hash bytea unique check (length(source_hash) = 32),
    fingerprint bigint,
    reason      text not null check (length(reason) between 1 and 500),
    -- The photo that it was taken from.
    photo_id    bigint references photos on delete set null,
    blocked_by  bigint references users on delete set null,
    -- Their name, which stays when the account goes.
    blocker     text not null,
    blocked_at  timestamptz not null default now(),
    -- How many uploads were refused for it.
    refused     bigint not null default 0,
    check (source_hash is not null or fingerprint is not null)
);
create index blocked_pictures_photo on blocked_pictures (photo_id);
