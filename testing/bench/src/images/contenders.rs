//! The contenders and how to start them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use pawdium_media::DECODER_MEMORY;

/// A program that renders the three squares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Contender {
    /// Name in tables and on the command line.
    pub(crate) name: &'static str,
    /// Settings for the tables' notes.
    pub(crate) settings: &'static str,
    /// Whether ours is compared with it.
    pub(crate) is_peer: bool,
    /// Whether its own process does the work, rather than children that it starts.
    pub(crate) works_itself: bool,
    program: Program,
}

#[derive(Clone, Copy, Debug)]
enum Program {
    /// This program.
    Ourselves,
    /// Debian's command, started by this program for each size.
    Vipsthumbnail,
    /// `peers/images/sharp`.
    Sharp,
    /// `peers/images/pillow`, in an environment in the target folder.
    Pillow,
    /// `peers/images/image-crate`, built in the target folder.
    ImageCrate,
}

/// The contender that the peers are compared with.
pub(crate) const OURS: &str = "ours";
/// Ours in confined processes, all pictures from one member.
pub(crate) const SANDBOXED: &str = "ours-sandboxed";
/// Ours in confined processes, each picture from another member.
pub(crate) const APART: &str = "ours-sandboxed-apart";
/// The peer whose quality is varied, to compare at equal bytes.
pub(crate) const SHARP: &str = "sharp";
/// A command, not a library: each size decodes the file again.
pub(crate) const VIPSTHUMBNAIL: &str = "vipsthumbnail";

/// The quality requested from the peers, which is sharp's default.
pub(crate) const QUALITY: u8 = 80;

/// All contenders in table order.
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

/// The contenders with these names, or all. Those that can't run here are reported and skipped.
pub(crate) fn named(names: &[String]) -> Result<Vec<Contender>> {
    for name in names {
        if !ALL.iter().any(|contender| contender.name == name) {
            let known: Vec<_> = ALL.iter().map(|contender| contender.name).collect();
            bail!("unknown contender {name}; known are {}", known.join(", "));
        }
    }
    let mut chosen = Vec::with_capacity(ALL.len());
    for contender in ALL {
        if names.is_empty() || names.iter().any(|name| name == contender.name) {
            match contender.lacks() {
                None => chosen.push(*contender),
                Some(lack) if names.is_empty() => {
                    bail!("{} can't run: {lack}; list only --contenders that can", contender.name)
                }
                Some(lack) => eprintln!("{} is skipped: {lack}", contender.name),
            }
        }
    }
    if chosen.is_empty() {
        bail!("no contender is left");
    }
    Ok(chosen)
}

impl Contender {
    /// Why it can't run here, or `None` if it can.
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

    /// Starts its long-running process, which reads requests until its input ends.
    pub(crate) fn command(&self) -> Result<Command> {
        let peers = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/images"));
        let mut command = match self.program {
            Program::Ourselves | Program::Vipsthumbnail => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["contender", self.name]);
                if matches!(self.program, Program::Ourselves) {
                    // In-process rendering uses the decoder's settings, without its confinement.
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

/// The target folder; this program is in `<target>/release/`.
pub(crate) fn target() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    program.ancestors().nth(2).map(Path::to_owned).context("this program is not in a target folder")
}
