-- Ranking: the frozen prior of each epoch, shared links, and the moments that make a photo viral.
create table ranking_epochs (
    id         bigint generated always as identity primary key,
    -- C, the prior's weight in ratings, and g, its distribution over 1..10, which sums to 1.
    weight     double precision not null check (weight > 0),
    prior      double precision[] not null check (cardinality(prior) = 10),
    created_at timestamptz not null default now()
);
-- Before anybody has rated: uniform, worth ten ratings.
insert into ranking_epochs (weight, prior) values (10, array_fill(0.1::double precision, array[10]));

create table shares (
    code       text primary key check (code ~ '^[A-Za-z0-9_-]{10,}$'),
    photo_id   bigint not null references photos on delete cascade,
    sharer_id  bigint references users on delete set null,
    created_at timestamptz not null default now()
);
create index shares_photo on shares (photo_id, sharer_id);

-- Facts that virality.refresh folds into photo_stats, once each.
create table virality_events (
    id       bigint generated always as identity primary key,
    photo_id bigint not null references photos on delete cascade,
    kind     text not null check (kind in ('view', 'share', 'link_view', 'link_rating')),
    -- Who, as a keyed digest that changes every day: the same visitor counts once a day and kind.
    visitor  bytea not null,
    day      date not null default current_date,
    at       timestamptz not null default now(),
    counted  boolean not null default false,
    unique (photo_id, kind, day, visitor)
);
create index virality_events_uncounted on virality_events (id) where not counted;
create index virality_events_day on virality_events (day) where counted;
