use chrono::TimeDelta;

use super::fixtures::{at, job};
use super::*;

/// Two workers are alive, the queue has no limits, and the job is the next.
fn calm() -> Situation {
    Situation { now: at(0), workers: 2, own_alive: true, ..Situation::default() }
}

#[track_caller]
fn says(job: &JobDetail, situation: &Situation, sentence: &str, to_owner: Option<&str>) {
    let why = why(job, situation);
    assert_eq!(why.to_string(), sentence);
    assert_eq!(why.for_owner(situation.now).as_deref(), to_owner);
}

#[test]
fn a_ready_job_says_how_many_are_ahead() {
    let ready = job(JobState::Ready, 0);
    says(&ready, &calm(), "It is ready and the next in its queue.", Some("Yours is the next."));
    says(
        &ready,
        &Situation { ahead: 1, ..calm() },
        "It is ready and waiting for 1 job ahead of it.",
        Some("1 photo is ahead of yours."),
    );
    says(
        &ready,
        &Situation { ahead: 3, ..calm() },
        "It is ready and waiting for 3 jobs ahead of it.",
        Some("3 photos are ahead of yours."),
    );
    says(
        &ready,
        &Situation { ahead: COUNTED_AHEAD + 1, ..calm() },
        "It is ready and waiting for more than 10,000 jobs ahead of it.",
        Some("More than 10,000 photos are ahead of yours."),
    );
}

#[test]
fn a_paused_queue_is_the_first_reason() {
    let situation = Situation { paused_at: Some(at(-9)), workers: 0, ahead: 8, ..calm() };
    says(
        &job(JobState::Ready, 0),
        &situation,
        "It is waiting because the queue media has been paused since 1 Mar 2026, 09:51:00 UTC.",
        Some("The workers are paused right now; your photo is safe."),
    );
}

#[test]
fn missing_workers_are_the_second_reason() {
    let situation = Situation { workers: 0, ahead: 8, ..calm() };
    says(
        &job(JobState::Ready, 0),
        &situation,
        "It is waiting because no worker is alive.",
        Some("No worker is running right now; your photo is safe and will get its turn."),
    );
}

#[test]
fn limits_delay_a_ready_job() {
    let ready = job(JobState::Ready, 0);
    let limits = Limits { max_running: Some(3), starts_per_minute: Some(30), ..Limits::default() };
    let full = Situation { limits, running: 3, ahead: 2, ..calm() };
    says(
        &ready,
        &full,
        "It is ready, but the queue media may run no more than 3 at once, and 2 jobs are ahead of it.",
        Some("2 photos are ahead of yours."),
    );
    let spent = Situation { limits, running: 2, next_start_at: Some(at(1)), ..calm() };
    says(
        &ready,
        &spent,
        "It is ready, but the queue media may start no more than 30 a minute, the next at 1 Mar 2026, 10:01:00 UTC.",
        Some("The workers have as much as they may do at once right now; your photo is next in line."),
    );
    let room = Situation { limits, running: 2, next_start_at: Some(at(-1)), ..calm() };
    assert_eq!(why(&ready, &room), Why::Next);
}

#[test]
fn the_limits_of_partitions_apply_only_to_jobs_with_a_partition() {
    let limits =
        Limits { partition_max_running: Some(1), partition_starts_per_minute: Some(6), ..Limits::default() };
    let full = Situation { limits, partition_running: 1, running: 1, ..calm() };
    let mut ready = job(JobState::Ready, 0);
    assert_eq!(why(&ready, &full).to_string(), "It is ready, but user:3 may run no more than 1 at once.");
    let spent = Situation { limits, partition_next_start_at: Some(at(1)), ..calm() };
    assert!(matches!(why(&ready, &spent), Why::Rate { per_minute: 6, .. }));
    ready.row.partition_key = None;
    assert_eq!(why(&ready, &full), Why::Next);
}

#[test]
fn a_scheduled_job_says_when_it_is_due_and_what_failed() {
    let situation = calm();
    says(
        &job(JobState::Scheduled, 0),
        &situation,
        "It is scheduled for 1 Mar 2026, 10:01:00 UTC.",
        Some("It is up in 60 seconds."),
    );
    says(
        &job(JobState::Scheduled, 2),
        &situation,
        "It is scheduled for 1 Mar 2026, 10:03:00 UTC because attempt 2 of 4 failed with “no answer after 2 s”.",
        Some("The last try didn't work out. The next one starts in 3 minutes."),
    );
    let mut away = job(JobState::Scheduled, 2);
    away.row.attempt = 1;
    says(
        &away,
        &situation,
        "It is scheduled for 1 Mar 2026, 10:03:00 UTC because something that it needs is away: “no answer after 2 s”. \
         That doesn't count as an attempt.",
        Some("The last try didn't work out. The next one starts in 3 minutes."),
    );
}

#[test]
fn a_due_job_counts_as_ready() {
    let scheduled = job(JobState::Scheduled, 1);
    assert_eq!(why(&scheduled, &Situation { now: at(5), ..calm() }), Why::Next);
    assert_eq!(why(&scheduled, &Situation { now: at(5), workers: 0, ..calm() }), Why::NoWorker);
}

#[test]
fn a_running_job_names_its_worker_and_whether_it_is_silent() {
    let running = job(JobState::Running, 2);
    says(
        &running,
        &calm(),
        "Attempt 2 of 4 has been running on paw-7 since 1 Mar 2026, 10:02:00 UTC.",
        Some("It is being worked on right now."),
    );
    says(
        &running,
        &Situation { own_alive: false, own_beat: Some(at(3)), ..calm() },
        "It ran on paw-7, which has been silent since 1 Mar 2026, 10:03:00 UTC; a live worker will hand it back.",
        Some("The worker that had it has gone quiet; another one takes over within seconds."),
    );
}

#[test]
fn an_ended_job_says_how_it_ended() {
    let situation = Situation { now: at(0) + TimeDelta::hours(1), ..Situation::default() };
    says(&job(JobState::Done, 1), &situation, "It was done at 1 Mar 2026, 10:02:00 UTC.", None);
    says(
        &job(JobState::Dead, 1),
        &situation,
        "It failed for good at 1 Mar 2026, 10:02:00 UTC: no answer after 1 s.",
        None,
    );
    let mut cancelled = job(JobState::Cancelled, 0);
    cancelled.row.last_error = Some("by root".to_owned());
    says(&cancelled, &situation, "It was cancelled at 1 Mar 2026, 10:01:00 UTC: by root.", None);
}
