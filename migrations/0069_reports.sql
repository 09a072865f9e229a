-- Reports of photos, comments, talks, hubs and members, and the cases in which moderators judge them.

-- All that is to be judged about one thing. Things have no foreign key here: a case outlives what it is about.
create table cases (
    id            bigint generated always as identity primary key,
    about         text not null check (about in ('photo', 'comment', 'talk', 'hub', 'member', 'appeal')),
    thing_id      bigint not null,
    -- Whose thing it is; null if nobody's, or if the account is gone.
    owner_id      bigint references users on delete set null,
    state         text not null default 'open' check (state in ('open', 'closed')),
    -- What its open reports weigh together; 1000 is a report of a member whose reports are as often right as wrong.
    weight        integer not null check (weight >= 0),
    opened_at     timestamptz not null default now(),
    -- When it got its last report, or was closed.
    changed_at    timestamptz not null default now(),
    -- Its place in the queue, which doesn't depend on the clock: a day of waiting counts as much as a weight of 1000.
    urgency       bigint not null generated always as
                      (weight::bigint * 864 - (extract(epoch from opened_at at time zone 'UTC') * 10)::bigint) stored,
    -- The moderator who works on it, and until when nobody else does.
    claimed_by    bigint references users on delete set null,
    claimed_until timestamptz,
    -- When the site hid the thing because of the weight; null if it didn't, or if a moderator has shown it again.
    hidden_at     timestamptz,
    -- How many reports it has.
    reports       integer not null default 0 check (reports >= 0),
    -- Whether the reports were right; void if there was nothing left to judge.
    outcome       text check (outcome in ('upheld', 'dismissed', 'void')),
    closed_at     timestamptz,
    -- The name of the moderator, which outlives the account.
    closed_by     text,
    check ((state = 'closed') = (outcome is not null) and (outcome is null) = (closed_at is null)),
    check ((claimed_by is null) or (claimed_until is not null))
);
create unique index cases_open on cases (about, thing_id) where state = 'open';
create index cases_thing on cases (about, thing_id, id desc);
create index cases_queue on cases (urgency desc, id desc) where state = 'open';
create index cases_queue_about on cases (about, urgency desc, id desc) where state = 'open';
create index cases_closed on cases (closed_at desc, id desc) where state = 'closed';
create index cases_owner on cases (owner_id) where owner_id is not null;
create index cases_claimed on cases (claimed_by) where claimed_by is not null;

create table reports (
    id          bigint generated always as identity primary key,
    case_id     bigint not null references cases on delete cascade,
    -- Null once the account is gone.
    reporter_id bigint references users on delete set null,
    category    text not null
                    check (category in ('spam', 'not-an-animal', 'hurtful', 'illegal', 'stolen', 'other')),
    text        text not null default '' check (length(text) <= 1000),
    weight      integer not null check (weight >= 0),
    created_at  timestamptz not null default clock_timestamp(),
    -- As that of its case; null while it is open.
    outcome     text check (outcome in ('upheld', 'dismissed', 'void')),
    settled_at  timestamptz,
    check ((outcome is null) = (settled_at is null)),
    -- One report per thing and reporter, as long as the case is open.
    unique (case_id, reporter_id)
);
create index reports_reporter on reports (reporter_id, id desc) where reporter_id is not null;
