-- From where sessions are used, so that their owners recognise them and can end each one.
alter table sessions
    -- What the API and pages call it. The token itself is known only to the client.
    add column id bigint generated always as identity unique,
    -- Browser and system in words, from the User-Agent: "Firefox on Linux".
    add column agent text check (char_length(agent) between 1 and 80),
    -- The network of the address, an IPv4 /24 or an IPv6 /48: never the whole address.
    add column prefix text check (char_length(prefix) between 1 and 50);

-- With which browsers an account was opened from a network; none for networks from before.
alter table login_networks add column agents text[] not null default '{}' check (cardinality(agents) <= 20);
