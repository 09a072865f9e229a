//! Checks of the logs.

use std::path::Path;

use anyhow::Result;

use super::Finding;

/// The checks, and the texts that no log may have.
const UNHEARD_OF: [(&str, &[&str]); 4] = [
    ("nothing panicked", &["panicked"]),
    ("no request failed by a fault of the site", &["request failed"]),
    (
        "no upkeep found a fault",
        &["a histogram had drifted", "jobs of a kind don't add up", "purged no files"],
    ),
    ("no process saw a transaction left open", &["transaction in progress"]),
];

/// Checks the logs of the site's processes.
///
/// # Errors
/// If a log can't be read.
pub(in crate::storm) fn check_logs(folder: &Path) -> Result<Vec<Finding>> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            texts.push((name, String::from_utf8_lossy(&std::fs::read(&path)?).into_owned()));
        }
    }
    let check = |(name, patterns): (&'static str, &[&str])| {
        let lines = texts.iter().flat_map(|(log, text)| text.lines().map(move |line| (log, line)));
        let bad = lines.filter(|(_, line)| patterns.iter().any(|pattern| line.contains(pattern)));
        Finding::new(name, bad.map(|(log, line)| format!("{log}: {line}")).collect())
    };
    Ok(UNHEARD_OF.into_iter().map(check).collect())
}

/// Checks Postgres's log for transactions that were begun or ended twice.
pub(in crate::storm) fn check_postgres_log(log: &str) -> Finding {
    let bad = log.lines().filter(|line| line.contains("transaction in progress"));
    Finding::new("Postgres saw no transaction begun or ended twice", bad.map(str::to_owned).collect())
}

/// Counts the deadlocks.
pub(in crate::storm) fn count_deadlocks(log: &str) -> usize {
    log.matches("deadlock detected").count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_texts_are_found_with_the_name_of_their_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it is written");
        write("web.log", "all is well\n");
        assert!(check_logs(folder.path()).expect("a log").iter().all(Finding::is_clean));
        for (_, patterns) in UNHEARD_OF {
            write("worker.log", &format!("all is well\nERROR {}\n", patterns[0]));
            let found = check_logs(folder.path()).expect("logs");
            let wrong: Vec<_> = found.iter().flat_map(|finding| &finding.offenders).collect();
            assert_eq!(wrong, [&format!("worker.log: ERROR {}", patterns[0])]);
        }
        assert!(!check_postgres_log("WARNING:  there is no transaction in progress").is_clean());
    }
}
