-- The feed of those who follow a member asks for what this member did last.
create index activity_actor_latest on activity (actor_id, id desc);
drop index activity_actor;
