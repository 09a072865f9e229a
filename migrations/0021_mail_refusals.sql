-- What a mail server has refused for good, so that the account's owner reads it on the site instead of waiting for a mail.
create table mail_refusals (
    user_id    bigint primary key references users on delete cascade,
    -- A refusal is about this address and no other.
    email      text not null,
    -- What the server said, as one line without control characters.
    reason     text not null,
    refused_at timestamptz not null default now()
);
