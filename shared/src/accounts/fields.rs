//! Names and addresses, validated by their types.

use lettre::Address;

use super::reserved::is_reserved;

/// Why a field was refused. Forms show the message beside the field.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{message}")]
pub struct Refused {
    /// The field's name in forms and in the API.
    pub field: &'static str,
    /// What is wrong and what to do.
    pub message: &'static str,
}

pub(super) const fn refuse<T>(field: &'static str, message: &'static str) -> Result<T, Refused> {
    Err(Refused { field, message })
}

/// A public name: 2 to 30 ASCII letters, digits, `_` and `-`, starting with a letter or digit. Unique regardless of
/// case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    /// Checks a name.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        let fits = (2..=30).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphanumeric())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
        // `/api/v1/users/me` is the caller's own account.
        if fits && text.eq_ignore_ascii_case("me") {
            refuse("name", "That name is taken; choose another.")
        } else if fits {
            Ok(Self(text.to_owned()))
        } else {
            refuse("name", "Names have 2 to 30 letters, digits, - or _, and start with a letter or digit.")
        }
    }

    /// Checks a name that a member chooses. Some names are reserved for the site; members who already have one keep it,
    /// and operators may assign them.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn choose(text: &str) -> Result<Self, Refused> {
        let name = Self::new(text)?;
        if is_reserved(&name.0) {
            return refuse("name", "That name is reserved; choose another.");
        }
        Ok(name)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A mail address that SMTP can transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Checks the form of an address. Only the verification mail shows whether it works.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn new(text: &str) -> Result<Self, Refused> {
        let text = text.trim();
        match text.parse::<Address>() {
            Ok(_) if text.len() <= 254 && text.is_ascii() => Ok(Self(text.to_owned())),
            _ => Self::refuse(),
        }
    }

    /// Checks an address that a member chooses: its domain must be publicly reachable. Members who already have another
    /// kind keep it, and operators may assign them.
    ///
    /// # Errors
    /// [`Refused`] with what is wrong.
    pub fn choose(text: &str) -> Result<Self, Refused> {
        let email = Self::new(text)?;
        match email.0.rsplit_once('@') {
            Some((_, domain)) if is_public(domain) => Ok(email),
            _ => Self::refuse(),
        }
    }

    fn refuse<T>() -> Result<T, Refused> {
        refuse("email", "That isn't a mail address we can write to; it should look like ada@example.org.")
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a domain has at least two labels and a top-level domain that is neither a number nor reserved (RFC 6761).
fn is_public(domain: &str) -> bool {
    let Some((below, top)) = domain.rsplit_once('.') else { return false };
    let is_top = top.len() >= 2 && top.starts_with(|c: char| c.is_ascii_alphabetic());
    let leads_nowhere = ["localhost", "invalid"].iter().any(|name| top.eq_ignore_ascii_case(name));
    is_top && !leads_nowhere && below.split('.').all(|label| !label.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_short() {
        for good in ["ada", "A1", "derp_lord-9", " ada "] {
            assert!(Name::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "-ada", "a b", "ädä", "a/b", &"x".repeat(31)] {
            assert_eq!(Name::new(bad).expect_err(bad).field, "name");
        }
    }

    #[test]
    fn addresses_have_the_form_that_smtp_carries() {
        for good in ["ada@example.org", "a.b+c@sub.example.org"] {
            assert!(Email::new(good).is_ok(), "{good}");
        }
        for bad in
            ["", "ada", "ada@", "@example.org", "a b@example.org", "ada@example.org\r\nRCPT TO:<x@y.z>"]
        {
            assert_eq!(Email::new(bad).expect_err(bad).field, "email");
        }
    }

    #[test]
    fn members_choose_addresses_that_mail_gets_to() {
        for good in ["ada@example.org", "a@b.example", "a@b.xn--p1ai", "a@mail.intern.co.uk"] {
            assert!(Email::choose(good).is_ok(), "{good}");
        }
        for bad in [
            "x@y",
            "ada@localhost",
            "ada@cat.localhost",
            "ada@127.0.0.1",
            "ada@[127.0.0.1]",
            "a@b.c",
            "a@b.invalid",
        ] {
            assert_eq!(Email::choose(bad).expect_err(bad).field, "email", "{bad}");
        }
        assert!(Email::new("ada@localhost").is_ok(), "who has it keeps it");
    }
}
