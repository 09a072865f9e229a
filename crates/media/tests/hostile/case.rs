//! A test case: a file, its expected outcome, and the resources it may use.

use std::{
    fs::File,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{Seek as _, Write as _},
    path::Path,
    time::{Duration, Instant},
};

use futures::{StreamExt as _, stream};
use pawdium_media::{Decoder, Limits, MediaError, Refusal, RenderError, probe_file};
use tokio::sync::{OnceCell, Semaphore};

use crate::{
    bytes::MIB,
    expected::{Expected, named},
    record::{self, Outcome},
};

/// Number of decoder processes that run at once.
const AT_ONCE: usize = 2;
static TURNS: Semaphore = Semaphore::const_new(AT_ONCE);

/// Memory for a small file, beyond what an empty process needs.
const LITTLE: u64 = 4 * MIB;

/// Plenty of seconds for a small file, in a debug build on two busy processors.
const SOON: u64 = 3;

/// Enough seconds for any measured case.
const LONG: u64 = 60;

/// Length in bytes of the longest seed file for fuzzers.
const MAX_SEED: usize = 64 << 10;

/// One file of the corpus.
pub(crate) struct Case {
    name: String,
    /// Its number within a series of the same name.
    number: Option<usize>,
    file: Vec<u8>,
    expected: Expected,
    memory: u64,
    seconds: u64,
}

/// A case that may use [`LITTLE`] memory and must end [`SOON`].
pub(crate) fn case(name: impl Into<String>, file: impl Into<Vec<u8>>, expected: Expected) -> Case {
    Case { name: name.into(), number: None, file: file.into(), expected, memory: LITTLE, seconds: SOON }
}

impl Case {
    /// Makes it one of a numbered series.
    pub(crate) fn number(self, number: usize) -> Self {
        Self { number: Some(number), ..self }
    }

    /// Allows this many bytes of address space, beyond what an empty process needs.
    pub(crate) fn memory(self, memory: u64) -> Self {
        Self { memory, ..self }
    }

    /// Allows this many seconds, of processor time and of wall-clock time.
    pub(crate) fn seconds(self, seconds: u64) -> Self {
        Self { seconds, ..self }
    }

    /// The name, with the number if there is one.
    fn title(&self) -> String {
        self.number.map_or_else(|| self.name.clone(), |number| format!("{}, number {number}", self.name))
    }

    /// The actual end if several are allowed, or what is wrong with it.
    async fn end(self) -> Result<Option<Outcome>, String> {
        let title = self.title();
        let Self { name, number, file, expected, memory, seconds } = self;
        let limits = Limits {
            memory: needed_for_nothing().await + memory,
            timeout: Duration::from_secs(seconds),
            ..Limits::default()
        };
        let file = opened(&file);
        let outcome = decoder(&limits).render(None, file.try_clone().expect("can be cloned"), None).await;
        if let Some(fault) = expected.fault(&outcome) {
            return Err(format!("{title}: {fault}"));
        }
        // The worker probes headers in its own process first, so no child sees what the probe refuses.
        match (probed(file, &limits).await, &outcome) {
            (Err(refusal), Err(RenderError::Refused(same))) if refusal == *same => {}
            (Err(refusal), _) => return Err(format!("{title}: the probe alone says {refusal:?}")),
            (Ok(()), _) => {}
        }
        Ok(expected.is_open().then(|| Outcome { name, number, end: named(&outcome) }))
    }
}

impl Case {
    /// The memory needed for the same outcome as with plenty, to a sixteenth or a mebibyte, and the time.
    async fn needs(self) -> String {
        let title = self.title();
        let Self { file, memory, .. } = self;
        let with = |mebibytes: u64| async move {
            let memory = needed_for_nothing().await + mebibytes * MIB;
            Limits { memory, timeout: Duration::from_secs(LONG), ..Limits::default() }
        };
        let outcome = async |mebibytes| {
            let outcome = decoder(&with(mebibytes).await).render(None, opened(&file), None).await;
            format!("{:?}", outcome.map(|rendered| (rendered.width, rendered.height)))
        };
        let started = Instant::now();
        let plenty = outcome(1_023).await;
        let took = started.elapsed();
        let (mut too_little, mut enough) = (0, 1_023);
        while enough - too_little > 1.max(enough / 16) {
            let middle = u64::midpoint(too_little, enough);
            if outcome(middle).await == plenty { enough = middle } else { too_little = middle }
        }
        format!("{title}: {enough} of {} MiB, {} ms, {plenty}", memory / MIB, took.as_millis())
    }
}

