//! What a compromised decoder process can't do.

use std::{
    fs::File,
    io::{BufRead as _, BufReader, ErrorKind},
    net::{TcpStream, UdpSocket},
    os::unix::net::UnixStream,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use landlock::RulesetStatus;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{arguments, reply_on_stdout};
use crate::{
    Limits,
    sandbox::{
        child::confined,
        confine::{confine, deny_files_and_network},
        pool::PICTURES,
        process::Process,
        protocol::LIMITS_VAR,
    },
};

/// Runs one of the tests below in its own process.
fn process(test: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(arguments(&format!("confined::{test}"))).env(LIMITS_VAR, "");
    command
}

/// The output of such a process without the harness's own lines.
fn said(test: &str) -> Vec<String> {
    let output = process(test).output().expect("runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<String> = said.lines().filter(|line| line.contains(": ")).map(str::to_owned).collect();
    assert!(!lines.is_empty(), "{output:?}");
    lines
}

/// Attempts what a compromised child would attempt. Prints the error of each attempt.
#[test]
#[ignore = "is the confined process of the test below"]
fn captive_process() {
    fn code<T>(tried: std::io::Result<T>) -> Option<i32> {
        tried.err().and_then(|error| error.raw_os_error())
    }
    if reply_on_stdout() {
        let limits = Limits::default();
        confine(&limits).expect("can be confined");
        for (act, code) in [
            ("read a file", code(File::open("/etc/passwd"))),
            ("write a file", code(File::create("/tmp/escaped"))),
            ("connect", code(TcpStream::connect("127.0.0.1:1"))),
            ("send a datagram", code(UdpSocket::bind("127.0.0.1:0"))),
            ("find a local service", code(UnixStream::connect("/run/nobody"))),
            ("run a program", code(Command::new("/bin/true").status())),
            ("start a thread", code(std::thread::Builder::new().spawn(|| ()))),
            ("kill another", code(test_kill_process(Pid::INIT).map_err(Into::into))),
        ] {
            println!("{act}: {code:?}");
        }
        std::process::exit(0);
    }
}

/// The filter's own error. Landlock's is EACCES, and a full descriptor table's is EMFILE.
#[test]
fn a_confined_process_can_do_nothing_but_answer() {
    let mut tried = said("captive_process");
    assert_eq!(tried.len(), 8, "{tried:?}");
    tried.retain(|line| !line.ends_with(&format!(": {:?}", Some(libc::EPERM))));
    assert!(tried.is_empty(), "{tried:?}");
}

#[tokio::test]
async fn a_decoder_is_bounded_by_the_kernel() {
    let arguments = arguments("confined::process_that_never_ends");
    let limits = Limits { timeout: Duration::from_secs(7), memory: 600 << 20, ..Limits::default() };
    let mut decoder = Process::start(Path::new("/bin/sh"), &arguments, &limits).expect("starts");
    while decoder.is_at_rest() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let about = |file: &str| {
        let pid = decoder.pid().expect("it lives").as_raw_pid();
        std::fs::read_to_string(format!("/proc/{pid}/{file}")).expect("it can be read")
    };
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let (bounds, status) = (about("limits"), about("status"));
    let bound = |name: &str| {
        let line = bounds.lines().find_map(|line| line.strip_prefix(name)).expect("is bounded");
        words(line)[..2].to_vec()
    };
    let memory = (600 << 20).to_string();
    assert_eq!(bound("Max address space"), [memory.as_str(), memory.as_str()]);
    assert_eq!(bound("Max cpu time"), ["7".to_owned(), (7 * PICTURES + 1).to_string()]);
    assert_eq!(bound("Max core file size"), ["0", "0"]);
    let [files, most] = <[String; 2]>::try_from(bound("Max open files")).expect("are two");
    assert!(files == most && files.parse::<u32>().expect("a number") < 16, "{files} of {most}");
    for held in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.lines().any(|line| line == held), "{held} isn't in\n{status}");
    }
}

#[test]
#[ignore = "is the process of the test below"]
fn process_behind_landlock_alone() {
    if reply_on_stdout() {
        let this = std::env::current_exe().expect("has a path");
        assert!(File::open(&this).is_ok(), "it can be read before");
        let status = deny_files_and_network();
        if !matches!(status, Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced)) {
            println!("no landlock: {status:?}");
            std::process::exit(0);
        }
        let denied = |error: std::io::Error| error.kind() == ErrorKind::PermissionDenied;
        println!("refuses to read a file: {}", File::open(&this).is_err_and(denied));
        println!("refuses to list a folder: {}", std::fs::read_dir("/").is_err_and(denied));
        let file = std::env::temp_dir().join(format!("escaped-{}", std::process::id()));
        println!("refuses to write a file: {}", File::create(&file).is_err_and(denied));
        std::process::exit(0);
    }
}

/// The test above passes with the system call filter alone, so landlock needs its own test.
#[test]
fn landlock_alone_denies_files() {
    let tried = said("process_behind_landlock_alone");
    if tried[0].starts_with("no landlock") {
        println!("skipped, since this kernel has {}", tried[0]);
        return;
    }
    assert_eq!(tried.len(), 3, "{tried:?}");
    assert!(tried.iter().all(|line| line.ends_with(": true")), "{tried:?}");
}

#[test]
#[ignore = "is the decoder of the test below"]
fn process_that_never_ends() {
    if reply_on_stdout() {
        confined().expect("can be confined");
        println!("confined");
        loop {
            std::thread::park();
        }
    }
}

#[tokio::test]
#[ignore = "is the worker of the test below"]
async fn worker_that_is_killed() {
    if reply_on_stdout() {
        let arguments = arguments("confined::process_that_never_ends");
        let mut decoder =
            Process::start(Path::new("/bin/sh"), &arguments, &Limits::default()).expect("starts");
        while decoder.is_at_rest() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        println!("decoder: {}", decoder.pid().expect("it lives").as_raw_pid());
        std::future::pending::<()>().await;
    }
}

/// A zombie counts as ended.
fn lives(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_pid())).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

#[test]
fn a_decoder_ends_when_its_worker_is_killed() {
    let mut worker = process("worker_that_is_killed").stdout(Stdio::piped()).spawn().expect("runs");
    let mut said = BufReader::new(worker.stdout.take().expect("is piped")).lines().map_while(Result::ok);
    let pid = said.find_map(|line| line.strip_prefix("decoder: ")?.parse().ok());
    let decoder = pid.and_then(Pid::from_raw).expect("it says who its decoder is");
    assert!(lives(decoder));
    worker.kill().expect("it can be killed");
    worker.wait().expect("it ends");
    let begin = Instant::now();
    while lives(decoder) {
        if begin.elapsed() > Duration::from_secs(20) {
            let _ = kill_process(decoder, Signal::KILL);
            panic!("the decoder outlived its worker");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
