//! Finds the servers' programs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, anyhow, bail};

/// Folders with versioned Postgres installations on Debian and Fedora.
const VERSIONED: [(&str, &str); 2] = [("/usr/lib/postgresql", "bin"), ("/usr", "bin")];

/// A Postgres installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PostgresPrograms {
    pub(super) major: u32,
    pub(super) postgres: PathBuf,
    pub(super) initdb: PathBuf,
}

/// The newest Postgres, or the one with the major version of existing data.
pub(super) fn postgres(major_of_data: Option<u32>) -> Result<PostgresPrograms> {
    let found = installations(&candidates(&env::var_os("PATH").unwrap_or_default()));
    if found.is_empty() {
        bail!(missing("Postgres (initdb and postgres)", "postgresql"));
    }
    match major_of_data {
        None => found.into_iter().max_by_key(|programs| programs.major).context("there is one"),
        Some(major) => found.into_iter().find(|programs| programs.major == major).ok_or_else(|| {
            anyhow!(
                "the data was made by Postgres {major}, which is no longer installed; \
                 install it (apt-get install postgresql-{major}), or delete the data to start fresh"
            )
        }),
    }
}

/// A program that comes with the newest Postgres, such as `pgbench`.
///
/// # Errors
/// When it isn't installed.
pub fn beside_postgres(name: &str) -> Result<PathBuf> {
    let program = postgres(None)?.postgres.with_file_name(name);
    if !program.is_file() {
        bail!(
            "there is no {}; it comes with Postgres, on some systems in its contrib package",
            program.display()
        );
    }
    Ok(program)
}

/// Redis or Valkey, which are interchangeable here.
pub(super) fn redis() -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .flat_map(|folder| ["redis-server", "valkey-server"].map(|name| folder.join(name)))
        .find(|program| program.is_file())
        .ok_or_else(|| anyhow!(missing("Redis (redis-server)", "redis-server")))
}

fn missing(what: &str, package: &str) -> String {
    format!(
        "{what} is not installed; `make setup` does it, or on Debian and Ubuntu: \
         sudo apt-get install -y --no-install-recommends {package}"
    )
}

fn candidates(path: &std::ffi::OsStr) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = env::split_paths(path).collect();
    for (parent, below) in VERSIONED {
        for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.trim_start_matches("pgsql-").parse::<u32>().is_ok() {
                folders.push(entry.path().join(below));
            }
        }
    }
    folders
}

fn installations(folders: &[PathBuf]) -> Vec<PostgresPrograms> {
    let mut found: Vec<PostgresPrograms> = Vec::new();
    for folder in folders {
        // Postgres finds its own files relative to the program, so links are resolved.
        let (Ok(postgres), Ok(initdb)) =
            (folder.join("postgres").canonicalize(), folder.join("initdb").canonicalize())
        else {
            continue;
        };
        if found.iter().any(|known| known.postgres == postgres) {
            continue;
        }
        if let Some(major) = version(&postgres) {
            found.push(PostgresPrograms { major, postgres, initdb });
        }
    }
    found
}

fn version(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("--version").output().ok()?;
    major(&String::from_utf8(output.stdout).ok()?)
}

/// The major version in `postgres (PostgreSQL) 15.20 (Debian …)` or `17beta1`.
fn major(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("(PostgreSQL) ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn major_versions_of_releases_and_betas_are_parsed() {
        assert_eq!(major("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major("postgres: command not found"), None);
    }

    #[test]
    fn data_of_a_missing_version_name_the_package_to_install() {
        let error = postgres(Some(7)).expect_err("nobody has Postgres 7").to_string();
        assert!(error.contains("apt-get install postgresql-7"), "{error}");
    }

    #[test]
    fn links_are_resolved_and_duplicates_dropped() {
        let real = postgres(None).expect("the tests need Postgres");
        let folder = tempfile::tempdir().expect("a folder");
        for (name, program) in [("postgres", &real.postgres), ("initdb", &real.initdb)] {
            std::os::unix::fs::symlink(program, folder.path().join(name)).expect("a link");
        }
        let beside = real.postgres.parent().expect("a program lies in a folder").to_owned();
        assert_eq!(installations(&[folder.path().to_owned(), beside]), [real]);
    }
}
