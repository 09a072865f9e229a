-- What is remembered of an upload once it is through: how large it was, so that its owner sees what was saved, and the key
-- under which it was sent, so that sending it again, because the answer was lost, finds the photo that it made.
alter table photos add column source_bytes integer check (source_bytes > 0);

create table photo_submissions (
    owner_id   bigint not null references users on delete cascade,
    -- Chosen by the client (draft-ietf-httpapi-idempotency-key-header).
    key        text not null check (length(key) between 1 and 128),
    -- BLAKE3 of the fields and the file: the same key for anything else is a mistake, and is told.
    print      bytea not null check (octet_length(print) = 32),
    photo_id   bigint not null unique references photos on delete cascade,
    primary key (owner_id, key)
);
