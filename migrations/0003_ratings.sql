-- Ratings: the raw truth that histograms are checked against, and how far each rater has come.
create table ratings (
    photo_id  bigint not null references photos on delete cascade,
    rater_id  bigint not null references users on delete cascade,
    value     smallint not null check (value between 1 and 10),
    lane      text not null check (lane in ('random', 'fresh', 'boundary', 'link')),
    -- When the ballot was issued: an equal or older ballot for the same photo was used already.
    ballot_at timestamptz not null,
    rated_at  timestamptz not null default now(),
    primary key (photo_id, rater_id)
);
create index ratings_rater on ratings (rater_id);
create index ratings_rated_at on ratings (rated_at);

-- Where a rater stands in the permutation of slots; see ratings::serving.
create table rater_positions (
    rater_id   bigint primary key references users on delete cascade,
    -- Slots [first, last) are being served in the order that the rater's key gives; below first all were.
    first      bigint not null default 0,
    last       bigint not null default 0,
    cursor     bigint not null default 0,
    -- The next slot to look at for photos younger than the span.
    fresh      bigint not null default 0,
    served     bigint not null default 0,
    -- The photo on the rater's page until it is rated.
    photo_id   bigint references photos on delete set null,
    lane       text check (lane in ('random', 'fresh', 'boundary')),
    check (0 <= first and first <= last and cursor between 0 and last - first)
) with (fillfactor = 70);
