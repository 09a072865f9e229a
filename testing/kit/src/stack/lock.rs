//! A lock that allows one run per folder. The kernel releases it however its holder ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The folder is in use.
#[derive(Debug, thiserror::Error)]
#[error("another pawdium, process {holder}, is running in {}; stop it first", .folder.display())]
pub struct AlreadyRunning {
    /// The id of the process that uses it.
    pub holder: String,
    /// The folder.
    pub folder: PathBuf,
}

/// A held lock.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    pub(super) fn take(path: &Path) -> Result<Self> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .with_context(|| format!("opening {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder)?;
                let folder = path.parent().unwrap_or(path).to_owned();
                return Err(AlreadyRunning { holder: holder.trim().into(), folder }.into());
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("locking {}", path.display()));
            }
        }
        file.set_len(0)?;
        file.rewind()?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self { _file: file })
    }
}
