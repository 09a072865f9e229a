-- Talks: a hub's calls, the talks that its members pitch, and votes. The phase of a call is a function of its times and
-- the clock.

-- The zone in which the hub's owners write times.
alter table hubs add column time_zone text not null default 'UTC' check (length(time_zone) between 1 and 64);

create table calls (
    id           bigint generated always as identity primary key,
    hub_id       bigint not null references hubs on delete cascade,
    title        text not null check (length(title) between 1 and 120),
    text         text not null default '' check (length(text) <= 5000),
    created_by   bigint references users on delete set null,
    created_at   timestamptz not null default now(),
    -- When each phase begins. Without a time a phase begins when an owner says so, or is left out.
    pitch_from   timestamptz,
    voting_from  timestamptz,
    closes_at    timestamptz,
    announced_at timestamptz,
    -- Who votes: the hub's members, verified members of the site, or everybody.
    voters       text not null default 'members' check (voters in ('members', 'verified', 'anybody')),
    -- The most votes of a voter; as many as there are talks without it.
    votes_each   smallint check (votes_each between 1 and 100),
    -- Whether votes are shown to those who haven't voted, before the close.
    totals       text not null default 'hidden' check (totals in ('hidden', 'shown')),
    -- Whether authors stay unnamed until the close.
    blind        boolean not null default false,
    -- Whether a pitch waits for an owner before others see it.
    moderated    boolean not null default false,
    -- The key of the voters' orders.
    seed         bytea not null check (length(seed) = 16),
    -- The phase that caches and open pages have been told of.
    told_phase   text not null default 'draft'
                 check (told_phase in ('draft', 'pitch', 'voting', 'closed', 'announced')),
    constraint calls_times_in_order check (
        pitch_from <= voting_from and voting_from <= closes_at and closes_at <= announced_at
        and pitch_from <= closes_at and pitch_from <= announced_at and voting_from <= announced_at)
);
create index calls_hub on calls (hub_id, id desc);
create index calls_created_by on calls (created_by);
-- The tally looks at these every few seconds.
create index calls_unannounced on calls (id) where told_phase <> 'announced';

-- The phase of a call now, by the clock: in a transaction that waited for a lock, after the wait.
create function call_phase(of_call calls) returns text language sql volatile as $$
    select case
        when of_call.announced_at <= clock_timestamp() then 'announced'
        when of_call.closes_at <= clock_timestamp() then 'closed'
        when of_call.voting_from <= clock_timestamp() then 'voting'
        when of_call.pitch_from <= clock_timestamp() then 'pitch'
        else 'draft'
    end
$$;

create table talks (
    id          bigint generated always as identity primary key,
    call_id     bigint not null references calls on delete cascade,
    -- Null when the author's account is deleted: the talk stays.
    author_id   bigint references users on delete set null,
    title       text not null check (length(title) between 1 and 120),
    -- The title without differences of case, width and spaces.
    title_key   text not null,
    description text not null default '' check (length(description) <= 2000),
    photo_id    bigint references photos on delete set null,
    state       text not null default 'shown' check (state in ('waiting', 'shown', 'hidden', 'withdrawn')),
    -- Votes that count, without and of guests. Each vote's transaction keeps them.
    votes       integer not null default 0,
    guest_votes integer not null default 0,
    revision    integer not null default 1,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);
create unique index talks_title_key on talks (call_id, author_id, title_key) where state <> 'withdrawn';
create index talks_call on talks (call_id, id desc);
create index talks_author on talks (author_id);
create index talks_photo on talks (photo_id) where photo_id is not null;

create table talk_revisions (
    talk_id     bigint not null references talks on delete cascade,
    revision    integer not null,
    title       text not null,
    description text not null,
    photo_id    bigint references photos on delete set null,
    at          timestamptz not null default now(),
    primary key (talk_id, revision)
);
create index talk_revisions_photo on talk_revisions (photo_id) where photo_id is not null;

-- Votes. The call is that of the talk, without a foreign key, so that votes don't all lock its row. The voter is no
-- foreign key: after the close a vote outlives its voter's account as a mere number, so that the result can be checked
-- for good.
create table talk_votes (
    talk_id          bigint not null references talks on delete cascade,
    voter_id         bigint not null,
    call_id          bigint not null,
    at               timestamptz not null default clock_timestamp(),
    -- Whether the voter was neither a member of the hub nor a verified member of the site.
    guest            boolean not null default false,
    -- The id that the server gave the browser, and the client's /24 or /64.
    device           bytea check (length(device) = 16),
    network          text,
    -- The key of the voter's receipt.
    nonce            bytea not null check (length(nonce) = 16),
    set_aside_at     timestamptz,
    set_aside_by     bigint references users on delete set null,
    set_aside_reason text check (length(set_aside_reason) between 1 and 500),
    primary key (talk_id, voter_id),
    check ((set_aside_at is null) = (set_aside_reason is null))
);
create index talk_votes_voter on talk_votes (voter_id, call_id);
create index talk_votes_call on talk_votes (call_id, at);
-- Guests have one vote for a talk from one browser, however many users it becomes.
create unique index talk_votes_guest_device on talk_votes (call_id, device, talk_id) where guest;
create index talk_votes_set_aside_by on talk_votes (set_aside_by) where set_aside_by is not null;

-- How far each voter has read the list in their own order: that and the key of the order tell what was shown, and
-- where.
create table call_readers (
    call_id   bigint not null references calls on delete cascade,
    voter_id  bigint not null,
    order_key bigint not null,
    reached   smallint not null check (reached >= 0),
    primary key (call_id, voter_id)
);
create index call_readers_voter on call_readers (voter_id);

-- The result of a call, frozen at its close.
create table call_results (
    call_id    bigint primary key references calls on delete cascade,
    frozen_at  timestamptz not null default clock_timestamp(),
    -- How many voted, without guests, and how many guests.
    voters     integer not null,
    guests     integer not null,
    -- BLAKE3 over the sorted lines of call_receipts.
    hash       bytea not null check (length(hash) = 32),
    -- How unequally often talks were shown to those who voted.
    gini       double precision not null,
    chi_square double precision not null,
    degrees    integer not null
);

create table call_result_talks (
    call_id     bigint not null references call_results on delete cascade,
    talk_id     bigint not null references talks on delete cascade,
    votes       integer not null,
    guest_votes integer not null,
    share       double precision not null,
    place       integer not null,
    -- To how many voters it was shown, and at which place on average.
    shown       integer not null,
    mean_place  double precision,
    primary key (call_id, talk_id)
);
create index call_result_talks_talk on call_result_talks (talk_id);

-- The receipts of all votes that counted, as they were published at the close.
create table call_receipts (
    call_id bigint not null references call_results on delete cascade,
    talk_id bigint not null references talks on delete cascade,
    receipt bytea not null check (length(receipt) = 32),
    guest   boolean not null,
    primary key (call_id, talk_id, receipt)
);
create index call_receipts_talk on call_receipts (talk_id);
