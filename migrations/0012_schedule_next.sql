-- When each schedule ticks next, as the scheduler that was last alive knows it: for the admins' page.
alter table schedules add column next_at timestamptz;
