//! Settings for demonstrations.

use std::path::PathBuf;

use serde::Deserialize;

/// Settings for demonstrations only.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DemoConfig {
    /// A folder of `.eml` files. If it is set, `/demo/mail` shows them to everyone. Default: none.
    pub mailbox: Option<PathBuf>,
    /// Accounts shown on the login page, passwords included. Default: none.
    pub logins: Vec<DemoLogin>,
}

/// An account shown on the login page of a demonstration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoLogin {
    /// The address to log in with.
    pub email: String,
    /// The password, shown to everyone.
    pub password: String,
    /// A few words about the account.
    #[serde(default)]
    pub about: String,
}
