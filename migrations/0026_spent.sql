-- What is used up stays known for a while: a ballot must not count again once its rater's row is gone, and the second of two
-- equal forms with one mailed link is no mistake.
create table spent_rater_keys (
    rater_key bigint primary key,
    spent_at  timestamptz not null default now()
);
create index spent_rater_keys_age on spent_rater_keys (spent_at);

create table spent_links (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    user_id    bigint not null references users on delete cascade,
    purpose    text not null check (purpose in ('reset', 'verify')),
    spent_at   timestamptz not null default now()
);
create index spent_links_user on spent_links (user_id);
create index spent_links_age on spent_links (spent_at);
