//! The contenders that this program implements.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{self, BufRead as _, Write as _};
use std::iter;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use pawdium_media::{Decoder, EDGES, Limits, Owner, Rendered, probe, render_here};

use crate::DECODE;
use crate::child::Answer;
use crate::contenders::{APART, OURS, SANDBOXED, VIPSTHUMBNAIL};

/// Answers requests until there are no more.
pub(crate) fn serve(name: &str) -> Result<()> {
    match name {
        OURS => answer_all(|request| {
            let source = fs::read(&request.source)?;
            request.store(&render_here(&source, None, &Limits::default())?)
        }),
        SANDBOXED => answer_sandboxed(iter::repeat(Owner(1))),
        APART => answer_sandboxed((1..).map(Owner)),
        VIPSTHUMBNAIL => {
            // Start one first to measure its memory without a picture.
            run(Command::new(VIPSTHUMBNAIL).arg("--vips-version").stdout(Stdio::null()))?;
            answer_all(thumbnails)
        }
        _ => bail!("unknown contender {name}"),
    }
}

/// Answers requests with decoder processes, as pictures of these members.
fn answer_sandboxed(owners: impl Iterator<Item = Owner>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let decoder = Decoder::this_program([DECODE], Limits::default());
    let owners = RefCell::new(owners);
    answer_all(|request| {
        let (owner, source) = (owners.borrow_mut().next(), File::open(&request.source)?);
        request.store(&runtime.block_on(decoder.render(owner, source, None))?)
    })
}

struct Request {
    source: PathBuf,
    folder: PathBuf,
    quality: u8,
    /// The largest square of the picture, in pixels.
    side: u32,
}

impl Request {
    /// The shorter side. Read before timing starts, because vipsthumbnail needs it as an argument.
    fn read(line: &str) -> Result<Self> {
        let mut parts = line.split('\t');
        let mut next = || parts.next().context("a request has three parts");
        let (source, folder, quality) = (PathBuf::from(next()?), PathBuf::from(next()?), next()?.parse()?);
        let probed = probe(&mut io::BufReader::new(File::open(&source)?), &Limits::default())?;
        Ok(Self { source, folder, quality, side: probed.width.min(probed.height) })
    }

    fn store(&self, rendered: &Rendered) -> Result<()> {
        for picture in &rendered.pictures {
            fs::write(file(&self.folder, picture.edge), &picture.jpeg)?;
        }
        Ok(())
    }
}

/// The file of one size.
pub(crate) fn file(folder: &Path, edge: u32) -> PathBuf {
    folder.join(format!("{edge}.jpg"))
}

fn answer_all(render: impl Fn(&Request) -> Result<()>) -> Result<()> {
    let mut output = io::stdout();
    let mut say = |answer: &Answer| -> Result<()> {
        serde_json::to_writer(&mut output, answer)?;
        Ok(output.write_all(b"\n")?)
    };
    say(&Answer { children_kib: children_kib()?, ..Answer::default() })?;
    for line in io::stdin().lock().lines() {
        let request = Request::read(&line?)?;
        let begin = Instant::now();
        let result = render(&request);
        let ms = begin.elapsed().as_secs_f64() * 1e3;
        let error = result.err().map(|error| format!("{error:#}"));
        say(&Answer { ms: Some(ms), children_kib: children_kib()?, error })?;
    }
    Ok(())
}

/// Peak memory of the largest child process, in KiB.
fn children_kib() -> Result<u64> {
    let ended = getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss().try_into()?;
    let own = std::process::id().to_string();
    let alive = fs::read_dir("/proc")?.filter_map(|entry| {
        let status = fs::read_to_string(entry.ok()?.path().join("status")).ok()?;
        let field = |name| status.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        (field("PPid:")? == own).then(|| field("VmHWM:")?.strip_suffix(" kB")?.parse().ok()).flatten()
    });
    Ok(alive.max().unwrap_or(0).max(ended))
}

/// Runs a command for each size, as its users do.
fn thumbnails(request: &Request) -> Result<()> {
    for edge in EDGES {
        let size = edge.min(request.side);
        let output = file(&request.folder, edge);
        run(Command::new(VIPSTHUMBNAIL)
            .arg(&request.source)
            .args(["--size", &format!("{size}x{size}"), "--smartcrop", "centre", "--output"])
            .arg(format!("{}[Q={},optimize_coding,strip]", output.display(), request.quality)))?;
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("running {command:?}"))?;
    if status.success() { Ok(()) } else { bail!("{command:?} ends with {status}") }
}