/// Runs cases with exactly one allowed outcome and asserts them.
///
/// `HOSTILE_CORPUS_INTO` also writes the files to that folder as seeds for fuzzers. `HOSTILE_CORPUS_MEASURE` prints
/// what each case needs instead, to set bounds after a decoder has changed. `INSTA_UPDATE=always` rewrites the
/// records of [`run_recorded`] instead of asserting them; review the difference before committing it.
pub(crate) async fn run(cases: Vec<Case>) {
    let open = ends(cases).await.unwrap_or_default();
    assert!(open.is_empty(), "several outcomes are allowed for these, so they need a record: {open:?}");
}

/// Like [`run`], and asserts that cases with several allowed outcomes end as in the named record, which must exist.
pub(crate) async fn run_recorded(record: &str, cases: Vec<Case>) {
    if let Some(outcomes) = ends(cases).await {
        record::compare(record, &outcomes);
    }
}

/// The outcomes of the cases that allow several; empty if cases were only measured.
async fn ends(cases: Vec<Case>) -> Option<Vec<Outcome>> {
    if let Some(folder) = std::env::var_os("HOSTILE_CORPUS_INTO") {
        for Case { file, .. } in cases.iter().filter(|case| case.file.len() <= MAX_SEED) {
            let mut hasher = DefaultHasher::new();
            file.hash(&mut hasher);
            let name = format!("{:016x}", hasher.finish());
            std::fs::write(Path::new(&folder).join(name), file).expect("the folder can be written");
        }
    }
    if std::env::var_os("HOSTILE_CORPUS_MEASURE").is_some() {
        for case in cases {
            println!("{}", case.needs().await);
        }
        return None;
    }
    let ends: Vec<_> = stream::iter(cases)
        .map(|case| async {
            let _turn = TURNS.acquire().await.expect("is never closed");
            case.end().await
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    let (mut outcomes, mut faults) = (Vec::new(), Vec::new());
    for end in ends {
        match end {
            Ok(outcome) => outcomes.extend(outcome),
            Err(fault) => faults.push(fault),
        }
    }
    assert!(faults.is_empty(), "{} files have an unexpected outcome:\n{}", faults.len(), faults.join("\n"));
    Some(outcomes)
}

fn decoder(limits: &Limits) -> Decoder {
    Decoder::new(env!("CARGO_BIN_EXE_decode").into(), [""; 0], limits.clone())
}

/// The address space in bytes that a process needs to refuse noise, without the noise itself: code, libraries,
/// stack, and allocator overhead.
///
/// It depends on build and machine, which the bounds of the cases should not. The noise is longer than the two
/// mebibytes that the allocator requests at a time when it asks for huge pages. A shorter file may fit into memory
/// allocated before the limit is set, and then any bound would seem to suffice.
async fn needed_for_nothing() -> u64 {
    static NOISE: [u8; 3 << 20] = [7; 3 << 20];
    static NEEDED: OnceCell<u64> = OnceCell::const_new();
    let search = || async {
        let (mut too_little, mut enough) = (0, 1024);
        while enough - too_little > 1 {
            let middle = u64::midpoint(too_little, enough);
            let limits = Limits { memory: middle * MIB, ..Limits::default() };
            let answer = decoder(&limits).render(None, opened(&NOISE), None).await;
            if matches!(answer, Err(RenderError::Refused(Refusal::NotAPicture))) {
                enough = middle;
            } else {
                too_little = middle;
            }
        }
        enough * MIB - NOISE.len() as u64
    };
    *NEEDED.get_or_init(search).await
}

async fn probed(mut file: File, limits: &Limits) -> Result<(), Refusal> {
    file.rewind().expect("is rewound");
    match probe_file(file, limits.clone()).await {
        Ok(_) => Ok(()),
        Err(MediaError::Refused(refusal)) => Err(refusal),
        Err(MediaError::Io(error)) => panic!("a temporary file can be read: {error}"),
    }
}

/// An open file with this content, positioned at its start.
fn opened(content: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("is made");
    file.write_all(content).expect("is written");
    file.rewind().expect("is rewound");
    file
}
