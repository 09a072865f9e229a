//! Accounts: registering, logging in, mailed links, settings and profiles.

pub mod api;
pub mod login;
pub mod member;
pub mod register;
pub mod reset;
pub mod settings;
pub mod verify;

use pawdium_shared::accounts::queries::{EMAIL_TAKEN, NAME_TAKEN};
use pawdium_shared::db::violates;

use crate::error::Error;

/// A violated unique index as the field that is taken.
fn taken(error: sqlx::Error) -> Error {
    if violates(&error, NAME_TAKEN) {
        Error::Taken { field: "name", message: "That name is taken; choose another." }
    } else if violates(&error, EMAIL_TAKEN) {
        Error::Taken {
            field: "email",
            message: "That address is registered already; log in, or reset the password.",
        }
    } else if matches!(error, sqlx::Error::RowNotFound) {
        // The same form, sent twice at once.
        Error::Forbidden("You are registered already; log in.")
    } else {
        error.into()
    }
}

/// A path on this site to go to, if `next` is one: anything that a browser could read as another host is not.
fn local(next: Option<&str>) -> &str {
    next.filter(|path| {
        path.starts_with('/')
            && !path.starts_with("//")
            && !path.contains('\\')
            && !path.contains(char::is_control)
    })
    .unwrap_or("/")
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_paths_on_this_site_are_followed() {
        assert_eq!(local(Some("/top?period=week")), "/top?period=week");
        for bad in ["https://evil.test", "//evil.test", "/\\evil.test", "evil", "", "/\t/evil.test"] {
            assert_eq!(local(Some(bad)), "/", "{bad}");
        }
        assert_eq!(local(None), "/");
    }
}
