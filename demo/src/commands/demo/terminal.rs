//! The demo's output for the user.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How often a long-running step reports that it is still running.
const REMINDER: Duration = Duration::from_secs(3);

/// Prints a line from the demo itself. A closed terminal is no reason to stop.
pub(super) fn say(text: &str) {
    print(&painted("demo", 1), text);
}

/// Prints a line from a service.
pub(super) fn relay(service: &str, line: &str) {
    let colour = match service {
        "web" => 36,
        "worker" => 35,
        _ => 33,
    };
    print(&painted(service, colour), line);
}

fn print(name: &str, text: &str) {
    let _ = writeln!(io::stdout(), "{name} {text}");
}

/// Formats the name as a prefix, coloured with ANSI codes on a terminal.
fn painted(name: &str, colour: u8) -> String {
    let is_plain =
        !io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    if is_plain { format!("{name:9} |") } else { format!("\x1b[{colour}m{name:9} |\x1b[0m") }
}

/// Reports a step when it starts, while it takes long, and how long it took.
pub(super) async fn during<T>(what: &str, work: impl Future<Output = T>) -> T {
    say(&format!("{what} …"));
    let begin = Instant::now();
    let mut work = std::pin::pin!(work);
    loop {
        match tokio::time::timeout(REMINDER, &mut work).await {
            Ok(outcome) => {
                say(&format!("{what}: {:.1} s", begin.elapsed().as_secs_f32()));
                return outcome;
            }
            Err(_) => say(&format!("still {what}, {} s", begin.elapsed().as_secs())),
        }
    }
}
