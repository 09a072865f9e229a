-- Tokens that members make for programs, each with scopes and a name.
create table api_tokens (
    id bigint generated always as identity primary key,
    user_id bigint not null references users on delete cascade,
    -- The SHA-256 of the token, which is shown once.
    token_hash bytea not null unique check (length(token_hash) = 32),
    name text not null check (char_length(name) between 1 and 60),
    scopes text[] not null
        check (cardinality(scopes) > 0 and scopes <@ array['read', 'rate', 'submit', 'moderate']),
    created_at timestamptz not null default now(),
    last_used_at timestamptz,
    expires_at timestamptz
);
create index api_tokens_user on api_tokens (user_id);
create index api_tokens_expiry on api_tokens (expires_at) where expires_at is not null;
