//! The server's replies: the command sequence of RFC 5321, 4.1.4, without I/O.

use std::fmt::{self, Write as _};

use super::{Line, MAX_MESSAGE};

const MAX_RECIPIENTS: usize = 100;
/// Maximum length of a path with brackets, in bytes (RFC 5321, 4.5.3.1.3).
const MAX_PATH: usize = 256;

/// A reply: a code and one or more lines.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    code: u16,
    lines: Vec<String>,
}

impl Reply {
    pub(super) fn new(code: u16, line: impl Into<String>) -> Self {
        Self { code, lines: vec![line.into()] }
    }

    pub(super) fn greeting() -> Self {
        Self::new(220, "localhost ESMTP Pawdium's mailbox")
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.lines.len().saturating_sub(1);
        for (index, line) in self.lines.iter().enumerate() {
            let dash = if index == last { ' ' } else { '-' };
            write!(f, "{}{dash}{line}\r\n", self.code)?;
        }
        Ok(())
    }
}

/// What the connection does after the reply.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    Command,
    /// Receives the message.
    Data(Envelope),
    Close,
}

/// How the message after DATA ended.
#[derive(Debug)]
pub(super) enum Ended {
    Whole(Vec<u8>),
    TooLarge,
    LineTooLong,
    BareLf,
}

/// Sender and recipients of a message.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    from: String,
    to: Vec<String>,
}

impl Envelope {
    /// Headers of final delivery (RFC 5321, 4.4), so that the file records the envelope too.
    pub(super) fn headers(&self) -> String {
        let mut headers = format!("Return-Path: <{}>\r\n", self.from);
        for recipient in &self.to {
            let _ = write!(headers, "Delivered-To: {recipient}\r\n");
        }
        headers
    }
}

/// A client's position in the sequence.
#[derive(Debug, Default)]
pub(super) struct Session {
    greeted: bool,
    mail: Option<Envelope>,
}

impl Session {
    pub(super) fn command(&mut self, line: &Line) -> (Reply, Next) {
        let line = match line {
            Line::Text(line) => std::str::from_utf8(line).ok().filter(|line| line.chars().all(is_plain)),
            Line::TooLong => return (Reply::new(500, "line too long"), Next::Command),
            Line::BareLf => return (Reply::new(500, "lines must end with CRLF"), Next::Command),
        };
        let Some(line) = line else {
            return (Reply::new(500, "commands must be printable ASCII"), Next::Command);
        };
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let rest = rest.trim();
        let reply = match verb.to_ascii_uppercase().as_str() {
            "EHLO" => {
                self.hello(rest, &["localhost", &format!("SIZE {MAX_MESSAGE}"), "8BITMIME", "PIPELINING"])
            }
            "HELO" => self.hello(rest, &["localhost"]),
            "MAIL" => self.mail(rest),
            "RCPT" => self.recipient(rest),
            "DATA" => return self.data(rest),
            "RSET" => {
                self.mail = None;
                Reply::new(250, "forgotten")
            }
            "NOOP" => Reply::new(250, "OK"),
            "VRFY" => Reply::new(252, "cannot verify; send the mail to find out"),
            "HELP" => Reply::new(214, "RFC 5321"),
            "QUIT" => return (Reply::new(221, "goodbye"), Next::Close),
            _ => Reply::new(500, "unknown command"),
        };
        (reply, Next::Command)
    }

    fn hello(&mut self, domain: &str, lines: &[&str]) -> Reply {
        if domain.is_empty() {
            return Reply::new(501, "a domain is required");
        }
        self.greeted = true;
        self.mail = None;
        Reply { code: 250, lines: lines.iter().map(ToString::to_string).collect() }
    }

    fn mail(&mut self, rest: &str) -> Reply {
        if !self.greeted {
            return Reply::new(503, "send EHLO first");
        }
        if self.mail.is_some() {
            return Reply::new(503, "nested MAIL command");
        }
        let Some((from, parameters)) = path(rest, "FROM:") else {
            return Reply::new(501, "syntax: MAIL FROM:<address>");
        };
        for parameter in parameters.split_ascii_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match (name.to_ascii_uppercase().as_str(), value.to_ascii_uppercase().as_str()) {
                ("SIZE", size) => match size.parse::<usize>() {
                    Ok(size) if size > MAX_MESSAGE => {
                        return Reply::new(552, format!("message exceeds {MAX_MESSAGE} bytes"));
                    }
                    Ok(_) => {}
                    Err(_) => return Reply::new(501, "SIZE must be a number"),
                },
                ("BODY", "7BIT" | "8BITMIME") => {}
                _ => return Reply::new(555, format!("unknown parameter {name}")),
            }
        }
        self.mail = Some(Envelope { from: from.to_owned(), to: Vec::new() });
        Reply::new(250, "sender OK")
    }

    fn recipient(&mut self, rest: &str) -> Reply {
        let Some(mail) = &mut self.mail else { return Reply::new(503, "send MAIL first") };
        match path(rest, "TO:") {
            Some(("", _)) | None => Reply::new(501, "syntax: RCPT TO:<address>"),
            Some((_, parameters)) if !parameters.is_empty() => {
                Reply::new(555, "parameters are not supported")
            }
            Some(_) if mail.to.len() == MAX_RECIPIENTS => Reply::new(452, "too many recipients"),
            Some((to, _)) => {
                mail.to.push(to.to_owned());
                Reply::new(250, "recipient OK")
            }
        }
    }

    fn data(&mut self, rest: &str) -> (Reply, Next) {
        if !rest.is_empty() {
            return (Reply::new(501, "DATA takes no arguments"), Next::Command);
        }
        match self.mail.take_if(|mail| !mail.to.is_empty()) {
            Some(mail) => (Reply::new(354, "end with a dot on a line of its own"), Next::Data(mail)),
            None => (Reply::new(503, "send MAIL and RCPT first"), Next::Command),
        }
    }
}

