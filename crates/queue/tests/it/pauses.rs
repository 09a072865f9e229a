//! Pausing, resuming and limiting queues while workers run.

use pawdium_kit::operators::{assert_balanced, pause, resume, until_running, without_poll};
use pawdium_kit::waiting::{
    SOON, count, find_job, until, until_all_have_beaten, until_idle, until_job_is, until_listening,
};
use pawdium_kit::workers::{enqueue, transact};
use pawdium_queue::{Enqueue as _, Limits, control};
use sqlx::PgPool;

use crate::gates::Gate;
use crate::kinds::queues;
use crate::kinds::{Letter, Note, Traceless};
use crate::workers::start_workers;

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn every_queue_can_be_controlled(db: PgPool) {
    let mut db = db.acquire().await.expect("a connection");
    let mut names: Vec<_> = queues::ALL.iter().map(|queue| queue.name()).collect();
    names.sort_unstable();
    let queues = control::list_queues(&mut db).await.expect("no error");
    assert_eq!(queues.iter().map(|queue| queue.name.as_str()).collect::<Vec<_>>(), names);
    assert!(control::pause(&mut db, queues::CACHE).await.expect("no error"));
    assert!(!control::pause(&mut db, queues::CACHE).await.expect("no error"), "it is paused already");
    assert!(control::resume(&mut db, queues::CACHE).await.expect("no error"));
    assert!(!control::resume(&mut db, queues::CACHE).await.expect("no error"), "it was not paused");
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_paused_queue_rests_in_all_processes_while_the_others_go_on(db: PgPool) {
    let gate = Gate::closed();
    // Four run in each process, and sixteen more are prefetched.
    let jobs: Vec<_> = (0..60).map(|number| Traceless::new(number.to_string())).collect();
    transact(&db, async |tx| Traceless::enqueue_all(tx, &jobs).await.expect("they fit")).await;
    let workers = [start_workers(&db, &gate.runner()).await, start_workers(&db, &gate.runner()).await];
    gate.until_inside("", 8).await;
    pause(&db, queues::CACHE).await;
    // Prefetched jobs go back although no slot is free, and running ones go on.
    until_running(&db, 8).await;
    gate.pass(8);
    gate.until_inside("", 0).await;
    let waiting = count(&db, "select count(*) from jobs where state = 'ready' and attempt = 0").await;
    assert_eq!(waiting, 52);

    gate.pass(1000);
    let other = enqueue(&db, &Note::new("other")).await;
    until_job_is(&db, other, "done").await;
    until_all_have_beaten(&db).await;
    assert_eq!(count(&db, "select count(*) from jobs where state = 'ready' and attempt = 0").await, waiting);
    resume(&db, queues::CACHE).await;
    until_idle(&db).await;
    for workers in workers {
        workers.stop().await;
    }
    assert_balanced(&db).await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_new_limit_applies_to_prefetched_jobs(db: PgPool) {
    let gate = Gate::closed();
    let workers = start_workers(&db, &gate.runner()).await;
    until_listening(&db, 1).await;
    let jobs: Vec<_> = (0..30).map(|number| Traceless::new(number.to_string())).collect();
    transact(&db, async |tx| Traceless::enqueue_all(tx, &jobs).await.expect("they fit")).await;
    gate.until_inside("", 4).await;
    until_running(&db, 20).await;
    let limits = Limits { max_running: Some(2), ..Limits::default() };
    control::set_limits(&mut db.acquire().await.expect("a connection"), queues::CACHE, limits)
        .await
        .expect("no error");
    until_running(&db, 4).await;
    for _ in 4..30 {
        gate.pass(1);
        until("the next may start", SOON, async || (gate.inside("") <= 2).then_some(())).await;
    }
    gate.pass(4);
    until_idle(&db).await;
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_resumed_queue_starts_without_waiting_for_the_poll(db: PgPool) {
    let gate = Gate::open();
    let workers = start_workers(&db, &gate.runner()).await;
    until_listening(&db, 1).await;
    pause(&db, queues::MEDIA).await;
    let job = enqueue(&db, &Note::new("")).await;
    without_poll(&db).await;
    assert_eq!(find_job(&db, job).await.expect("it waits").state, "ready");
    resume(&db, queues::MEDIA).await;
    until_job_is(&db, job, "done").await;
    workers.stop().await;
}

#[sqlx::test(migrator = "crate::MIGRATIONS")]
async fn a_lifted_limit_delays_no_job_until_the_poll(db: PgPool) {
    let gate = Gate::closed();
    let workers = start_workers(&db, &gate.runner()).await;
    until_listening(&db, 1).await;
    // The first starts, and the next one only after a minute.
    let limits = Limits { starts_per_minute: Some(1), ..Limits::default() };
    let mut connection = db.acquire().await.expect("a connection");
    control::set_limits(&mut connection, queues::MAIL, limits).await.expect("no error");
    for _ in 0..3 {
        enqueue(&db, &Letter::new("")).await;
    }
    gate.until_inside("", 1).await;
    without_poll(&db).await;
    assert_eq!(gate.inside(""), 1);
    control::set_limits(&mut connection, queues::MAIL, Limits::default()).await.expect("no error");
    gate.until_inside("", 3).await;
    gate.pass(3);
    workers.stop().await;
}
