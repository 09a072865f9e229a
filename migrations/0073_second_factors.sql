-- Second factors beside the password: codes of authenticator apps, recovery codes, and logins that wait for one of them.

create table totp_secrets (
    user_id      bigint primary key references users on delete cascade,
    -- 20 bytes under AES-256-GCM, with a key that is derived from security.secret: nonce, ciphertext, tag.
    sealed       bytea not null check (length(sealed) = 48),
    created_at   timestamptz not null default now(),
    -- Null until its owner has entered a code. Until then it protects nothing.
    confirmed_at timestamptz,
    last_used_at timestamptz,
    -- The time step of the last code that was used: no code is used twice.
    last_step    bigint not null default 0
);
create index totp_secrets_unconfirmed on totp_secrets (created_at) where confirmed_at is null;

create table recovery_codes (
    user_id   bigint not null references users on delete cascade,
    code_hash bytea not null check (length(code_hash) = 32),
    used_at   timestamptz,
    primary key (user_id, code_hash)
);

-- Logins with a right password that wait for the second factor.
create table pending_logins (
    token_hash      bytea primary key check (length(token_hash) = 32),
    user_id         bigint not null references users on delete cascade,
    -- The SHA-256 of the password's hash: another password voids the login.
    password_digest bytea not null check (length(password_digest) = 32),
    expires_at      timestamptz not null
);
create index pending_logins_user on pending_logins (user_id);
create index pending_logins_expiry on pending_logins (expires_at);

-- When the session's user last showed a password or a second factor.
alter table sessions add column proved_at timestamptz;
