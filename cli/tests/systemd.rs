//! The systemd units, checked by systemd itself, and the example settings.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pawdium_shared::config::{Config, Sources};

/// The highest score accepted from `systemd-analyze security`, from 0 (best) to 10.
const MOST_EXPOSED: f32 = 1.5;

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../systemd")
}

fn units() -> Vec<PathBuf> {
    let is_unit = |path: &PathBuf| {
        path.extension()
            .is_some_and(|kind| ["service", "socket", "target"].map(std::ffi::OsStr::new).contains(&kind))
    };
    let mut units: Vec<_> = fs::read_dir(source())
        .expect("the units are there")
        .flatten()
        .map(|entry| entry.path())
        .filter(is_unit)
        .collect();
    units.sort();
    assert_eq!(units.len(), 5, "{units:?}");
    units
}

/// Output of `systemd-analyze`; `None`, with a message, if the machine doesn't have it.
fn analyze(arguments: &[&str], units: &[PathBuf]) -> Option<Output> {
    match Command::new("systemd-analyze").args(arguments).args(units).env("LC_ALL", "C").output() {
        Ok(output) => Some(output),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            eprintln!("systemd-analyze is missing; the units are not checked");
            None
        }
        Err(error) => panic!("systemd-analyze can't be run: {error}"),
    }
}

/// Copies of the units with stub programs in place of the real ones, which need not be installed, and with an
/// instance in place of the template.
fn copies(folder: &Path) -> Vec<PathBuf> {
    let programs = folder.join("bin");
    fs::create_dir(&programs).expect("a folder can be made");
    let mut copies = Vec::new();
    for unit in units() {
        let text = fs::read_to_string(&unit).expect("a unit can be read");
        for line in text.lines().filter_map(|line| line.strip_prefix("ExecStart=/usr/local/bin/")) {
            let program = programs.join(line.split(' ').next().expect("it has a name"));
            fs::write(&program, "#!/bin/sh\n").expect("a file can be written");
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it can be made to run");
        }
        let name = unit.file_name().expect("a unit has a name").to_string_lossy().replace("@.", "@1.");
        let copy = folder.join(name);
        let text = text.replace("/usr/local/bin/", &format!("{}/", programs.display()));
        fs::write(&copy, text).expect("a file can be written");
        copies.push(copy);
    }
    copies
}

#[test]
fn systemd_accepts_the_units() {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(output) = analyze(&["verify", "--man=no", "--recursive-errors=no"], &copies(folder.path()))
    else {
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim().is_empty(), "{said}");
}

#[test]
fn systemd_finds_a_misspelt_key() {
    let folder = tempfile::tempdir().expect("a folder");
    let copies = copies(folder.path());
    let web = copies.iter().find(|path| path.ends_with("pawdium-web.service")).expect("it is there");
    let text = fs::read_to_string(web).expect("it can be read").replace("WatchdogSec=", "WatchDogSec=");
    fs::write(web, text).expect("it can be written");
    let Some(output) = analyze(&["verify", "--man=no", "--recursive-errors=no"], &copies) else { return };
    assert!(String::from_utf8_lossy(&output.stderr).contains("WatchDogSec"), "the test above could not fail");
}

#[test]
fn every_service_is_hardened() {
    for unit in units().into_iter().filter(|unit| unit.extension().is_some_and(|kind| kind == "service")) {
        let Some(output) =
            analyze(&["security", "--offline=true", "--no-pager"], std::slice::from_ref(&unit))
        else {
            return;
        };
        let said = String::from_utf8_lossy(&output.stdout);
        let exposure = exposure(&said).unwrap_or_else(|| panic!("no level for {}: {said}", unit.display()));
        assert!(exposure <= MOST_EXPOSED, "{} has {exposure}:\n{said}", unit.display());
    }
}

/// The number in `→ Overall exposure level for pawdium-web.service: 1.1 OK :-)`.
fn exposure(said: &str) -> Option<f32> {
    let line = said.lines().find(|line| line.contains("Overall exposure level"))?;
    line.rsplit(": ").next()?.split(' ').next()?.parse().ok()
}

#[test]
fn the_example_settings_equal_the_defaults() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("pawdium_security.secret"), "0123456789012345678901234567890123456789\n")
        .expect("a file can be written");
    let bare = Sources { credentials: Some(folder.path().to_owned()), ..Sources::default() };
    let with_file = Sources { file: Some(source().join("pawdium.toml")), ..bare.clone() };
    let [with_file, bare] = [with_file, bare].map(|sources| {
        let config = Config::from_sources(&sources).expect("the settings are good");
        format!("{config:#?}")
    });
    assert_eq!(with_file, bare);
}

#[test]
fn every_commented_line_of_the_example_is_valid_too() {
    let text = fs::read_to_string(source().join("pawdium.toml")).expect("the example is there");
    let is_setting = |line: &str| line.starts_with("#[") || line.starts_with('#') && line.contains(" = ");
    let text: Vec<String> = text
        .lines()
        .filter(|line| *line != "logins = []")
        .map(|line| if is_setting(line) { line.trim_start_matches('#').to_owned() } else { line.to_owned() })
        .map(|line| line.replace("secret = \"\"", "secret = \"0123456789012345678901234567890123456789\""))
        .collect();
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("pawdium.toml");
    fs::write(&file, text.join("\n")).expect("a file can be written");
    let config =
        Config::from_sources(&Sources { file: Some(file), ..Sources::default() }).expect("it is good");
    assert_eq!(config.metrics.expect("the section is there").bucket, "pawdium");
    assert_eq!(config.demo.logins.len(), 1);
    assert!(config.demo.mailbox.is_some());
}

/// The value of the unit's only `key=` line.
fn setting<'a>(unit: &'a str, key: &str) -> Option<&'a str> {
    unit.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
}

#[test]
fn every_service_restarts_however_often_and_long_it_failed() {
    for path in units().into_iter().filter(|unit| unit.extension().is_some_and(|kind| kind == "service")) {
        let unit = fs::read_to_string(&path).expect("a unit can be read");
        let path = path.display();
        assert_eq!(setting(&unit, "Restart"), Some("always"), "{path}");
        assert_eq!(setting(&unit, "StartLimitIntervalSec"), Some("0"), "{path}");
        for dependency in ["Requires", "Requisite", "BindsTo"] {
            assert!(
                setting(&unit, dependency)
                    .is_none_or(|units| units.split(' ').all(|unit| unit.ends_with(".socket"))),
                "{path} stops with the units it requires"
            );
        }
    }
}

#[test]
fn a_drain_longer_than_its_units_stop_timeout_is_a_warning() {
    for (key, unit) in [("web", "pawdium-web.service"), ("worker", "pawdium-worker@.service")] {
        let unit = fs::read_to_string(source().join(unit)).expect("a unit can be read");
        let patience: u64 = setting(&unit, "TimeoutStopSec").expect("it is set").parse().expect("seconds");
        let warns = |seconds: u64| {
            let variables = [
                (
                    "PAWDIUM_SECURITY__SECRET".to_owned(),
                    "0123456789012345678901234567890123456789".to_owned(),
                ),
                (format!("PAWDIUM_{}__DRAIN_SECONDS", key.to_uppercase()), seconds.to_string()),
            ];
            let config = Config::from_sources(&Sources { variables: variables.into(), ..Sources::default() });
            let warnings = config.expect("it is good").warnings();
            warnings.iter().any(|warning| warning.key == format!("{key}.drain_seconds"))
        };
        assert!(!warns(patience - 5) && warns(patience), "{key}");
    }
}
