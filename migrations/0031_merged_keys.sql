-- By which key the ballots were given out that an anonymous user had on open pages: the account may still use them.
alter table merged_users add column rater_key bigint;
create index merged_users_key on merged_users (rater_key);