/// Printable ASCII only, so that stored text can't start another header.
fn is_plain(character: char) -> bool {
    character == ' ' || character.is_ascii_graphic()
}

/// Splits `FROM:<address> parameters` into address and parameters.
fn path<'a>(rest: &'a str, keyword: &str) -> Option<(&'a str, &'a str)> {
    let (given, rest) = rest.split_at_checked(keyword.len())?;
    if !given.eq_ignore_ascii_case(keyword) {
        return None;
    }
    let (address, parameters) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
    // A source route is accepted and dropped (RFC 5321, appendix C).
    let address = match address.strip_prefix('@').and_then(|route| route.split_once(':')) {
        Some((_, address)) => address,
        None => address,
    };
    let is_sound = address.is_empty() || (address.contains('@') && !address.contains(['<', ' ']));
    (is_sound && address.len() + 2 <= MAX_PATH).then_some((address, parameters.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(session: &mut Session, line: &str) -> u16 {
        session.command(&Line::Text(line.into())).0.code
    }

    fn greeted() -> Session {
        let mut session = Session::default();
        assert_eq!(say(&mut session, "EHLO test"), 250);
        session
    }

    #[test]
    fn commands_out_of_sequence_are_refused() {
        let mut session = Session::default();
        assert_eq!(say(&mut session, "MAIL FROM:<a@example.org>"), 503);
        assert_eq!(say(&mut session, "helo test"), 250);
        assert_eq!(say(&mut session, "RCPT TO:<b@example.org>"), 503);
        assert_eq!(say(&mut session, "mail from:<a@example.org>"), 250);
        assert_eq!(say(&mut session, "MAIL FROM:<a@example.org>"), 503);
        assert_eq!(say(&mut session, "DATA"), 503);
        assert_eq!(say(&mut session, "RSET"), 250);
        assert_eq!(say(&mut session, "RCPT TO:<b@example.org>"), 503);
    }

    #[test]
    fn an_envelope_holds_the_sender_and_every_recipient() {
        let mut session = greeted();
        say(&mut session, "MAIL FROM:<> BODY=8BITMIME SIZE=1000");
        say(&mut session, "RCPT TO:<b@example.org>");
        say(&mut session, "RCPT TO:<@relay.example:c@example.org>");
        let (reply, next) = session.command(&Line::Text("DATA".into()));
        assert_eq!(reply.code, 354);
        let Next::Data(envelope) = next else { panic!("DATA is followed by a message") };
        assert_eq!(
            envelope.headers(),
            "Return-Path: <>\r\nDelivered-To: b@example.org\r\nDelivered-To: c@example.org\r\n"
        );
        assert_eq!(say(&mut session, "MAIL FROM:<a@example.org>"), 250, "the next mail can begin");
    }

    #[test]
    fn invalid_commands_get_the_matching_code() {
        let mut session = greeted();
        for (line, code) in [
            ("", 500),
            ("BDAT 5", 500),
            ("EHLO", 501),
            ("MAIL FROM:a@example.org", 501),
            ("MAIL TO:<a@example.org>", 501),
            ("MAIL FROM:<a b@example.org>", 501),
            ("MAIL FROM:<nobody>", 501),
            ("MAIL FROM:<a@example.org> SIZE=10000001", 552),
            ("MAIL FROM:<a@example.org> SIZE=big", 501),
            ("MAIL FROM:<a@example.org> SMTPUTF8", 555),
            ("MAIL FROM:<ä@example.org>", 500),
            ("MAIL FROM:<a@example.org\nX: y>", 500),
            ("DATA now", 501),
            ("VRFY a", 252),
            ("NOOP", 250),
        ] {
            assert_eq!(say(&mut session, line), code, "{line:?}");
        }
    }

    #[test]
    fn one_mail_has_at_most_a_hundred_recipients() {
        let mut session = greeted();
        say(&mut session, "MAIL FROM:<a@example.org>");
        for _ in 0..MAX_RECIPIENTS {
            assert_eq!(say(&mut session, "RCPT TO:<b@example.org>"), 250);
        }
        assert_eq!(say(&mut session, "RCPT TO:<b@example.org>"), 452);
    }

    #[test]
    fn ehlo_lists_extensions_and_helo_does_not() {
        let (ehlo, _) = Session::default().command(&Line::Text("EHLO x".into()));
        assert_eq!(
            ehlo.to_string(),
            "250-localhost\r\n250-SIZE 10000000\r\n250-8BITMIME\r\n250 PIPELINING\r\n"
        );
        let (helo, _) = Session::default().command(&Line::Text("HELO x".into()));
        assert_eq!(helo.to_string(), "250 localhost\r\n");
    }
}
