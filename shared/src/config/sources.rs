//! The layers of a configuration.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use figment::providers::{Format as _, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::problems::Problem;

const DEFAULT_FILE: &str = "/etc/pawdium/pawdium.toml";
const PREFIX: &str = "PAWDIUM_";

/// Where systemd keeps the installed site's credentials for the services.
const INSTALLED_CREDENTIALS: &str = "/etc/pawdium/credentials";

/// Where a configuration is read from.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// A TOML file, which must exist.
    pub file: Option<PathBuf>,
    /// Environment variables by name. Those without the prefix `PAWDIUM_` are ignored.
    pub variables: BTreeMap<String, String>,
    /// A folder of files called `<section>.<key>`, as created by systemd's `LoadCredential=`.
    pub credentials: Option<PathBuf>,
}

impl Sources {
    /// The environment of this process, and the file that it names, or the default file if it exists.
    #[must_use]
    pub fn of_this_process() -> Self {
        let named = env::var_os("PAWDIUM_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
        Self {
            file: named.or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists())),
            variables: env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
                .filter(|(name, _)| name.starts_with(PREFIX))
                .collect(),
            credentials: env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
        }
    }

    /// The folder of the installed site's credentials if it exists, unless the service manager or a variable selects
    /// another site.
    #[must_use]
    pub fn installed_credentials() -> Option<PathBuf> {
        let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
        let about_another =
            ["CREDENTIALS_DIRECTORY", "PAWDIUM_CONFIG", "PAWDIUM_DATABASE__URL"].into_iter().any(is_set);
        (!about_another).then(|| PathBuf::from(INSTALLED_CREDENTIALS)).filter(|folder| folder.exists())
    }

    /// Reads all layers, lowest priority first.
    pub(super) fn layers(&self) -> Result<Vec<Layer>, Problem> {
        let mut layers = Vec::new();
        if let Some(path) = &self.file {
            layers.push(Layer { origin: Origin::File(path.clone()), keys: file(path)? });
        }
        layers.push(Layer { origin: Origin::Variables, keys: variables(&self.variables) });
        if let Some(folder) = &self.credentials {
            let keys = credentials(folder).map_err(|error| {
                Problem::of_file(folder, format!("can't be read: {error}; should be a folder of credentials"))
            })?;
            layers.push(Layer { origin: Origin::Credentials(folder.clone()), keys });
        }
        Ok(layers)
    }
}

/// The keys of one source.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    pub(super) origin: Origin,
    pub(super) keys: Dict,
}

/// The kind of source that a key came from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// All layers merged.
    Merged,
    File(PathBuf),
    Variables,
    Credentials(PathBuf),
}

impl Origin {
    /// Where users find the place that sets `path`.
    pub(super) fn place(&self, path: &[String]) -> String {
        match self {
            Self::Merged => "the configuration".into(),
            Self::File(file) => file.display().to_string(),
            Self::Variables => format!("the variable {}", variable(path)),
            Self::Credentials(folder) => format!("the credential {}", folder.join(path.join(".")).display()),
        }
    }
}

impl Layer {
    /// Whether this layer sets `path` or a part of it.
    pub(super) fn sets(&self, path: &[String]) -> bool {
        let Some((first, rest)) = path.split_first() else { return false };
        let mut value = self.keys.get(first);
        for key in rest {
            match value {
                Some(Value::Dict(_, keys)) => value = keys.get(key),
                // For an item of a list, look at the whole list.
                Some(_) => return true,
                None => return false,
            }
        }
        value.is_some()
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named("configuration")
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Map::from([(Profile::Default, self.keys.clone())]))
    }
}

/// The variable that sets `path`.
pub(super) fn variable(path: &[String]) -> String {
    format!("{PREFIX}{}", path.join("__").to_uppercase())
}

fn file(path: &Path) -> Result<Dict, Problem> {
    if let Err(error) = fs::File::open(path) {
        return Err(Problem::of_file(path, format!("can't be read: {error}")));
    }
    let mut profiles = Toml::file_exact(path).data().map_err(|error| {
        Problem::of_file(path, format!("is not valid TOML: {}", error.kind.to_string().trim()))
    })?;
    Ok(profiles.remove(&Profile::Default).unwrap_or_default())
}

/// Only names with `__` between section and key count, because service managers and orchestrators set other variables
/// with our prefix.
fn variables(all: &BTreeMap<String, String>) -> Dict {
    let mut keys = Dict::new();
    for (name, text) in all {
        let Some((section, key)) = name.strip_prefix(PREFIX).and_then(|rest| rest.split_once("__")) else {
            continue;
        };
        insert(&mut keys, section, key, value(text));
    }
    keys
}

/// Parses lists and tables. Everything else stays text, so that a secret made of digits does not become a number.
fn value(text: &str) -> Value {
    match text.trim_start().chars().next() {
        Some('[' | '{') => text.parse().unwrap_or_else(|never| match never {}),
        _ => Value::from(text.to_owned()),
    }
}

fn credentials(folder: &Path) -> io::Result<Dict> {
    let mut keys = Dict::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some((section, key)) = name.to_str().and_then(key_of_credential) else { continue };
        let text = fs::read_to_string(entry.path())?;
        insert(&mut keys, section, key, Value::from(text.trim_end_matches(['\r', '\n']).to_owned()));
    }
    Ok(keys)
}

/// systemd prefixes a credential that it loads from a folder with the folder's id (systemd.exec(5), `LoadCredential=`).
fn key_of_credential(name: &str) -> Option<(&str, &str)> {
    name.strip_prefix("pawdium_").unwrap_or(name).split_once('.')
}

fn insert(keys: &mut Dict, section: &str, key: &str, value: Value) {
    let section = keys.entry(section.to_lowercase()).or_insert_with(|| Value::from(Dict::new()));
    if let Value::Dict(_, section) = section {
        section.insert(key.to_lowercase(), value);
    }
}
