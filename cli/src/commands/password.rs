//! Reads a new password.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use anyhow::{Context as _, Result, bail};
use pawdium_shared::accounts::{Email, Name, Password};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// Reads a password for the account with this name and address: the first line of standard input, or typed twice at
/// the terminal without echo.
pub(crate) fn read(from_stdin: bool, name: &Name, email: &Email) -> Result<Password> {
    let choose = |typed: &str| Password::choose(typed, name.as_str(), email.as_str());
    if from_stdin {
        return Ok(choose(&line()?)?);
    }
    if !io::stdin().is_terminal() {
        bail!("there is no terminal for a password prompt; use --password-stdin");
    }
    let hidden = Hidden::start()?;
    let typed = ask("Password: ")?;
    let password = choose(&typed)?;
    let again = ask("Repeat password: ")?;
    drop(hidden);
    if typed != again {
        bail!("the two passwords differ; run the command again");
    }
    Ok(password)
}

fn ask(prompt: &str) -> Result<String> {
    eprint!("{prompt}");
    io::stderr().flush()?;
    let answer = line();
    eprintln!();
    answer
}

fn line() -> Result<String> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line).context("reading the password")?;
    if read == 0 {
        bail!("no password was given");
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Turns off the terminal's echo while it lives.
struct Hidden(Termios);

impl Hidden {
    fn start() -> Result<Self> {
        let before = tcgetattr(io::stdin()).context("reading the terminal's settings")?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        tcsetattr(io::stdin(), OptionalActions::Flush, &quiet).context("turning off the terminal's echo")?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing can be done if the terminal is gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
