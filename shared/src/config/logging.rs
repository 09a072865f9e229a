//! Settings of the log.

use serde::Deserialize;

/// Logs, written to standard error.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogConfig {
    /// `text` for people, `json` for programs. Default `text`.
    pub format: LogFormat,
    /// What to log, as a tracing-subscriber `EnvFilter`: `info`, or `info,pawdium_web=debug`. Default
    /// `info,apalis_core=warn`.
    pub filter: String,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info,apalis_core=warn".into() }
    }
}

/// The format of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Readable text.
    Text,
    /// One JSON object per line.
    Json,
}
