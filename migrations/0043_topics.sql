-- Topics: tags as rows of their own, so that they can be counted, renamed, merged and banned. photos.tags stays, because
-- search reads it and the previous version reads and writes it.

create table topics (
    id          bigint generated always as identity primary key,
    -- How it is written in URLs: normalised and case-folded (shared/src/photos/tag.rs).
    key         text not null unique check (length(key) between 1 and 30),
    -- How its first user wrote it, or a moderator.
    name        text not null check (length(name) between 1 and 30),
    -- The topic that a moderator merged it into, and where the chain of merges ends; null if it stands for itself.
    merged_into bigint references topics,
    root_id     bigint references topics,
    banned_at   timestamptz,
    -- The number of live photos, together with the rows of topic_moves.
    photos      bigint not null default 0,
    created_at  timestamptz not null default now(),
    check (merged_into is distinct from id and (root_id is null) = (merged_into is null))
);
create index topics_photos on topics (photos desc, id) where merged_into is null and banned_at is null;
create index topics_created on topics (id desc) where merged_into is null and banned_at is null;
create index topics_merged on topics (merged_into) where merged_into is not null;
create index topics_key_parts on topics using gin (key gin_trgm_ops);
create index topics_key_begins on topics (key text_pattern_ops);

-- All keys that lead to a topic: its own, former ones and aliases. A key never leads to another topic later.
create table topic_keys (
    key      text primary key,
    topic_id bigint not null references topics on delete cascade
);
create index topic_keys_topic on topic_keys (topic_id);

-- The tags of photos. written_id is what the owner wrote and never changes by moderation; topic_id is where its merges
-- lead. If two tags of a photo lead to the same topic, the later one is doubled.
create table taggings (
    photo_id   bigint not null references photos on delete cascade,
    written_id bigint not null references topics,
    topic_id   bigint not null references topics,
    place      smallint not null check (place between 1 and 10),
    live       boolean not null,
    doubled    boolean not null default false,
    primary key (photo_id, written_id)
);
create index taggings_shown on taggings (topic_id, photo_id desc) where live and not doubled;
create index taggings_written on taggings (written_id, photo_id);

-- Changes of counts that topics.photos doesn't contain yet. A row that many photos share would be waited for.
create table topic_moves (
    id       bigint generated always as identity primary key,
    topic_id bigint not null,
    photos   bigint not null
);
create index topic_moves_topic on topic_moves (topic_id) include (photos);

create function taggings_counted() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' then
        insert into topic_moves (topic_id, photos)
        select topic_id, count(*) from after where live and not doubled group by topic_id;
    elsif tg_op = 'DELETE' then
        insert into topic_moves (topic_id, photos)
        select topic_id, -count(*) from before where live and not doubled group by topic_id;
    else
        insert into topic_moves (topic_id, photos)
        select topic_id, sum(change)
        from (select topic_id, 1 as change from after where live and not doubled
              union all
              select topic_id, -1 from before where live and not doubled) as changes
        group by topic_id having sum(change) <> 0;
    end if;
    return null;
end $$;
create trigger taggings_inserted after insert on taggings
    referencing new table as after for each statement execute function taggings_counted();
create trigger taggings_deleted after delete on taggings
    referencing old table as before for each statement execute function taggings_counted();
create trigger taggings_updated after update on taggings
    referencing old table as before new table as after for each statement execute function taggings_counted();

-- A trigger, so that no way to publish, hide or delete a photo can forget its tags, in any version.
create function photo_shows_tags() returns trigger language plpgsql as $$
begin
    update taggings set live = new.state = 'live' where photo_id = new.id and live <> (new.state = 'live');
    return null;
end $$;
create trigger photo_shows_tags after update of state on photos for each row
    when ((old.state = 'live') <> (new.state = 'live')) execute function photo_shows_tags();

-- Which topics occur together more often than by chance, by the last run of topics.relate.
create table topic_relations (
    topic_id bigint not null references topics on delete cascade,
    other_id bigint not null references topics on delete cascade,
    photos   bigint not null,
    lift     double precision not null,
    primary key (topic_id, other_id)
);

create table sections (
    id    bigint generated always as identity primary key,
    name  text not null check (length(name) between 1 and 60),
    place integer not null default 0
);
create unique index sections_name on sections (lower(name));
create table section_topics (
    section_id bigint not null references sections on delete cascade,
    topic_id   bigint not null references topics,
    place      smallint not null,
    primary key (section_id, topic_id)
);

-- What moderators did to topics and sections, with what it takes to undo it.
create table topic_acts (
    id        bigint generated always as identity primary key,
    at        timestamptz not null default now(),
    actor     text not null,
    act       text not null check (act in ('rename', 'alias', 'merge', 'ban', 'section')),
    topic_id  bigint references topics,
    -- A sentence for the list of acts.
    about     text not null,
    before    jsonb not null,
    after     jsonb not null,
    undone_at timestamptz,
    undone_by text
);
