-- Which site a database is of, by which the media store tells it from another's.
create table site (
    -- One row.
    one boolean primary key default true check (one),
    id  uuid not null default gen_random_uuid()
);
insert into site default values;
