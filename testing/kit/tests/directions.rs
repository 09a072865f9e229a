//! Crates and features depend on each other in one direction, and files name what they depend on in the same order.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace is there")
}

/// The folder of each crate below the workspace, and the folders of those that it depends on when it is no test.
fn crates() -> BTreeMap<String, Vec<String>> {
    let cargo = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(root())
        .output()
        .expect("cargo is there");
    assert!(cargo.status.success(), "{}", String::from_utf8_lossy(&cargo.stderr));
    let metadata: Value = serde_json::from_slice(&cargo.stdout).expect("cargo writes JSON");
    let below = |path: &Value| {
        let path = Path::new(path.as_str().expect("paths are text"));
        path.strip_prefix(root()).ok().map(|path| path.display().to_string())
    };
    let dependencies = |package: &Value| {
        let all = package["dependencies"].as_array().expect("a list").iter();
        let built = all.filter(|dependency| dependency["kind"] != "dev" && !dependency["path"].is_null());
        built.filter_map(|dependency| below(&dependency["path"])).collect::<Vec<_>>()
    };
    let packages = metadata["packages"].as_array().expect("a list").iter();
    packages
        .map(|package| {
            let manifest = below(&package["manifest_path"]).expect("it is in the workspace");
            (manifest.trim_end_matches("/Cargo.toml").to_owned(), dependencies(package))
        })
        .collect()
}

/// Whether a crate may depend on another.
fn may_depend(from: &str, on: &str) -> bool {
    let is_general = on.starts_with("crates/");
    match from {
        _ if from.starts_with("crates/") || from == "shared" || from == "testing/kit" => is_general,
        "widgets" => is_general || on == "shared",
        "web" | "worker" | "scheduler" | "cli" => is_general || ["shared", "widgets"].contains(&on),
        "demo" => is_general || ["shared", "testing/kit"].contains(&on),
        _ => from.starts_with("testing/"),
    }
}

#[test]
fn crates_depend_on_each_other_in_one_direction() {
    let wrong: Vec<_> = crates()
        .into_iter()
        .flat_map(|(from, on)| on.into_iter().map(move |on| (from.clone(), on)))
        .filter(|(from, on)| !may_depend(from, on))
        .collect();
    assert!(wrong.is_empty(), "these look the wrong way: {wrong:#?}");
}

/// The features of the domain, each with those that it may know, which stand before it.
const FEATURES: [(&str, &[&str]); 14] = [
    ("accounts", &[]),
    ("notifications", &["accounts"]),
    ("hubs", &["accounts", "notifications"]),
    ("photos", &["accounts", "notifications", "hubs"]),
    ("topics", &["accounts", "hubs", "photos"]),
    ("ratings", &["accounts", "notifications", "hubs", "photos"]),
    ("ranking", &["accounts", "hubs", "photos", "ratings"]),
    ("comments", &["accounts", "notifications", "hubs", "photos"]),
    ("talks", &["accounts", "notifications", "hubs", "photos"]),
    (
        "moderation",
        &["accounts", "notifications", "hubs", "photos", "topics", "ratings", "ranking", "comments", "talks"],
    ),
    ("search", &["accounts", "hubs", "photos", "topics"]),
    ("imports", &["accounts", "notifications", "photos"]),
    ("exports", &["accounts", "notifications"]),
    (
        "departures",
        &["accounts", "hubs", "photos", "ratings", "comments", "talks", "moderation", "imports", "exports"],
    ),
];

/// Folders of the domain's crate that are no features: all of them use these.
const COMMON: [&str; 10] =
    ["cache", "config", "db", "events", "jobs", "live", "mail", "metrics", "redis", "store"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there").flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.into_iter().chain(folders.iter().flat_map(|folder| sources(folder))).collect()
}

/// The word that a text begins with.
fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default()
}

/// The words after `crate::` in code, also those in braces.
fn words_of(code: &str) -> BTreeSet<&str> {
    let mut words = BTreeSet::new();
    for path in code.split("crate::").skip(1) {
        match path.strip_prefix('{') {
            Some(list) => {
                let list = list.split_once("};").map_or(list, |(list, _)| list);
                words.extend(list.split([',', '{']).map(first_word));
            }
            None => {
                words.insert(first_word(path));
            }
        }
    }
    words
}

