-- From where an account has been opened: attempts from elsewhere share a small budget, which strangers can't use up for these.
create table login_networks (
    user_id bigint not null references users on delete cascade,
    -- A keyed digest of the IPv4 address or the IPv6 /64: it can be recognised, not read.
    network bytea not null check (octet_length(network) = 16),
    last_at timestamptz not null default now(),
    primary key (user_id, network)
);
create index login_networks_last on login_networks (last_at);
