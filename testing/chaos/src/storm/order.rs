//! Numbers transactions in the order of their commits: those that change a password, open a session, make a photo live or
//! block a picture. For these, some checks depend on the order.
//!
//! Times don't show it, because `now()` is the time at which a transaction began. Deferred triggers take the numbers at
//! the commit, while the transaction still has its locks. A transaction that waits for another one's lock gets the higher
//! number.

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

/// Installs the triggers in a database that has the site's schema.
///
/// # Errors
/// If the database can't be reached, or has the triggers already.
pub async fn note(db: &PgPool) -> sqlx::Result<()> {
    db.execute(AssertSqlSafe(TRIGGERS)).await?;
    Ok(())
}