/// The features that a feature's code names.
fn named(feature: &str) -> BTreeSet<&'static str> {
    let place = root().join("shared/src").join(feature);
    let files = if place.is_dir() { sources(&place) } else { vec![place.with_extension("rs")] };
    let mut named = BTreeSet::new();
    for file in files {
        let text = fs::read_to_string(file).expect("sources are text");
        let code: Vec<_> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let code = code.join("\n");
        let words = words_of(&code);
        named.extend(FEATURES.iter().map(|(name, _)| *name).filter(|name| words.contains(name)));
    }
    named.remove(feature);
    named
}

#[test]
fn features_of_the_domain_know_each_other_in_one_direction() {
    for (feature, may_know) in FEATURES {
        let wrong: Vec<_> = named(feature).into_iter().filter(|name| !may_know.contains(name)).collect();
        assert!(wrong.is_empty(), "{feature} knows {wrong:?}");
    }
    assert!(named("ranking").contains("photos"), "names are found");
    let code =
        "use crate::{comments, hubs::{self, types}};\nuse crate::talks;\nlet a = crate::photos::find(db);";
    let words = ["comments", "hubs", "photos", "talks"];
    assert!(words.iter().all(|word| words_of(code).contains(word)), "{:?}", words_of(code));
}

#[test]
fn every_feature_of_the_domain_knows_only_those_before_it() {
    for (place, (feature, may_know)) in FEATURES.iter().enumerate() {
        let before: Vec<_> = FEATURES[..place].iter().map(|(name, _)| name).collect();
        let wrong: Vec<_> = may_know.iter().filter(|name| !before.contains(name)).collect();
        assert!(wrong.is_empty(), "{feature} would know {wrong:?}, which may know it");
    }
    let folders = fs::read_dir(root().join("shared/src")).expect("the folder is there").flatten();
    for folder in folders.filter(|entry| entry.path().is_dir()) {
        let name = folder.file_name().into_string().expect("a name");
        let is_listed = FEATURES.iter().any(|(feature, _)| *feature == name) || COMMON.contains(&&*name);
        assert!(is_listed, "{name} is missing from the list of features");
    }
}

/// Which group of imports a path belongs to: the standard library, other crates, this crate.
fn group(path: &str, modules: &BTreeSet<&str>) -> u8 {
    let first = path.split([':', ';', '{', ' ']).next().unwrap_or_default();
    match first {
        "std" | "core" => 0,
        "crate" | "super" | "self" => 2,
        _ if modules.contains(first) => 2,
        _ => 1,
    }
}

/// Imports of a file that don't stand where their group does.
fn misplaced(text: &str) -> Vec<&str> {
    let declared = text.lines().filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod "));
    let modules: BTreeSet<_> = declared.map(|name| name.trim_end_matches([';', '{', ' '])).collect();
    let mut wrong = Vec::new();
    let mut last: Option<(u8, bool)> = None;
    for line in text.lines() {
        if let Some(path) = line.strip_prefix("use ") {
            let group = group(path, &modules);
            let follows = match last {
                None => true,
                Some((before, is_apart)) => {
                    if is_apart {
                        before < group
                    } else {
                        before == group
                    }
                }
            };
            if !follows {
                wrong.push(path);
            }
            last = Some((group, false));
        } else if line.is_empty() {
            last = last.map(|(group, _)| (group, true));
        } else if !line.starts_with([' ', '}']) {
            last = None;
        }
    }
    wrong
}

#[test]
fn imports_stand_in_three_groups() {
    let members = crates().into_keys();
    let files =
        members.flat_map(|member| ["src", "tests", "examples"].map(|part| root().join(&member).join(part)));
    for file in files.filter(|folder| folder.is_dir()).flat_map(|folder| sources(&folder)) {
        if file.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&file).expect("sources are text");
            let wrong = misplaced(&text);
            assert!(
                wrong.is_empty(),
                "{}: std, then other crates, then this crate: {wrong:?}",
                file.display()
            );
        }
    }
    assert_eq!(misplaced("use crate::a;\nuse std::fs;\n"), ["std::fs;"]);
    assert_eq!(misplaced("use std::fs;\nuse sqlx::Row;\n"), ["sqlx::Row;"]);
    assert!(misplaced("mod a;\n\nuse std::fs;\n\nuse sqlx::Row;\n\nuse a::b;\nuse super::c;\n").is_empty());
}
