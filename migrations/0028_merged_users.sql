-- Whose what an anonymous user did became by logging in, for requests that were under way: they go on as the account.
create table merged_users (
    -- The anonymous user, whose row is gone.
    id      bigint primary key,
    into_id bigint not null references users on delete cascade,
    at      timestamptz not null default now()
);
create index merged_users_into on merged_users (into_id);
