//! The security log: one line for each failed login, refused request and sensitive change. fail2ban bans clients by it
//! (`systemd/fail2ban/`).
//!
//! A line is `security: login-failed client=203.0.113.9 user=12`: the word of an [`Incident`], the client's whole
//! address, and the user's id if it is known. Clients control nothing in it. Its target is `security`.

use std::fmt;
use std::net::IpAddr;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use tracing::{debug, info};

use crate::accounts::Role;
use crate::ids::UserId;

/// The journal's socket (systemd.io/JOURNAL_NATIVE_PROTOCOL).
const JOURNAL: &str = "/run/systemd/journal/socket";

/// The incidents that are logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incident {
    /// A wrong password or an unknown address.
    LoginFailed,
    /// A wrong password from a client that is already logged in.
    PasswordWrong,
    /// A request that the client may not make (401, 403).
    Refused,
    /// A request over a rate limit (429).
    Limited,
    /// A request for a password reset link.
    ResetRequested,
    /// A password set through a reset link.
    PasswordReset,
    /// A password changed by someone who knew the old one.
    PasswordChanged,
    /// An account's mail address changed.
    AddressChanged,
    /// An account deleted by its owner.
    AccountDeleted,
    /// A wrong code of an authenticator app, or a wrong recovery code.
    CodeWrong,
    /// An answer of a passkey that doesn't open the account.
    PasskeyWrong,
    /// A second factor turned on.
    FactorAdded,
    /// A second factor turned off.
    FactorRemoved,
    /// New recovery codes made.
    CodesMade,
    /// A login from a network or with a browser that the account was never used with.
    LoginElsewhere,
    /// An API token made by a member.
    TokenMade,
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
            Self::CodeWrong => "code-wrong",
            Self::PasskeyWrong => "passkey-wrong",
            Self::FactorAdded => "factor-added",
            Self::FactorRemoved => "factor-removed",
            Self::CodesMade => "codes-made",
            Self::LoginElsewhere => "login-elsewhere",
            Self::TokenMade => "token-made",
        })
    }
}

/// Logs what a client did or tried to do.
pub fn note(incident: Incident, client: IpAddr, user: Option<UserId>) {
    let user = user.map(|user| user.0);
    // Without a parent: span fields come before the message, and clients control some of them.
    info!(target: "security", parent: None, %client, user, "{incident}");
}

/// What an operator does to an account on the command line.
#[derive(Clone, Copy, Debug)]
pub enum Grant {
    /// A new role.
    Role(Role),
    /// A password reset link.
    ResetLink,
    /// No second factors any more.
    NoFactors,
    /// The end of all sessions.
    SessionsEnded,
}

/// Logs an operator's act to the journal, because the `pawdium` command itself logs nothing. Without a journal, only
/// the audit log has it.
pub fn note_operator(operator: &str, grant: Grant, user: UserId) {
    if let Err(error) = send_to_journal(Path::new(JOURNAL), &line_of(operator, grant, user)) {
        debug!(%error, "couldn't write to the journal");
    }
}

fn line_of(operator: &str, grant: Grant, user: UserId) -> String {
    let operator = crate::mask::printable(operator).replace(' ', "_");
    match grant {
        Grant::Role(role) => format!("security: role-changed operator={operator} user={user} role={role}"),
        Grant::ResetLink => format!("security: reset-link operator={operator} user={user}"),
        Grant::NoFactors => format!("security: factors-reset operator={operator} user={user}"),
        Grant::SessionsEnded => format!("security: sessions-ended operator={operator} user={user}"),
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
