-- What refers to a photo: a sharer has one link to each, and deleting a photo neither scans for references nor waits for raters.

-- Links that are out in the world keep working: later ones of the same sharer become nobody's.
update shares set sharer_id = null
from shares as earlier
where earlier.photo_id = shares.photo_id and earlier.sharer_id = shares.sharer_id
  and (earlier.created_at, earlier.code) < (shares.created_at, shares.code);
create unique index shares_sharer_photo on shares (sharer_id, photo_id) where sharer_id is not null;

-- Whoever reads a position asks whether its photo can be rated. As a foreign key it made the one who was served a photo wait
-- for the one who deleted it, and fail; and each deletion read all positions.
alter table rater_positions drop constraint rater_positions_photo_id_fkey;

create index photos_parent on photos (parent_id) where parent_id is not null;
