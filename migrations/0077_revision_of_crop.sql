-- A crop that an owner asks for together with new words is the same revision as they are. Null: a revision of its own.
alter table photo_crops add column revision integer;
