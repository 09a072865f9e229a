//! A future that is dropped at any moment leaves no transaction open.

use std::task::Poll;
use std::time::Duration;

use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::{Db, Tx, retry_conflicts};

/// Counts the other sessions of this database that are in a transaction.
async fn open_transactions(db: &PgPool) -> i64 {
    let open = "select count(*) from pg_stat_activity
                where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null";
    sqlx::query_scalar(open).fetch_one(db).await.expect("the statement is right")
}

/// Begins, writes and commits, and is dropped after it has waited this many times. Returns whether it ended before that.
async fn drop_after(db: &Db, waits: usize) -> bool {
    let mut act = Box::pin(async {
        let mut tx = db.begin().await?;
        sqlx::query("insert into dropped_writes values (1)").execute(&mut *tx).await?;
        tx.commit().await
    });
    let mut waited = 0;
    std::future::poll_fn(|context| match act.as_mut().poll(context) {
        Poll::Ready(ended) => Poll::Ready(ended.is_ok()),
        Poll::Pending if waited == waits => Poll::Ready(false),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}

#[sqlx::test(migrations = false)]
async fn transactions_dropped_at_any_moment_are_never_left_open(db: PgPool) {
    sqlx::query("create table dropped_writes (n integer)").execute(&db).await.expect("a table");
    let pool = PgPoolOptions::new().max_connections(1).connect_lazy_with((*db.connect_options()).clone());
    let ours = Db::from(pool);
    sqlx::query("select 1").execute(&*ours).await.expect("a connection");
    let mut ended = Vec::new();
    for waits in (0..12).cycle().take(240) {
        ended.push(drop_after(&ours, waits).await);
        // The next user of the connection writes outside of any open transaction, so others can see its rows.
        sqlx::query("insert into dropped_writes values (2)").execute(&*ours).await.expect("it is written");
    }
    assert!(ended.contains(&true) && ended.contains(&false), "{ended:?}");
    assert_eq!(open_transactions(&db).await, 0);
    let seen: i64 = sqlx::query_scalar("select count(*) from dropped_writes where n = 2")
        .fetch_one(&db)
        .await
        .expect("the statement is right");
    assert_eq!(seen, 240);
}

#[sqlx::test(migrations = false)]
async fn two_transactions_that_lock_in_opposite_orders_both_succeed(db: PgPool) {
    sqlx::query("create table locked (n integer primary key, times integer not null default 0)")
        .execute(&db)
        .await
        .expect("a table");
    sqlx::query("insert into locked values (1), (2)").execute(&db).await.expect("two rows");
    let touch = async |first: i32, second: i32| {
        retry_conflicts(async || {
            let mut tx = Tx::begin(&db).await?;
            sqlx::query("set local deadlock_timeout = '20ms'").execute(&mut *tx).await?;
            for n in [first, second] {
                let touched = sqlx::query("update locked set times = times + 1 where n = $1").bind(n);
                touched.execute(&mut *tx).await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            tx.commit().await
        })
        .await
    };
    let (one, other) = tokio::join!(touch(1, 2), touch(2, 1));
    one.expect("it runs again");
    other.expect("it runs again");
    let times: Vec<i32> =
        sqlx::query_scalar("select times from locked").fetch_all(&db).await.expect("the statement is right");
    assert_eq!(times, [2, 2]);
}
