//! Processes that render several pictures.

use std::{
    ffi::OsString,
    io::Write as _,
    path::Path,
    time::{Duration, Instant},
};

use super::{assert_upright, decoder, reply_on_stdout};
use crate::{
    ids::UserId,
    media::{
        Limits, Refusal, fixtures,
        fixtures::{JpegWith, quarters},
        sandbox::{
            child::{answer_next, confined, receive},
            parent::{Decoder, RenderError},
            pool::PICTURES,
            protocol::write_reply,
        },
    },
};

const OWNER: Option<UserId> = Some(UserId(1));

/// A decoder whose processes leave a line in a file when they start.
fn counted(test: &str, started: &Path) -> Decoder {
    let this = std::env::current_exe().expect("has a path");
    let script = "echo >> \"$2\"; exec 9>&1 1>/dev/null; \
                  exec \"$0\" --exact --ignored --nocapture \"media::sandbox::tests::$1\"";
    let args: [OsString; 5] =
        ["-c".into(), script.into(), this.into_os_string(), test.into(), started.as_os_str().to_owned()];
    patient(Decoder::new("/bin/sh".into(), args, Limits::default()))
}

/// Its processes wait longer than any machine stalls.
fn patient(mut decoder: Decoder) -> Decoder {
    decoder.idle.patience = Duration::from_mins(5);
    decoder
}

fn lines(file: &Path) -> usize {
    std::fs::read_to_string(file).expect("is there").lines().count()
}

#[tokio::test]
async fn a_process_renders_picture_after_picture_until_one_fails() {
    let folder = tempfile::tempdir().expect("is made");
    let started = folder.path().join("started");
    let decoder = counted("decoder_process", &started);
    let picture = fixtures::jpeg(&quarters(300, 300), &JpegWith::default());
    for _ in 0..3 {
        assert_upright(&decoder.render(OWNER, fixtures::open(&picture), None).await.expect("is rendered"));
    }
    assert_eq!(lines(&started), 1);
    let damaged = decoder.render(OWNER, fixtures::open(&picture[..picture.len() / 2]), None).await;
    assert!(matches!(damaged, Err(RenderError::Refused(Refusal::Damaged))), "{damaged:?}");
    assert_eq!(lines(&started), 2, "it was tried again in a new one");
    assert_upright(&decoder.render(OWNER, fixtures::open(&picture), None).await.expect("is rendered"));
    assert_eq!(lines(&started), 3);
    let render = || decoder.render(OWNER, fixtures::open(&picture), None);
    let both = tokio::join!(render(), render());
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(lines(&started), 4, "two at once take two");
    for _ in 0..2 * PICTURES {
        render().await.expect("is rendered");
    }
    assert_eq!(lines(&started), 5, "the two have had enough, and another begins");
}

#[tokio::test]
async fn nobody_meets_the_process_of_another() {
    let folder = tempfile::tempdir().expect("is made");
    let started = folder.path().join("started");
    let decoder = counted("decoder_process", &started);
    let picture = fixtures::jpeg(&quarters(300, 300), &JpegWith::default());
    for (owner, processes) in [(OWNER, 1), (Some(UserId(2)), 2), (OWNER, 2), (None, 3), (None, 4)] {
        decoder.render(owner, fixtures::open(&picture), None).await.expect("is rendered");
        assert_eq!(lines(&started), processes, "{owner:?}");
    }
    for owner in 3..=5 {
        decoder.render(Some(UserId(owner)), fixtures::open(&picture), None).await.expect("is rendered");
    }
    let waiting = [2, 1, 3, 4, 5].map(|owner| decoder.idle.take(UserId(owner)).is_some());
    assert_eq!(
        waiting,
        [false, true, true, true, true],
        "four wait, and the fifth takes the place of the first"
    );
}

/// Answers one request as it should, and then does something else.
fn turncoat(then: impl FnOnce()) {
    if reply_on_stdout() {
        let limits = confined().expect("can be confined");
        assert!(answer_next(&limits).expect("is answered"));
        then();
        std::process::exit(3);
    }
}

#[test]
#[ignore = "is a process of the test below"]
fn process_that_dies_of_the_second_picture() {
    turncoat(|| drop(receive()));
}

#[test]
#[ignore = "is a process of the test below"]
fn process_that_has_died_before_the_second_picture() {
    turncoat(|| ());
}

#[test]
#[ignore = "is a process of the test below"]
fn process_that_answers_before_it_is_asked() {
    turncoat(|| {
        println!("pawdium");
        while answer_next(&Limits::default()).expect("is answered") {}
    });
}

#[test]
#[ignore = "is a process of the test below"]
fn process_that_lies_about_the_second_picture() {
    turncoat(|| {
        let _ = receive();
        let _ = std::io::stdout().write_all(&[7; 64]);
    });
}

#[test]
#[ignore = "is a process of the test below"]
fn process_that_refuses_the_second_picture() {
    turncoat(|| {
        let _ = receive();
        let _ = write_reply(&mut std::io::stdout(), Err(Refusal::Damaged));
        let _ = std::io::stdout().flush();
        let _ = receive();
    });
}

#[tokio::test]
async fn what_one_picture_left_behind_fails_no_other() {
    let picture = fixtures::jpeg(&quarters(300, 300), &JpegWith::default());
    for test in [
        "process_that_dies_of_the_second_picture",
        "process_that_has_died_before_the_second_picture",
        "process_that_answers_before_it_is_asked",
        "process_that_lies_about_the_second_picture",
        "process_that_refuses_the_second_picture",
    ] {
        let folder = tempfile::tempdir().expect("is made");
        let started = folder.path().join("started");
        let decoder = counted(&format!("pool::{test}"), &started);
        for pictures in 1..=3 {
            assert_upright(&decoder.render(OWNER, fixtures::open(&picture), None).await.expect(test));
            assert_eq!(lines(&started), pictures, "{test}");
        }
    }
}

#[tokio::test]
async fn a_process_without_work_is_let_go() {
    let mut decoder = patient(decoder());
    let picture = fixtures::jpeg(&quarters(300, 300), &JpegWith::default());
    decoder.render(OWNER, fixtures::open(&picture), None).await.expect("is rendered");
    let process = decoder.idle.take(UserId(1)).expect("it waits for more");
    let pid = process.pid().expect("it lives");
    decoder.idle.patience = Duration::from_millis(100);
    decoder.idle.put(UserId(1), process);
    let begin = Instant::now();
    // A process that nobody has waited for is still there, as a zombie.
    while rustix::process::test_kill_process(pid).is_ok() {
        assert!(begin.elapsed() < Duration::from_mins(1), "it is still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(decoder.idle.take(UserId(1)).is_none());
}
