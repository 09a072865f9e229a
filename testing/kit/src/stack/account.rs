//! The account that Postgres runs as.

use std::io;
use std::os::unix::fs::chown;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

/// The user for the servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Account {
    /// The user of this process.
    Same,
    /// Another one, because this process is root and Postgres refuses root.
    Other { uid: u32, gid: u32 },
}

impl Account {
    pub(super) fn for_servers() -> Result<Self> {
        if !rustix::process::geteuid().is_root() {
            return Ok(Self::Same);
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Some(Self::Other { uid: id("-u", name)?, gid: id("-g", name)? }))
            .context(
                "Postgres refuses to run as root, and there is no user `postgres` or `nobody` to run it as",
            )
    }

    /// Changes a folder's owner to this account.
    pub(super) fn own(&self, folder: &Path) -> io::Result<()> {
        match self {
            Self::Same => Ok(()),
            Self::Other { uid, gid } => chown(folder, Some(*uid), Some(*gid)),
        }
    }
}

fn id(what: &str, name: &str) -> Option<u32> {
    let output = Command::new("id").args([what, name]).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}
