-- Tags that photos have already become topics. They are in lower case, so the key is nearly the tag; topics.recount moves
-- what this leaves out, and what the previous version still writes.

create temporary table moved on commit drop as
    select photos.id as photo_id, state = 'live' as live, place::smallint as place,
           btrim(regexp_replace(word, '[\s_-]+', '-', 'g'), '-') as name,
           btrim(regexp_replace(translate(replace(lower(normalize(word, NFKC)), 'ß', 'ss'), 'ς', 'σ'),
                                '[\s_-]+', '-', 'g'), '-') as key
    from photos cross join unnest(tags) with ordinality as written (word, place)
    where place <= 10;
delete from moved where length(key) not between 1 and 30 or length(name) not between 1 and 30;

insert into topics (key, name)
    select key, name from (select distinct on (key) key, name, photo_id, place from moved order by key, photo_id, place) as first
    order by photo_id, place;
insert into topic_keys (key, topic_id) select key, id from topics;
insert into taggings (photo_id, written_id, topic_id, place, live)
    select distinct on (photo_id, id) photo_id, id, id, place, live from moved join topics using (key)
    order by photo_id, id, place;

-- Search takes the newest photos with a word, and a common word is in hundreds of thousands. With the thousands that an id
-- belongs to, the index finds those of the newest alone.
create extension if not exists btree_gin;
create index photos_recent_words on photos using gin ((id >> 12), photo_words(title, tags, alt)) where state = 'live';
drop index photos_words;
alter index photos_recent_words rename to photos_words;
