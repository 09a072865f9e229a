-- The slugs of a hub that is deleted stay for a while, so that links to it don't lead to a stranger's hub. The previous
-- version deletes them with the hub, as before.
alter table hub_slugs alter column hub_id drop not null;
alter table hub_slugs add column freed_at timestamptz;
alter table hub_slugs add constraint hub_slugs_freed check ((hub_id is null) = (freed_at is not null)) not valid;
alter table hub_slugs validate constraint hub_slugs_freed;
