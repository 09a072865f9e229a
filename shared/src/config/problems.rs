//! Turns the layers into a [`Config`], or into the list of all problems.

use std::fmt;
use std::path::Path;

use figment::error::{Actual, Kind};
use figment::value::{Dict, Value};
use figment::{Figment, Profile, Provider as _};

use super::sources::{Layer, Origin, Sources, variable};
use super::{Config, checks};

/// All problems of a configuration, one per line.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {}\n{}", count(.0.len()), lines(.0))]
pub struct ConfigErrors(pub Vec<Problem>);

/// One bad key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key, as `section.key`, or the file that can't be read.
    pub key: String,
    /// What is wrong, what the value should be, and where it came from.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.text)
    }
}

impl Problem {
    pub(super) fn of_file(path: &Path, text: String) -> Self {
        Self { key: path.display().to_string(), text }
    }
}

fn count(problems: usize) -> String {
    if problems == 1 { "a problem:".into() } else { format!("{problems} problems:") }
}

fn lines(problems: &[Problem]) -> String {
    problems.iter().map(|problem| format!("  {problem}")).collect::<Vec<_>>().join("\n")
}

/// serde stops at the first bad key, so this removes each bad key and reads again until the rest is valid.
pub(super) fn extract(sources: &Sources) -> Result<Config, ConfigErrors> {
    let layers = sources.layers().map_err(|problem| ConfigErrors(vec![problem]))?;
    let mut found = Findings { layers, problems: Vec::new() };
    let mut keys = merged(&found.layers);
    let config = loop {
        let layer = Layer { origin: Origin::Merged, keys: keys.clone() };
        match Figment::from(layer).extract_lossy::<Config>() {
            Ok(config) => break Some(config),
            Err(error) => {
                let value = find(&keys, &error.path).cloned();
                if !found.note(&error, value.as_ref(), &mut keys) {
                    break None;
                }
            }
        }
    };
    found.misspelt_variables(sources);
    if let Some(config) = &config {
        for (key, text) in checks::failures(config) {
            let path: Vec<String> = key.split('.').map(str::to_owned).collect();
            found.add(&path, &text);
        }
    }
    match config {
        Some(config) if found.problems.is_empty() => Ok(config),
        _ => Err(ConfigErrors(found.problems)),
    }
}

fn merged(layers: &[Layer]) -> Dict {
    let figment = layers.iter().fold(Figment::new(), |figment, layer| figment.merge(layer.clone()));
    figment.data().ok().and_then(|mut profiles| profiles.remove(&Profile::Default)).unwrap_or_default()
}

struct Findings {
    layers: Vec<Layer>,
    problems: Vec<Problem>,
}

impl Findings {
    /// Records `error` and fixes `keys` so that the next error shows. Returns false if that is impossible.
    fn note(&mut self, error: &figment::Error, value: Option<&Value>, keys: &mut Dict) -> bool {
        let mut path = error.path.clone();
        if let Kind::MissingField(field) = &error.kind {
            path.push(field.to_string());
            self.add(&path, "is missing and has no default");
            // Every key without a default accepts this text. The result is thrown away.
            return put(keys, &path, Value::from("http://stand-in.invalid".to_owned()));
        }
        let text = match &error.kind {
            Kind::UnknownField(name, known) => {
                if path.last().map(String::as_str) != Some(name) {
                    path.push(name.clone());
                }
                format!("there is no such key{}", did_you_mean(name, known))
            }
            kind => describe(&path, kind, value),
        };
        // A bad item makes the whole list invalid.
        path.truncate(2);
        self.add(&path, &text);
        take(keys, &path)
    }

    fn add(&mut self, path: &[String], text: &str) {
        let key = path.join(".");
        if self.problems.iter().any(|problem| problem.key == key) {
            return;
        }
        let place = match self.layers.iter().rev().find(|layer| layer.sets(path)) {
            Some(layer) => format!("from {}", layer.origin.place(path)),
            None => format!("set it as {key} in the file, or as {}", variable(path)),
        };
        let text = format!("{text} ({place})");
        self.problems.push(Problem { key, text });
    }

