-- Comments on photos, with one level of replies, and members who don't want to meet.

-- Who may comment: every registered member, or nobody.
alter table photos add column comments text not null default 'registered'
    check (comments in ('registered', 'nobody'));

create table comments (
    id         bigint generated always as identity primary key,
    photo_id   bigint not null references photos on delete cascade,
    -- Null once its author has deleted it, or has left.
    author_id  bigint references users on delete set null,
    -- The comment that it answers, which answers none.
    reply_to   bigint references comments on delete cascade,
    -- A comment and its replies have the same.
    thread_id  bigint generated always as (coalesce(reply_to, id)) stored,
    -- Empty once its author has deleted it. What a moderator has removed is kept for 30 days.
    text       text not null check (length(text) <= 2000),
    -- What texts that read the same have in common, hashed.
    text_key   bytea check (length(text_key) = 16),
    state      text not null default 'shown' check (state in ('shown', 'held', 'removed')),
    -- Why it waits for a moderator.
    held_for   text check (held_for in ('first', 'repeated')),
    created_at timestamptz not null default clock_timestamp(),
    edited_at  timestamptz,
    removed_at timestamptz,
    check (state = 'removed' or text <> ''),
    check ((state = 'held') = (held_for is not null)),
    check ((state = 'removed') = (removed_at is not null))
);
-- A page of a photo's comments: the newest threads first, and in each the oldest comment.
create index comments_page on comments (photo_id, (-thread_id), id);
create index comments_replies on comments (reply_to) where reply_to is not null;
create index comments_author on comments (author_id, id);
create index comments_same on comments (text_key, created_at) where text_key is not null;
create index comments_held on comments (id) where state = 'held';
create index comments_removed on comments (removed_at) where state = 'removed';

-- How many comments of a photo everybody sees. A trigger keeps it, whatever changes or deletes comments.
create table comment_counts (
    photo_id bigint primary key references photos on delete cascade,
    shown    integer not null check (shown >= 0)
);

create function count_comments() returns trigger language plpgsql as $$
declare
    step integer := 0;
begin
    if tg_op <> 'DELETE' and new.state = 'shown' then step := step + 1; end if;
    if tg_op <> 'INSERT' and old.state = 'shown' then step := step - 1; end if;
    if step > 0 then
        insert into comment_counts (photo_id, shown) values (new.photo_id, step)
        on conflict (photo_id) do update set shown = comment_counts.shown + excluded.shown;
    elsif step < 0 then
        -- A photo that is deleted has taken its count along.
        update comment_counts set shown = shown + step where photo_id = old.photo_id;
    end if;
    return null;
end $$;
create trigger comments_counted after insert or delete or update of state on comments for each row
    execute function count_comments();

-- How fast each member comments: a theoretical arrival time, and a day that begins with its first comment.
create table comment_pace (
    user_id   bigint primary key references users on delete cascade,
    arrival   timestamptz not null default '-infinity',
    day_from  timestamptz not null default '-infinity',
    day_count integer not null default 0
);

-- Neither of the two sees the other's comments.
create table member_blocks (
    user_id    bigint not null references users on delete cascade,
    blocked_id bigint not null references users on delete cascade,
    blocked_at timestamptz not null default now(),
    primary key (user_id, blocked_id),
    check (user_id <> blocked_id)
);
create index member_blocks_blocked on member_blocks (blocked_id);
