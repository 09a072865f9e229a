-- The value that a rating replaced: an upsert can answer with it, so the histogram moves by the true difference without
-- a lock that is held from before the rating is looked up.
alter table ratings add column previous smallint;
