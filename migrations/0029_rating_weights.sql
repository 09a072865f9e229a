-- What ratings weigh in a photo's score: where anonymous raters came from, and each photo's ratings as weighed last.

-- A digest of the network's address under a key of the site's, which says nothing without it. Null for members who were
-- never anonymous, and for addresses that only exist inside of a network.
alter table users add column network integer;

create table photo_weights (
    photo_id   bigint primary key references photos on delete cascade,
    -- photo_stats.histogram as it was weighed; when that differs, the photo is to be weighed again.
    histogram  integer[] not null check (cardinality(histogram) = 10),
    -- What the ratings of 1, 2, … 10 weigh together, in thousandths of an ordinary rating.
    bars       bigint[] not null check (cardinality(bars) = 10),
    -- How many of them came through links, and the most that came from one network.
    links      integer not null,
    crowd      integer not null,
    -- When ratings were weighed that hadn't been before.
    weighed_at timestamptz not null default now()
);
