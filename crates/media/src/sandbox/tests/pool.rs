//! Processes that render several pictures.

use std::{
    ffi::OsString,
    io::Write as _,
    time::{Duration, Instant},
};

use tempfile::NamedTempFile;

use super::{assert_upright, decoder, reply_on_stdout};
use crate::{
    Limits, Refusal, Rendered, Stage, fixtures,
    fixtures::{JpegWith, quarters},
    sandbox::{
        child::{answer_next, confined, receive},
        parent::{Decoder, RenderError},
        pool::{Owner, PICTURES},
        protocol::{write_reply, write_stage},
    },
};

const OWNER: Option<Owner> = Some(Owner(1));

/// A decoder whose processes append a line to a file when they start.
struct Counted {
    decoder: Decoder,
    started: NamedTempFile,
}

impl Counted {
    /// Its processes run this test.
    fn of(test: &str) -> Self {
        let started = NamedTempFile::new().expect("is made");
        let this = std::env::current_exe().expect("has a path");
        let script = "echo >> \"$2\"; exec 9>&1 1>/dev/null; \
                      exec \"$0\" --exact --ignored --nocapture \"sandbox::tests::$1\"";
        let args: [OsString; 5] =
            ["-c".into(), script.into(), this.into_os_string(), test.into(), started.path().into()];
        Self { decoder: patient(Decoder::new("/bin/sh".into(), args, Limits::default())), started }
    }

    /// Renders a picture of this owner.
    async fn render(&self, owner: Option<Owner>, picture: &[u8]) -> Result<Rendered, RenderError> {
        self.decoder.render(owner, fixtures::open(picture), None).await
    }

    /// Number of processes started so far.
    fn processes(&self) -> usize {
        std::fs::read_to_string(self.started.path()).expect("is there").lines().count()
    }
}

/// Its processes wait longer than any machine stalls.
fn patient(mut decoder: Decoder) -> Decoder {
    decoder.idle.patience = Duration::from_mins(5);
    decoder
}

#[tokio::test]
async fn a_process_renders_picture_after_picture_until_one_fails() {
    let decoder = Counted::of("decoder_process");
    let picture = fixtures::jpeg(&quarters(300, 300), &JpegWith::default());
    for _ in 0..3 {
        assert_upright(&decoder.render(OWNER, &picture).await.expect("is rendered"));
    }
    assert_eq!(decoder.processes(), 1);
    let damaged = decoder.render(OWNER, &picture[..picture.len() / 2]).await;
    assert!(matches!(damaged, Err(RenderError::Refused(Refusal::Damaged))), "{damaged:?}");
    assert_eq!(decoder.processes(), 2, "retried in a new process");
    assert_upright(&decoder.render(OWNER, &picture).await.expect("is rendered"));
    assert_eq!(decoder.processes(), 3);
    let render = || decoder.render(OWNER, &picture);
    let both = tokio::join!(render(), render());
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(decoder.processes(), 4, "two renders at once use two processes");
    for _ in 0..2 * PICTURES {
        render().await.expect("is rendered");
    }
    assert_eq!(decoder.processes(), 5, "both reached the limit, so a third starts");
}

#[tokio::test]
async fn a_process_serves_only_one_owner() {
    let decoder = Counted::of("decoder_process");
    let picture = fixtures::jpeg(&quarters(300, 300), &JpegWith::default());
    for (owner, processes) in [(OWNER, 1), (Some(Owner(2)), 2), (OWNER, 2), (None, 3), (None, 4)] {
        decoder.render(owner, &picture).await.expect("is rendered");
        assert_eq!(decoder.processes(), processes, "{owner:?}");
    }
    for owner in 3..=5 {
        decoder.render(Some(Owner(owner)), &picture).await.expect("is rendered");
    }
    let waiting = [2, 1, 3, 4, 5].map(|owner| decoder.decoder.idle.take(Owner(owner)).is_some());
    assert_eq!(waiting, [false, true, true, true, true], "four stay idle; the fifth displaces the oldest");
}

/// Answers one request correctly, then runs `then`.
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

#[test]
#[ignore = "is a process of the test below"]
fn process_that_dies_after_the_second_pictures_first_stage() {
    turncoat(|| {
        let _ = receive();
        let _ = write_stage(&mut std::io::stdout(), Stage::Decoded, 7);
        let _ = std::io::stdout().flush();
    });
}

#[tokio::test]
async fn a_retry_reports_all_stages_again() {
    let picture = fixtures::jpeg(&quarters(300, 300), &JpegWith::default());
    let decoder = Counted::of("pool::process_that_dies_after_the_second_pictures_first_stage");
    decoder.render(OWNER, &picture).await.expect("is rendered");
    let mut told = Vec::new();
    let reached = |stage, _| told.push(stage);
    let again = decoder.decoder.render_and_tell(OWNER, fixtures::open(&picture), None, reached).await;
    assert_upright(&again.expect("is rendered"));
    assert_eq!(told, [Stage::Decoded, Stage::Decoded, Stage::Cropped]);
}

#[tokio::test]
async fn a_failure_in_a_reused_process_is_retried_in_a_new_one() {
    let picture = fixtures::jpeg(&quarters(300, 300), &JpegWith::default());
    for test in [
        "process_that_dies_of_the_second_picture",
        "process_that_has_died_before_the_second_picture",
        "process_that_answers_before_it_is_asked",
        "process_that_lies_about_the_second_picture",
        "process_that_refuses_the_second_picture",
    ] {
        let decoder = Counted::of(&format!("pool::{test}"));
        for pictures in 1..=3 {
            assert_upright(&decoder.render(OWNER, &picture).await.expect(test));
            assert_eq!(decoder.processes(), pictures, "{test}");
        }
    }
}

#[tokio::test]
async fn an_idle_process_exits() {
    let mut decoder = patient(decoder());
    let picture = fixtures::jpeg(&quarters(300, 300), &JpegWith::default());
    decoder.render(OWNER, fixtures::open(&picture), None).await.expect("is rendered");
    let process = decoder.idle.take(Owner(1)).expect("it waits for more");
    let pid = process.pid().expect("it lives");
    decoder.idle.patience = Duration::from_millis(100);
    decoder.idle.put(Owner(1), process);
    let begin = Instant::now();
    // A process that nobody has reaped still exists as a zombie.
    while rustix::process::test_kill_process(pid).is_ok() {
        assert!(begin.elapsed() < Duration::from_mins(1), "it is still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(decoder.idle.take(Owner(1)).is_none());
}
