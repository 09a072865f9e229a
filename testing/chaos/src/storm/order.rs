//! Numbers transactions in the order in which they committed: those that changed a password, opened a session, put a photo
//! in rotation or blocked a picture. For these the order decides what is right.
//!
//! Times are no help, since `now()` is the time at which a transaction began. Triggers draw the numbers at the commit, while
//! the transaction still holds its locks. If a lock makes one transaction wait for another, it gets the higher number.

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
