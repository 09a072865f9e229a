-- Photos: one submission each, its files, its timeline, and the counters that change with every rating.
create table photos (
    id           bigint generated always as identity primary key,
    owner_id     bigint not null references users on delete cascade,
    parent_id    bigint references photos on delete set null,
    title        text not null check (length(title) between 1 and 120),
    alt          text not null default '' check (length(alt) <= 500),
    species      text not null check (species in
                     ('cat', 'dog', 'bird', 'rabbit', 'rodent', 'reptile', 'horse', 'other')),
    tags         text[] not null default '{}' check (cardinality(tags) <= 10),
    state        text not null check (state in ('draft', 'processing', 'live', 'failed', 'hidden', 'deleted')),
    -- What the owner can do about it; set exactly while the photo is failed.
    reason       text check ((reason is not null) = (state = 'failed')),
    -- The upload in the media store; kept until the three sizes exist.
    source_key   text,
    crop_x       integer,
    crop_y       integer,
    crop_side    integer,
    placeholder  text,
    -- Where a rater's permutation finds it; given when the photo first goes live.
    slot         bigint unique,
    created_at   timestamptz not null default now(),
    live_at      timestamptz,
    touched_at   timestamptz not null default now(),
    constraint photos_crop_whole check (
        (crop_x is null and crop_y is null and crop_side is null)
        or (crop_x >= 0 and crop_y >= 0 and crop_side > 0)
    ),
    constraint photos_live_has_slot check (state <> 'live' or (slot is not null and live_at is not null))
);
create index photos_owner on photos (owner_id, id desc);
create index photos_live_at on photos (live_at desc) where state = 'live';
create index photos_source on photos (source_key) where source_key is not null;
create index photos_stale_drafts on photos (touched_at) where state = 'draft';

create sequence photo_slots minvalue 0 start 0 owned by photos.slot;

-- The square pictures, content-addressed: two photos may name the same file.
create table photo_files (
    photo_id bigint not null references photos on delete cascade,
    edge     smallint not null check (edge in (1080, 540, 160)),
    key      text not null,
    width    integer not null check (width > 0),
    height   integer not null check (height > 0),
    bytes    integer not null check (bytes > 0),
    primary key (photo_id, edge)
);
create index photo_files_key on photo_files (key);

-- What happened to a photo between upload and going live, for its owner.
create table photo_steps (
    photo_id bigint not null references photos on delete cascade,
    step     text not null check (step in
                 ('received', 'checked', 'decoded', 'cropped', 'stored', 'live', 'failed')),
    at       timestamptz not null default clock_timestamp(),
    ms       integer check (ms >= 0),
    primary key (photo_id, step)
);

-- Narrow and apart from photos, because every rating updates it; nothing the rating path changes is indexed.
create table photo_stats (
    photo_id  bigint primary key references photos on delete cascade,
    -- How many ratings of 1, 2, … 10 the photo has; always equal to what the rows in ratings say.
    histogram integer[] not null default '{0,0,0,0,0,0,0,0,0,0}' check (cardinality(histogram) = 10),
    -- log2 of the exponentially decaying sum, referred to the epoch: see ranking::virality.
    virality  double precision,
    views     bigint not null default 0,
    shares    bigint not null default 0
) with (fillfactor = 70);
create index photo_stats_virality on photo_stats (virality desc, photo_id) where virality is not null;

-- Bayesian mean and place among live photos, as of the last ranking.refresh. Apart from the counters, because one rating
-- can move every rank, and raters must not wait for that.
create table photo_ranks (
    photo_id bigint primary key references photos on delete cascade,
    score    double precision not null,
    rank     integer not null
);
create index photo_ranks_rank on photo_ranks (rank, photo_id);
