-- What moderators and the site need to review cases: what was hidden until then, what was approved, who was told.

-- What a thing that the site hid was before.
alter table cases add column before jsonb;
alter table cases add constraint cases_hidden check ((hidden_at is null) = (before is null)) not valid;
alter table cases validate constraint cases_hidden;
alter table cases add constraint cases_hidden_open check (hidden_at is null or state = 'open') not valid;
alter table cases validate constraint cases_hidden_open;

create index reports_case on reports (case_id, id desc);
-- When its reporter was notified of the outcome.
alter table reports add column told_at timestamptz;
create index reports_untold on reports (case_id, id) where outcome is not null and told_at is null;

-- The version of a thing that a moderator has found to be right. The site hides it only after a change.
create table approvals (
    about       text not null,
    thing_id    bigint not null,
    version     text not null,
    approved_at timestamptz not null default now(),
    -- The moderator's name, which outlives the account.
    approved_by text not null,
    primary key (about, thing_id)
);

-- The last digest of each moderator, and the last report that it counted.
create table moderator_mails (
    user_id bigint primary key references users on delete cascade,
    sent_at timestamptz not null default now(),
    through bigint not null default 0
);
create index users_moderators on users (id) where role <> 'member';

-- A comment may wait because it was reported.
alter table comments drop constraint comments_held_for_check;
alter table comments add constraint comments_held_for_check
    check (held_for in ('first', 'repeated', 'reported')) not valid;
alter table comments validate constraint comments_held_for_check;
