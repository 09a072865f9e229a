-- What sanctioned members have made and nobody sees as long as the sanction holds, with the state that it goes back to.

create table withheld (
    id         bigint generated always as identity primary key,
    owner_id   bigint not null references users on delete cascade,
    photo_id   bigint unique references photos on delete cascade,
    comment_id bigint unique references comments on delete cascade,
    talk_id    bigint unique references talks on delete cascade,
    state      text not null,
    -- Why a comment waited for a moderator.
    held_for   text,
    -- The photo's, in the log domain.
    virality   double precision,
    check (num_nonnulls(photo_id, comment_id, talk_id) = 1)
);
create index withheld_owner on withheld (owner_id);

-- A comment of a member whose content is withheld.
alter table comments drop constraint comments_state_check;
alter table comments add constraint comments_state_check
    check (state in ('shown', 'held', 'removed', 'withheld'));