    /// Without this, `PAWDIUM_WEB_LISTEN` would be ignored although its author meant `PAWDIUM_WEB__LISTEN`.
    fn misspelt_variables(&mut self, sources: &Sources) {
        let known: Vec<String> = known_keys(&[])
            .iter()
            .flat_map(|section| known_keys(&[section]).iter().map(move |key| (section, key)))
            .map(|(section, key)| variable(&[(*section).to_owned(), (*key).to_owned()]))
            .collect();
        for name in sources.variables.keys().filter(|name| !name.contains("__")) {
            if let Some(meant) = known.iter().find(|known| known.replace("__", "_") == *name) {
                let text = format!("is not a key; did you mean {meant}? (from the variable {name})");
                self.problems.push(Problem { key: name.clone(), text });
            }
        }
    }
}

/// The keys of a section, or the section names. serde lists them when it meets an unknown one.
fn known_keys(section: &[&str]) -> &'static [&'static str] {
    let unknown = Dict::from([("?".to_owned(), Value::from(0))]);
    let keys = match section {
        [] => unknown,
        [name, ..] => Dict::from([((*name).to_owned(), Value::from(unknown))]),
    };
    match Figment::from(Layer { origin: Origin::Merged, keys })
        .extract::<Config>()
        .map_err(|error| error.kind)
    {
        Err(Kind::UnknownField(_, known)) => known,
        _ => &[],
    }
}

fn did_you_mean(name: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|key| (strsim::damerau_levenshtein(name, key), key))
        .filter(|(distance, key)| *distance <= key.len().max(3) / 3)
        .min();
    match nearest {
        Some((_, key)) => format!("; did you mean {key}?"),
        None => format!("; there are {}", known.join(", ")),
    }
}

fn describe(path: &[String], kind: &Kind, value: Option<&Value>) -> String {
    let key = path.iter().take(2).map(String::as_str).collect::<Vec<_>>().join(".");
    let shown = match value {
        _ if checks::is_secret(&key) => "the value".into(),
        Some(Value::String(_, text)) => format!("{text:?}"),
        Some(value) => shown(&value.to_actual()),
        None => "the value".into(),
    };
    let should_be = checks::should_be(&key);
    match kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
            format!("{shown} is not {}", should_be.map_or_else(|| in_words(expected), str::to_owned))
        }
        Kind::UnknownVariant(_, known) => format!("{shown} is none of {}", known.join(", ")),
        Kind::Message(message) => {
            let hint = should_be.map(|text| format!("; it should be {text}")).unwrap_or_default();
            format!("{shown} can't be read: {message}{hint}")
        }
        other => other.to_string(),
    }
}

fn shown(actual: &Actual) -> String {
    match actual {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(value) => value.to_string(),
        Actual::Signed(value) => value.to_string(),
        Actual::Float(value) => value.to_string(),
        Actual::Seq => "a list".into(),
        Actual::Map => "a table".into(),
        other => other.to_string(),
    }
}

fn in_words(expected: &str) -> String {
    match expected {
        "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".into(),
        "string" | "a string" => "a text".into(),
        "a sequence" => "a list".into(),
        _ if expected.starts_with("struct ") => "a section with keys".into(),
        other => other.into(),
    }
}

fn find<'a>(keys: &'a Dict, path: &[String]) -> Option<&'a Value> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(keys.get(first)?, |value, key| match value {
        Value::Dict(_, keys) => keys.get(key),
        Value::Array(_, items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    })
}

fn put(keys: &mut Dict, path: &[String], value: Value) -> bool {
    match path {
        [section, key] => match keys.get_mut(section) {
            Some(Value::Dict(_, keys)) => keys.insert(key.clone(), value).is_none(),
            _ => false,
        },
        _ => take(keys, &path[..path.len().min(2)]),
    }
}

fn take(keys: &mut Dict, path: &[String]) -> bool {
    match path {
        [section] => keys.remove(section).is_some(),
        [section, key, ..] => match keys.get_mut(section) {
            Some(Value::Dict(_, keys)) => keys.remove(key).is_some(),
            _ => keys.remove(section).is_some(),
        },
        [] => false,
    }
}
