-- Whether others have ever seen a text of a talk: where owners approve talks, nobody else reads what they never approved.

alter table talk_revisions add column was_shown boolean not null default true;
