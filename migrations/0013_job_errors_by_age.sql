-- A text that many errors have is found fastest by going through the errors, the newest first; the trigrams of 0007 find
-- the rare ones. Jobs without an error don't touch it.
create index job_history_erred on job_history (id) where last_error is not null;
