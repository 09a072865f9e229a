//! In which order transactions committed, where that decides what is right: a number for each that changed a password,
//! opened a session, put a photo in rotation or blocked a picture.
//!
//! Times don't tell: `now()` is when a transaction began. The numbers are drawn at the commit, when it still holds its
//! locks. Where locks put two transactions in an order, their numbers are in that order, too.

use sqlx::{AssertSqlSafe, Executor as _, PgPool};

const TRIGGERS: &str = "
    create table chaos_order (
        number bigint generated always as identity primary key,
        what   text not null,
        key    text not null);

    create function chaos_note() returns trigger language plpgsql as $$
    begin
        insert into chaos_order (what, key) values (tg_argv[0], to_jsonb(new) ->> tg_argv[1]);
        return null;
    end $$;

    create constraint trigger chaos_password after update of password_hash on users
        deferrable initially deferred for each row
        when (old.password_hash is not null and old.password_hash is distinct from new.password_hash)
        execute function chaos_note('password', 'id');
    create constraint trigger chaos_session after insert on sessions
        deferrable initially deferred for each row execute function chaos_note('session', 'token_hash');
    create constraint trigger chaos_live after update of state on photos
        deferrable initially deferred for each row
        when (new.state = 'live' and old.state <> 'live') execute function chaos_note('live', 'id');
    create constraint trigger chaos_blocked after insert on blocked_pictures
        deferrable initially deferred for each row execute function chaos_note('blocked', 'id');";

/// Has a database that has the site's schema note the order from now on.
///
/// # Errors
/// When the database can't be reached, or does so already.
pub async fn note(db: &PgPool) -> sqlx::Result<()> {
    db.execute(AssertSqlSafe(TRIGGERS)).await?;
    Ok(())
}
