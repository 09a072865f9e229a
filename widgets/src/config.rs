//! Configurations of widgets: what may be stored, and the form in which they are edited.

use pawdium_shared::visible::{is_invisible, shows_something, turns_direction};
use serde_json::{Map, Value};

use crate::widget::Widget;

/// The largest configuration, in bytes of JSON.
pub const LARGEST: usize = 8 * 1024;

/// Why a configuration was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refused {
    /// The first bad key; empty if the whole is refused.
    pub key: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl Refused {
    /// A refusal of a key's value.
    pub fn key(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }

    /// The field's name in the API: `config.limit`.
    #[must_use]
    pub fn field(&self) -> String {
        if self.key.is_empty() { "config".to_owned() } else { format!("config.{}", self.key) }
    }
}

/// Reads and checks a configuration.
///
/// # Errors
/// Names the first bad key.
pub(crate) fn read<W: Widget>(value: &Value, schema: &Value) -> Result<W, Refused> {
    let Value::Object(given) = value else {
        return Err(Refused::key("", "The configuration must be a JSON object."));
    };
    if value.to_string().len() > LARGEST {
        return Err(Refused::key("", "The configuration is too large; 8 KiB are allowed."));
    }
    let empty = Map::new();
    let properties = schema["properties"].as_object().unwrap_or(&empty);
    for (key, value) in given {
        let Some(property) = properties.get(key) else {
            let known = properties.keys().map(String::as_str).collect::<Vec<_>>().join(", ");
            let known =
                if known.is_empty() { "there are none".to_owned() } else { format!("there are: {known}") };
            return Err(Refused::key(key, format!("There is no such setting; {known}.")));
        };
        of_type(key, value, &input(property, schema))?;
        in_bounds(key, value, property)?;
    }
    let widget: W = serde_path_to_error::deserialize(value).map_err(|error| {
        Refused::key(error.path().to_string(), format!("This isn't valid: {}.", error.inner()))
    })?;
    widget.check()?;
    Ok(widget)
}

/// Checks that a value is of the kind that the form's input has, in words for owners.
fn of_type(key: &str, value: &Value, input: &Input) -> Result<(), Refused> {
    let (fits, message) = match input {
        Input::Line { .. } | Input::Text { .. } => (value.is_string(), "This must be a text.".to_owned()),
        Input::Check => (value.is_boolean(), "This must be true or false.".to_owned()),
        Input::Number { min, max } => {
            (value.as_i64().is_some(), format!("This must be a whole number from {min} to {max}."))
        }
        Input::Choice(choices) => {
            let fits = value.as_str().is_some_and(|value| choices.iter().any(|choice| choice == value));
            (fits, format!("Choose one of these: {}.", choices.join(", ")))
        }
    };
    if fits { Ok(()) } else { Err(Refused::key(key, message)) }
}

/// Checks the ranges and lengths that a schema names.
fn in_bounds(key: &str, value: &Value, property: &Value) -> Result<(), Refused> {
    if let Some(number) = value.as_f64() {
        let (min, max) = (property["minimum"].as_f64(), property["maximum"].as_f64());
        if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) {
            let bound =
                |bound: Option<f64>| bound.map_or_else(|| "any".to_owned(), |bound| bound.to_string());
            return Err(Refused::key(key, format!("Choose a number from {} to {}.", bound(min), bound(max))));
        }
    }
    if let Some(text) = value.as_str() {
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        let max = property["maxLength"].as_u64().unwrap_or(LINE);
        if length > max {
            return Err(Refused::key(key, format!("Use at most {max} characters.")));
        }
        let shows = if max > LINE { shows_in_text } else { shows_in_line };
        if !text.chars().all(shows) || !(text.trim().is_empty() || shows_something(text)) {
            return Err(Refused::key(key, "Use plain text without invisible characters."));
        }
    }
    Ok(())
}

/// Whether a character may stand in a text of several lines.
fn shows_in_text(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\t') || !(c.is_control() || turns_direction(c))
}

/// Whether a character may stand in one line: those that show, spaces, and what joins the parts of an emoji.
fn shows_in_line(c: char) -> bool {
    c == ' ' || !is_invisible(c) || matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}')
}

/// A field of the form in which a widget is configured.
#[derive(Clone, Debug, PartialEq)]
pub struct FormField {
    /// The key in the configuration.
    pub key: String,
    /// What it sets, from the doc comment.
    pub help: String,
    /// The kind of input.
    pub input: Input,
    /// The current value.
    pub value: Value,
}

/// The kind of input of a [`FormField`].
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// One line.
    Line {
        /// The longest text, in characters.
        longest: u64,
    },
    /// Several lines.
    Text {
        /// The longest text, in characters.
        longest: u64,
    },
    /// A whole number.
    Number {
        /// The smallest.
        min: i64,
        /// The largest.
        max: i64,
    },
    /// Yes or no.
    Check,
    /// One of these.
    Choice(Vec<String>),
}

/// Texts longer than this are edited in several lines.
const LINE: u64 = 200;

/// The form for a configuration.
#[must_use]
pub fn form(schema: &Value, config: &Value) -> Vec<FormField> {
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let field = |(key, property): (&String, &Value)| FormField {
        key: key.clone(),
        help: property["description"].as_str().unwrap_or_default().replace('\n', " "),
        input: input(property, schema),
        value: config.get(key).unwrap_or(&property["default"]).clone(),
    };
    properties.iter().map(field).collect()
}

fn input(property: &Value, schema: &Value) -> Input {
    if let Some(choices) = choices(property, schema) {
        return Input::Choice(choices);
    }
    let kind = match &property["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null"),
        kind => kind.as_str(),
    };
    match kind {
        Some("boolean") => Input::Check,
        Some("integer") => Input::Number {
            min: property["minimum"].as_i64().unwrap_or(0),
            max: property["maximum"].as_i64().unwrap_or(i64::from(i32::MAX)),
        },
        _ => {
            let longest = property["maxLength"].as_u64().unwrap_or(LINE);
            if longest > LINE { Input::Text { longest } } else { Input::Line { longest } }
        }
    }
}

/// The names of an enumeration, wherever the schema puts them.
fn choices(property: &Value, schema: &Value) -> Option<Vec<String>> {
    let names = |list: &Value| -> Option<Vec<String>> {
        let list = list.as_array()?;
        let name = |one: &Value| one.as_str().or_else(|| one["const"].as_str()).map(str::to_owned);
        list.iter().map(name).collect()
    };
    if let Some(reference) = property["$ref"].as_str() {
        return choices(schema.pointer(reference.trim_start_matches('#'))?, schema);
    }
    names(&property["enum"]).or_else(|| names(&property["oneOf"]))
}

/// Reads a submitted form back into a configuration. Values that can't be read stay text, so that `read` refuses them by
/// name; empty fields are left out, so that they have their defaults.
#[must_use]
pub fn from_form(schema: &Value, submitted: &[(String, String)]) -> Value {
    let mut config = Map::new();
    for field in form(schema, &Value::Null) {
        let given = submitted.iter().find(|(key, _)| *key == field.key).map(|(_, value)| value.as_str());
        let value = match (&field.input, given) {
            (Input::Check, given) => Value::Bool(given.is_some()),
            (_, None | Some("")) => continue,
            (Input::Number { .. }, Some(text)) => {
                text.trim().parse::<i64>().map_or_else(|_| Value::from(text), Value::from)
            }
            (_, Some(text)) => Value::from(text.replace("\r\n", "\n")),
        };
        config.insert(field.key, value);
    }
    Value::Object(config)
}
