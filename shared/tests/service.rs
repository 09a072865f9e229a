//! The life of a service as systemd sees it. The tests start themselves again as a service with a real notify socket,
//! and send it real signals.

use std::os::unix::net::UnixDatagram;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use pawdium_shared::shutdown::{Notifier, on_signal};
use rustix::process::{Pid, Signal, kill_process};
use tokio_util::sync::CancellationToken;

const ROLE: &str = "SERVICE_UNDER_TEST";
const WATCHDOG: Duration = Duration::from_millis(200);

/// The service: alive for `beats` checks, and slow to stop if `stubborn`.
async fn serve(role: &str) {
    let stop = on_signal().expect("handlers can be installed");
    let notifier = Notifier::new();
    let ended = CancellationToken::new();
    let beats = if role == "dying" { 2 } else { u32::MAX };
    let checks = AtomicU32::new(0);
    notifier.ready("listening");
    let feeding = notifier.feed_watchdog(ended.clone(), || {
        let alive = checks.fetch_add(1, Ordering::Relaxed) < beats;
        async move { alive }
    });
    let work = async {
        stop.cancelled().await;
        notifier.stopping("draining");
        if role == "stubborn" {
            std::future::pending::<()>().await;
        }
        ended.cancel();
    };
    tokio::join!(feeding, work);
}

struct Service {
    child: Child,
    socket: UnixDatagram,
    _folder: tempfile::TempDir,
}

impl Service {
    fn start(test: &str, role: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).expect("a socket can be bound");
        socket.set_read_timeout(Some(Duration::from_secs(10))).expect("a timeout can be set");
        let child = Command::new(std::env::current_exe().expect("a test knows its own file"))
            .args(["--exact", test])
            .env(ROLE, role)
            .env("NOTIFY_SOCKET", &path)
            .env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string())
            .stdout(Stdio::null())
            .spawn()
            .expect("the test can start itself");
        Self { child, socket, _folder: folder }
    }

    fn next_message(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.socket.recv(&mut buffer).expect("the service speaks within ten seconds");
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }

    fn next_message_but_the_watchdog(&self) -> String {
        loop {
            let message = self.next_message();
            if message != "WATCHDOG=1\n" {
                return message;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        let pid =
            i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process has a number");
        kill_process(pid, signal).expect("it is running");
    }
}

/// Runs the service instead of the test if this process was started as one.
fn is_service() -> bool {
    let Ok(role) = std::env::var(ROLE) else { return false };
    tokio::runtime::Runtime::new().expect("a runtime can be built").block_on(serve(&role));
    true
}

#[test]
fn a_service_reports_ready_feeds_the_watchdog_and_reports_stopping() {
    if is_service() {
        return;
    }
    let test = "a_service_reports_ready_feeds_the_watchdog_and_reports_stopping";
    let mut service = Service::start(test, "healthy");
    assert_eq!(service.next_message(), "READY=1\nSTATUS=listening\n");
    let begin = Instant::now();
    for _ in 0..5 {
        assert_eq!(service.next_message(), "WATCHDOG=1\n");
    }
    let took = begin.elapsed();
    assert!(took > WATCHDOG, "five beats, of which four wait half a period, took {took:?}");
    service.signal(Signal::TERM);
    assert_eq!(service.next_message_but_the_watchdog(), "STOPPING=1\nSTATUS=draining\n");
    assert!(service.child.wait().expect("it can be waited for").success());
}

#[test]
fn the_watchdog_starves_when_the_liveness_check_fails() {
    if is_service() {
        return;
    }
    let mut service = Service::start("the_watchdog_starves_when_the_liveness_check_fails", "dying");
    assert_eq!(service.next_message(), "READY=1\nSTATUS=listening\n");
    assert_eq!(service.next_message(), "WATCHDOG=1\n");
    assert_eq!(service.next_message(), "WATCHDOG=1\n");
    service.socket.set_read_timeout(Some(3 * WATCHDOG)).expect("a timeout can be set");
    let silence = service.socket.recv(&mut [0; 64]).expect_err("nothing more is fed").kind();
    assert_eq!(silence, std::io::ErrorKind::WouldBlock);
    service.signal(Signal::INT);
    assert!(service.child.wait().expect("it can be waited for").success());
}

#[test]
fn a_second_signal_ends_a_service_that_hangs_in_its_drain() {
    if is_service() {
        return;
    }
    let mut service = Service::start("a_second_signal_ends_a_service_that_hangs_in_its_drain", "stubborn");
    assert_eq!(service.next_message(), "READY=1\nSTATUS=listening\n");
    service.signal(Signal::TERM);
    assert_eq!(service.next_message_but_the_watchdog(), "STOPPING=1\nSTATUS=draining\n");
    service.signal(Signal::TERM);
    assert_eq!(service.child.wait().expect("it can be waited for").code(), Some(130));
}
