//! The security log: one line for each failed login, refusal and change that matters to those who look into an attack, and
//! to fail2ban, which bans by it (`systemd/fail2ban/`).
//!
//! A line is `security: login-failed client=203.0.113.9 user=12`: a word of [`Incident`], the client's whole address, and
//! the user's id where one is known. Nothing in it is chosen by the client. It is logged under the target `security`.

use std::fmt;
use std::net::IpAddr;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use tracing::{debug, info};

use crate::accounts::Role;
use crate::ids::UserId;

/// Where the journal listens (systemd.io/JOURNAL_NATIVE_PROTOCOL).
const JOURNAL: &str = "/run/systemd/journal/socket";

/// What is noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incident {
    /// A wrong password or an unknown address.
    LoginFailed,
    /// A wrong password of who is logged in.
    PasswordWrong,
    /// Something that this client may not do (401, 403).
    Refused,
    /// More than a limit allows (429).
    Limited,
    /// A link for a new password was asked for.
    ResetRequested,
    /// A password was set through such a link.
    PasswordReset,
    /// A password was changed by who knew the old one.
    PasswordChanged,
    /// An account has another mail address.
    AddressChanged,
    /// An account was deleted by its owner.
    AccountDeleted,
}

impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LoginFailed => "login-failed",
            Self::PasswordWrong => "password-wrong",
            Self::Refused => "refused",
            Self::Limited => "limited",
            Self::ResetRequested => "reset-requested",
            Self::PasswordReset => "password-reset",
            Self::PasswordChanged => "password-changed",
            Self::AddressChanged => "address-changed",
            Self::AccountDeleted => "account-deleted",
        })
    }
}

/// Notes what a client has done, or tried to do.
pub fn note(incident: Incident, client: IpAddr, user: Option<UserId>) {
    let user = user.map(|user| user.0);
    // No span's fields, which clients choose, may stand before it.
    info!(target: "security", parent: None, %client, user, "{incident}");
}

/// What an operator does to an account in the shell.
#[derive(Clone, Copy, Debug)]
pub enum Grant {
    /// It has this role from now on.
    Role(Role),
    /// A link for a new password is handed out.
    ResetLink,
}

/// Notes in the journal what an operator has done; `pawdium` itself logs nothing. Without a journal there is only the
/// audit log.
pub fn note_operator(operator: &str, grant: Grant, user: UserId) {
    if let Err(error) = send_to_journal(Path::new(JOURNAL), &line_of(operator, grant, user)) {
        debug!(%error, "there is no journal to note it in");
    }
}

fn line_of(operator: &str, grant: Grant, user: UserId) -> String {
    let operator = crate::mask::printable(operator).replace(' ', "_");
    match grant {
        Grant::Role(role) => format!("security: role-changed operator={operator} user={user} role={role}"),
        Grant::ResetLink => format!("security: reset-link operator={operator} user={user}"),
    }
}

fn send_to_journal(socket: &Path, line: &str) -> std::io::Result<()> {
    let entry = format!("PRIORITY=5\nSYSLOG_IDENTIFIER=pawdium\nMESSAGE={line}\n");
    UnixDatagram::unbound()?.send_to(entry.as_bytes(), socket).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_journal_gets_one_line_for_what_an_operator_does() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("journal");
        let journal = UnixDatagram::bind(&socket).expect("a socket");
        let line = line_of("ada l\n@host", Grant::Role(Role::Admin), UserId(7));
        send_to_journal(&socket, &line).expect("it is sent");
        let mut bytes = [0; 500];
        let length = journal.recv(&mut bytes).expect("it has arrived");
        let entry = String::from_utf8_lossy(&bytes[..length]);
        assert!(
            entry.ends_with("\nMESSAGE=security: role-changed operator=ada_l\\n@host user=7 role=admin\n"),
            "{entry}"
        );
    }
}
