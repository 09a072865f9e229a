-- Accounts: a visitor becomes a row with the first act that must be remembered, and the same row is upgraded on registering.
create table users (
    id                bigint generated always as identity primary key,
    -- Null while anonymous; both are set by registering.
    name              text,
    email             text,
    email_verified_at timestamptz,
    password_hash     text,
    role              text not null default 'member' check (role in ('member', 'moderator', 'admin')),
    -- Keys the order in which photos are served to this rater; an anonymous visitor's cookie brings it along.
    rater_key         bigint not null,
    created_at        timestamptz not null default now(),
    -- When an anonymous user got a name, or the user was made with one.
    registered_at     timestamptz,
    constraint users_registered_whole check (
        (name is null and email is null and password_hash is null and email_verified_at is null)
        or (name is not null and email is not null and password_hash is not null)
    ),
    constraint users_name_format check (name ~ '^[A-Za-z0-9][A-Za-z0-9_-]{1,29}$'),
    constraint users_email_length check (length(email) <= 254)
);
create unique index users_name_key on users (lower(name));
create unique index users_email_key on users (lower(email));
create unique index users_rater_key_key on users (rater_key);
-- Purging anonymous users who never did anything lasting.
create index users_registered on users (registered_at) where registered_at is not null;
create index users_anonymous_created on users (created_at) where email is null;

-- One row a session or API token; only the SHA-256 of the token is kept.
create table sessions (
    token_hash   bytea primary key check (length(token_hash) = 32),
    user_id      bigint not null references users on delete cascade,
    created_at   timestamptz not null default now(),
    last_used_at timestamptz not null default now(),
    expires_at   timestamptz not null
);
create index sessions_user on sessions (user_id);
create index sessions_expiry on sessions (expires_at);

-- Single-use links sent by mail: password resets and address verifications.
create table mail_tokens (
    token_hash bytea primary key check (length(token_hash) = 32),
    user_id    bigint not null references users on delete cascade,
    purpose    text not null check (purpose in ('reset', 'verify')),
    -- The address it was sent to: a link proves that address and no other.
    email      text not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index mail_tokens_user on mail_tokens (user_id, purpose);
create index mail_tokens_expiry on mail_tokens (expires_at);
