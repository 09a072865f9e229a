-- Raters see what they have rated, and take it back. The ballots that they have used up stay used.

-- In the order of the list. It also serves what the index on raters alone did.
create index ratings_cast on ratings (rater_id, rated_at desc, photo_id desc);
drop index ratings_rater;

create table taken_back_ratings (
    photo_id  bigint not null references photos on delete cascade,
    picture   smallint not null,
    rater_id  bigint not null references users on delete cascade,
    -- When the ballot was issued with which the picture was rated. That one and older ones are used up.
    ballot_at timestamptz not null,
    taken_at  timestamptz not null default now(),
    primary key (rater_id, photo_id, picture)
);
create index taken_back_ratings_photo on taken_back_ratings (photo_id);
create index taken_back_ratings_at on taken_back_ratings (taken_at);

-- Volatile, so that it sees what was committed while the statement that calls it waited for the rater's row.
create function is_taken_back(photo bigint, picture smallint, rater bigint, issued_at timestamptz) returns boolean
    language sql volatile as $$
    select exists (select from taken_back_ratings
                   where rater_id = $3 and photo_id = $1 and taken_back_ratings.picture = $2 and ballot_at >= $4)
$$;
