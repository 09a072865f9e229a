-- A site written past the application: {photos} photos of a thousand members, each with a title of three words, a
-- description of eight and up to three of {tags} tags. The n-th word is used 1/n times as often as the first. Every
-- fiftieth photo isn't live. Indexes are made afterwards, which takes a fraction of the time.
set session_replication_role = replica;
set statement_timeout = 0;
drop index photos_words;
drop index taggings_shown;
drop index taggings_written;

insert into users (name, email, password_hash, rater_key)
select 'member' || n, 'm' || n || '@example.org', 'x', n from generate_series(1, 1000) as n;

create temporary table words as
select n, (array['ka','lo','mi','ne','pu','ra','si','ta','vu','zo'])[1 + n % 10]
       || (array['ba','de','fi','go','hu','ja','ke','li','mo','nu'])[1 + n / 10 % 10]
       || (array['cat','dog','paw','fur','ear','eye','fin','tail','nose','leg'])[1 + n / 100 % 10] || n / 1000 as word
from generate_series(1, {tags}) as n;
create unique index on words (n);
create function pg_temp.pick() returns integer language sql volatile as $$
    select least({tags}, floor(exp(random() * ln({tags} + 1)))::integer)
$$;

insert into topics (key, name) select word, word from words order by n;
insert into topic_keys select key, id from topics;

create temporary table drawn as
select id, array(select distinct pg_temp.pick() from generate_series(1, 4) where id > 0) as tags,
       array(select pg_temp.pick() from generate_series(1, 11) where id > 0) as words
from generate_series(1, {photos}) as id;
analyze drawn;
insert into photos (owner_id, title, alt, species, tags, state, slot, live_at, created_at)
select (select min(id) from users) + drawn.id % 1000,
       (select string_agg(word, ' ' order by place) from unnest(words[1:3]) with ordinality as x (n, place) join words using (n)),
       (select string_agg(word, ' ' order by place) from unnest(words[4:11]) with ordinality as x (n, place) join words using (n)),
       'cat', array(select word from unnest(tags[1:3]) as x (n) join words using (n)),
       case when drawn.id % 50 = 0 then 'hidden' else 'live' end, drawn.id,
       now() - ({photos} - drawn.id) * interval '1 minute', now() - ({photos} - drawn.id) * interval '1 minute'
from drawn order by drawn.id;
insert into photo_stats (photo_id) select id from photos;
insert into photo_ranks (photo_id, score, rank)
select id, random() * 9 + 1, 1 + floor(random() * {photos}) from photos where state = 'live';
insert into taggings (photo_id, written_id, topic_id, place, live)
select photos.id, topics.id, topics.id, place, state = 'live'
from photos cross join unnest(tags) with ordinality as x (word, place) join topics on key = word;
update topics set photos = counted.photos
from (select topic_id, count(*) as photos from taggings where live group by topic_id) as counted where id = topic_id;

create index taggings_shown on taggings (topic_id, photo_id desc) where live and not doubled;
create index taggings_written on taggings (written_id, photo_id);
create index photos_words on photos using gin ((id >> 12), photo_words(title, tags, alt)) where state = 'live';
set session_replication_role = origin;
