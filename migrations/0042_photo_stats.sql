-- Remixes and comments of a photo, counted once a visitor and day, like its views and shares.
alter table virality_events drop constraint virality_events_kind_check;
alter table virality_events add constraint virality_events_kind_check
    check (kind in ('view', 'share', 'link_view', 'link_rating', 'remix', 'comment'));

alter table photo_stats
    add column remixes bigint not null default 0,
    add column comments bigint not null default 0;
