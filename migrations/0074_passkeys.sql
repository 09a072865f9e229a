-- Passkeys (WebAuthn), as a second factor and to log in without a password.

-- What a member's authenticators know the member by. It says nothing about the member, and stays when passkeys go.
create table passkey_handles (
    user_id bigint primary key references users on delete cascade,
    handle  bytea not null unique check (length(handle) = 16)
);

create table passkeys (
    id            bigint generated always as identity primary key,
    user_id       bigint not null references users on delete cascade,
    credential_id bytea not null constraint passkeys_credential_key unique,
    -- The public key and what the authenticator said of itself.
    credential    jsonb not null,
    name          text not null check (length(name) between 1 and 40),
    -- The authenticator's counter; 0 if it has none.
    sign_count    bigint not null check (sign_count >= 0),
    -- Whether it is in the member's other devices too.
    backed_up     boolean not null,
    created_at    timestamptz not null default now(),
    last_used_at  timestamptz
);
create index passkeys_user on passkeys (user_id, id);

-- Challenges that browsers were given. Each is answered once, within minutes.
create table passkey_ceremonies (
    token_hash bytea primary key check (length(token_hash) = 32),
    purpose    text not null check (purpose in ('register', 'prove', 'second', 'login')),
    user_id    bigint references users on delete cascade,
    -- The hash of the token of the session or the pending login that asked for it.
    bound_to   bytea check (length(bound_to) = 32),
    state      jsonb not null,
    expires_at timestamptz not null,
    check ((purpose = 'login') = (user_id is null)),
    check ((purpose = 'login') = (bound_to is null))
);
create index passkey_ceremonies_user on passkey_ceremonies (user_id);
create index passkey_ceremonies_expiry on passkey_ceremonies (expires_at);
