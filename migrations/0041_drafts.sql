-- Drafts, remixes and revisions: photos that their owners change, and what they were before. A photo's row, its files and
-- its ratings are those of the picture that it shows now; the tables of this file keep those of its other pictures.

-- What a member's photos allow unless the member says otherwise.
alter table users add column remixes boolean not null default true;

alter table photos
    -- Counts the owner's changes. Who changes a photo says which version was read.
    add column version integer not null default 1,
    -- The number of this revision, and when it began; null for the first.
    add column revision_number integer not null default 1,
    add column revised_at timestamptz,
    -- The number of the picture, and the revision since which it is shown.
    add column picture smallint not null default 1,
    add column picture_since integer not null default 1,
    -- How many remixes lie between this photo and one that is none. A remix whose parent is null has lost it together with
    -- its owner's account.
    add column depth smallint not null default 0 check (depth between 0 and 32),
    -- Whether others may remix it.
    add column remixes boolean not null default true,
    -- When its owner was told that the draft expires.
    add column reminded_at timestamptz;

create table photo_revisions (
    photo_id bigint not null references photos on delete cascade,
    number   integer not null,
    title    text not null,
    alt      text not null,
    species  text not null,
    tags     text[] not null,
    picture  smallint not null,
    -- When it began.
    since    timestamptz not null,
    primary key (photo_id, number)
);

-- The pictures of photos that have had more than one. The first is the source of all crops.
create table photo_pictures (
    photo_id    bigint not null references photos on delete cascade,
    number      smallint not null check (number > 0),
    -- The square of the first picture that it shows; null for the first.
    crop_x      integer,
    crop_y      integer,
    crop_side   integer,
    placeholder text,
    fingerprint bigint,
    primary key (photo_id, number)
);

create table photo_picture_files (
    photo_id bigint not null references photos on delete cascade,
    number   smallint not null,
    edge     smallint not null check (edge in (1080, 540, 160)),
    key      text not null,
    width    integer not null check (width > 0),
    height   integer not null check (height > 0),
    bytes    integer not null check (bytes > 0),
    primary key (photo_id, number, edge)
);
create index photo_picture_files_key on photo_picture_files (key);

-- Ratings of pictures that a photo doesn't show now.
create table earlier_ratings (
    photo_id  bigint not null references photos on delete cascade,
    picture   smallint not null,
    rater_id  bigint not null references users on delete cascade,
    value     smallint not null check (value between 1 and 10),
    lane      text not null,
    ballot_at timestamptz not null,
    rated_at  timestamptz not null,
    primary key (photo_id, picture, rater_id)
);
create index earlier_ratings_rater on earlier_ratings (rater_id);

-- Crops of live photos that are being made.
create table photo_crops (
    photo_id  bigint primary key references photos on delete cascade,
    -- The number that the picture will have.
    picture   smallint not null,
    crop_x    integer not null check (crop_x >= 0),
    crop_y    integer not null check (crop_y >= 0),
    crop_side integer not null check (crop_side > 0),
    asked_at  timestamptz not null default clock_timestamp(),
    -- Why it could not be made. Its owner reads this until the next attempt.
    problem   text
);

-- As before, and for the crop of a live photo whose job has ended without it.
create or replace function photo_job_ended() returns trigger language plpgsql as $$
begin
    if old.payload->>'photo' !~ '^[0-9]{1,18}$' then
        return null;
    end if;
    if exists (select from photos where id = (old.payload->>'photo')::bigint and state = 'processing')
        or exists (select from photo_crops where photo_id = (old.payload->>'photo')::bigint and problem is null) then
        insert into jobs (queue, kind, priority, max_attempts, subject, payload)
        values (old.queue, 'media.abandon.v1', -1, 8, old.subject, jsonb_build_object('photo', old.payload->'photo'));
        insert into job_movements (queue, kind, enqueued) values (old.queue, 'media.abandon.v1', 1);
        perform pg_notify('pawdium_jobs', old.queue);
    end if;
    return null;
end $$;
