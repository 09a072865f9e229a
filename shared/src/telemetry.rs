//! Logs to standard error: text for people, JSON for programs, and the journal's format under systemd. Each event is
//! one line, whatever a mail server or a client puts into it, and mail addresses are masked.

use std::fmt;
use std::io::{self, IsTerminal as _, Write};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{Format, Full, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::config::{LogConfig, LogFormat};
use crate::mask::{mask, printable};

/// Sets up logging. Call it once, at the start of `main`.
///
/// The journal adds the time itself and reads a line's priority from its `<n>` prefix (sd-daemon(3)). So under systemd
/// a text line has this prefix, and no time and no colour.
///
/// # Errors
/// If the filter is malformed, or logging is already set up.
pub fn init(config: &LogConfig) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.filter)?;
    let is_coloured = is_coloured() && config.format == LogFormat::Text && !is_journal();
    let writer = move || Cleaned { inner: io::stderr(), is_coloured };
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let outcome = match config.format {
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
        LogFormat::Text if is_journal() => {
            builder.with_ansi(false).event_format(ForJournal::default()).try_init()
        }
        LogFormat::Text => builder.with_ansi(is_coloured).try_init(),
    };
    outcome.map_err(|error| anyhow::anyhow!("logging can't be set up: {error}"))
}

fn is_coloured() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Whether standard error is the stream that systemd connected to the journal. A child with a redirected stream
/// inherits the variable, but not the stream (systemd.exec(5), `$JOURNAL_STREAM`).
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    rustix::fs::fstat(io::stderr()).is_ok_and(|stat| stream == format!("{}:{}", stat.st_dev, stat.st_ino))
}

/// Writes events, each in a single call, and cleans them.
struct Cleaned<W> {
    inner: W,
    is_coloured: bool,
}

impl<W: Write> Write for Cleaned<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let (line, end) = text.strip_suffix('\n').map_or((&*text, ""), |line| (line, "\n"));
        let masked = mask(line);
        // Formatting has already escaped all escape characters that don't belong to a colour.
        let mut parts = masked.split('\x1b').map(printable);
        let mut cleaned = parts.next().unwrap_or_default().into_owned();
        for part in parts {
            cleaned.push_str(if self.is_coloured { "\x1b" } else { "\\u{1b}" });
            cleaned.push_str(&part);
        }
        cleaned.push_str(end);
        self.inner.write_all(cleaned.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Formats lines for the journal.
struct ForJournal(Format<Full, ()>);

impl Default for ForJournal {
    fn default() -> Self {
        Self(Format::default().without_time().with_level(false).with_ansi(false))
    }
}

impl<S, N> FormatEvent<S, N> for ForJournal
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        ctx: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        write!(writer, "<{}>", priority(*event.metadata().level()))?;
        self.0.format_event(ctx, writer, event)
    }
}

/// The syslog priority (RFC 5424, table 2) of a level.
fn priority(level: Level) -> u8 {
    match level {
        Level::ERROR => 3,
        Level::WARN => 4,
        Level::INFO => 6,
        Level::DEBUG | Level::TRACE => 7,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::fmt::MakeWriter;

    use super::*;

    #[derive(Clone, Default)]
    struct Memory(Arc<Mutex<Vec<u8>>>);

    impl Write for Memory {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no test panics while it writes").write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Memory {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn a_line_for_the_journal_begins_with_its_priority_and_has_no_time() {
        let memory = Memory::default();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(memory.clone())
            .with_ansi(false)
            .event_format(ForJournal::default())
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!(photo = 7, "could not decode");
            tracing::info!("ready");
        });
        let written = memory.0.lock().expect("nothing else holds it").clone();
        let text = String::from_utf8(written).expect("logs are UTF-8");
        let target = "pawdium_shared::telemetry::tests";
        assert_eq!(text, format!("<3>{target}: could not decode photo=7\n<6>{target}: ready\n"));
    }

    #[test]
    fn an_event_is_one_line_without_addresses_and_control_characters() {
        let written = |is_coloured: bool, event: &str| {
            let mut bytes = Vec::new();
            Cleaned { inner: &mut bytes, is_coloured }.write_all(event.as_bytes()).expect("memory takes it");
            String::from_utf8(bytes).expect("logs are UTF-8")
        };
        let hostile =
            "job failed error=550 <ada@b.test>\r\n<3>security: limited client=::1 \u{1b}[2J\u{9b}\n";
        assert_eq!(
            written(false, hostile),
            "job failed error=550 <a…@b.test>\\r\\n<3>security: limited client=::1 \\u{1b}[2J\\u{9b}\n"
        );
        assert_eq!(written(true, "\u{1b}[32m INFO\u{1b}[0m ready\n"), "\u{1b}[32m INFO\u{1b}[0m ready\n");
    }
}
