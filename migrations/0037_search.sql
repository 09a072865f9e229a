-- Search: photos by the words of their title, tags and description, members by any part of their name. Hubs have an
-- index already.

-- The words of a photo, the title's first. Punctuation becomes spaces, so that the parser finds words and numbers and
-- no addresses, paths or markup. The cost says that the index is cheaper than to compute this for each row.
create function photo_words(title text, tags text[], alt text) returns tsvector
    language sql immutable parallel safe cost 500 as $$
    select setweight(to_tsvector('simple', translate(title, './:@_-''’<>&=?#%+~', '                 ')), 'A')
        || setweight(to_tsvector('simple', translate(array_to_string(tags, ' '), '-', ' ')), 'B')
        || setweight(to_tsvector('simple', translate(alt, './:@_-''’<>&=?#%+~', '                 ')), 'C')
$$;
create index photos_words on photos using gin (photo_words(title, tags, alt)) where state = 'live';

create index users_name_parts on users using gin (lower(name) gin_trgm_ops) where name is not null;
