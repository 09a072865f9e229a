//! Who is measured, and how each is started.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use pawdium_media::DECODER_MEMORY;

/// Something that makes the three squares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    /// As in the tables and on the command line.
    pub(crate) name: &'static str,
    /// The settings, as the tables' notes show them.
    pub(crate) settings: &'static str,
    /// Whether ours is compared with it.
    pub(crate) is_peer: bool,
    /// Whether its own process does the work, or only those that it starts.
    pub(crate) works_itself: bool,
    program: Program,
}

#[derive(Clone, Copy, Debug)]
enum Program {
    /// This program again.
    Ourselves,
    /// Debian's, started by this program for each size.
    Vipsthumbnail,
    /// `peers/images/sharp`.
    Sharp,
    /// `peers/images/pillow`, in the environment that is made for it in the target folder.
    Pillow,
    /// `peers/images/image-crate`, built in the target folder.
    ImageCrate,
}

/// The one that the peers are compared with.
pub(crate) const OURS: &str = "ours";
/// As ours, in confined processes, all pictures being one member's.
pub(crate) const SANDBOXED: &str = "ours-sandboxed";
/// The same, each picture being another member's.
pub(crate) const APART: &str = "ours-sandboxed-apart";
/// The peer whose quality is varied, to compare at equal bytes.
pub(crate) const SHARP: &str = "sharp";
/// A command and no library: each size decodes the file again.
pub(crate) const VIPSTHUMBNAIL: &str = "vipsthumbnail";

/// The quality that the peers are asked for; sharp's own default.
pub(crate) const QUALITY: u8 = 80;

/// Everybody, in the order of the tables.
pub(crate) const ALL: &[Contender] = &[
    Contender {
        name: OURS,
        settings: "the renderer of the worker's decoder processes, in one long-running process",
        is_peer: false,
        works_itself: true,
        program: Program::Ourselves,
    },
    Contender {
        name: SANDBOXED,
        settings: "as the worker renders one member's pictures: in a confined process that is left from the one before, its \
                   reply checked",
        is_peer: false,
        works_itself: true,
        program: Program::Ourselves,
    },
    Contender {
        name: APART,
        settings: "as the worker renders pictures of different members: each in a confined process that is started for it",
        is_peer: false,
        works_itself: true,
        program: Program::Ourselves,
    },
    Contender {
        name: SHARP,
        settings: "0.35.5 (libvips 8.18.7), concurrency 1, no cache, auto-orientation, decoded once with shrink-on-load, \
                   quality 80, else its defaults",
        is_peer: true,
        works_itself: true,
        program: Program::Sharp,
    },
    Contender {
        name: "pillow",
        settings: "13.0.0, draft mode, Lanczos, quality 80, optimize",
        is_peer: true,
        works_itself: true,
        program: Program::Pillow,
    },
    Contender {
        name: VIPSTHUMBNAIL,
        settings: "the system's, one thread, a command for each size (its start counts), Q=80, optimize_coding, strip",
        is_peer: true,
        works_itself: false,
        program: Program::Vipsthumbnail,
    },
    Contender {
        name: "image",
        settings: "0.25.10, the crate alone: decoded whole, Lanczos3, its own encoder at quality 80, which knows no 4:2:0 and \
                   no optimised tables",
        is_peer: true,
        works_itself: true,
        program: Program::ImageCrate,
    },
];

/// The contenders with these names, or all of them, without those that can't run here, of which it says why.
pub(crate) fn named(names: &[String]) -> Result<Vec<Contender>> {
    for name in names {
        if !ALL.iter().any(|contender| contender.name == name) {
            let known: Vec<_> = ALL.iter().map(|contender| contender.name).collect();
            bail!("no contender is called {name}; there are {}", known.join(", "));
        }
    }
    let mut chosen = Vec::with_capacity(ALL.len());
    for contender in ALL {
        if names.is_empty() || names.iter().any(|name| name == contender.name) {
            match contender.lacks() {
                None => chosen.push(*contender),
                Some(lack) if names.is_empty() => {
                    bail!("{} can't run: {lack}; name the --contenders that can", contender.name)
                }
                Some(lack) => eprintln!("{} is skipped: {lack}", contender.name),
            }
        }
    }
    if chosen.is_empty() {
        bail!("nobody is left to be measured");
    }
    Ok(chosen)
}

impl Contender {
    /// Why it can't run here, if it can't.
    fn lacks(&self) -> Option<String> {
        if !matches!(self.program, Program::Vipsthumbnail) {
            return None;
        }
        match Command::new("vipsthumbnail").arg("--vips-version").output() {
            Ok(output) if output.status.success() => None,
            Ok(output) => Some(format!("vipsthumbnail ends with {}", output.status)),
            Err(error) => Some(format!("vipsthumbnail: {error}")),
        }
    }

    /// Its long-running process, which reads requests and ends with its input.
    pub(crate) fn command(&self) -> Result<Command> {
        let peers = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/images"));
        let mut command = match self.program {
            Program::Ourselves | Program::Vipsthumbnail => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["contender", self.name]);
                if matches!(self.program, Program::Ourselves) {
                    // What is rendered in process is rendered as decoders do it, but for their confinement.
                    command.envs([DECODER_MEMORY]);
                }
                command
            }
            Program::Sharp => {
                let mut command = Command::new(target()?.join("bench-peers/node"));
                command.arg(peers.join("sharp/contender.js"));
                command
            }
            Program::Pillow => {
                let mut command = Command::new(target()?.join("bench-peers/pillow/bin/python"));
                command.arg(peers.join("pillow/contender.py"));
                command
            }
            Program::ImageCrate => Command::new(target()?.join("bench-peers/release/image-crate-peer")),
        };
        command.env("VIPS_CONCURRENCY", "1");
        Ok(command)
    }
}

/// The folder of everything that is built: this program lies in `<target>/release/`.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    program.ancestors().nth(2).map(Path::to_owned).context("this program lies in no target folder")
}
