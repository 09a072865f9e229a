-- A rating can be taken back, and the ballots that it has used up stay used.

create table taken_back_ratings (
    photo_id  bigint not null references photos on delete cascade,
    rater_id  bigint not null references users on delete cascade,
    -- When the ballot was issued with which the photo was rated. That one and older ones are used up.
    ballot_at timestamptz not null,
    taken_at  timestamptz not null default now(),
    primary key (rater_id, photo_id)
);
create index taken_back_ratings_photo on taken_back_ratings (photo_id);
create index taken_back_ratings_at on taken_back_ratings (taken_at);

-- Volatile, so that it sees what was committed while the statement that calls it waited for the rater's row.
create function is_taken_back(photo bigint, rater bigint, issued_at timestamptz) returns boolean
    language sql volatile as $$
    select exists (select from taken_back_ratings
                   where rater_id = rater and photo_id = photo and ballot_at >= issued_at)
$$;
