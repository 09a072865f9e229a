//! Template filters that format numbers, times and names.
#![expect(
    clippy::inline_always,
    missing_docs,
    reason = "askama's macro asks for a Result and turns each function into a public type with inlined methods"
)]

use std::time::Duration;

use askama::{Result, Values, filter_fn};
use chrono::{DateTime, SecondsFormat, Utc};

/// A value behind any number of references. Templates add one with each binding.
pub trait Bare<T> {
    /// The value itself.
    fn bare(&self) -> T;
}

macro_rules! bare {
    ($($kind:ty),*) => {
        $(impl Bare<$kind> for $kind {
            fn bare(&self) -> $kind {
                *self
            }
        })*
    };
}

bare!(i64, u64, f64, Duration, DateTime<Utc>);

impl<T, U: Bare<T> + ?Sized> Bare<T> for &U {
    fn bare(&self) -> T {
        U::bare(self)
    }
}

/// A count with separators: 12,345.
#[filter_fn]
pub fn number(count: impl Bare<i64>, _: &dyn Values) -> Result<String> {
    Ok(grouped(count.bare()))
}

/// A mean rating with one decimal: 7.4.
#[filter_fn]
pub fn mean(value: impl Bare<f64>, _: &dyn Values) -> Result<String> {
    Ok(format!("{:.1}", value.bare()))
}

/// The path of the page of a topic.
#[filter_fn]
pub fn topic_path(word: impl AsRef<str>, _: &dyn Values) -> Result<String> {
    Ok(pawdium_shared::topics::path(word.as_ref()))
}

/// A day as people read it: 12 May 2026.
#[filter_fn]
pub fn date(at: impl Bare<DateTime<Utc>>, _: &dyn Values) -> Result<String> {
    Ok(at.bare().format("%-d %B %Y").to_string())
}

/// A moment to the second: 12 May 2026, 14:03:59 UTC.
#[filter_fn]
pub fn moment(at: impl Bare<DateTime<Utc>>, _: &dyn Values) -> Result<String> {
    Ok(at.bare().format("%-d %b %Y, %H:%M:%S UTC").to_string())
}

/// A moment to the minute: 12 May, 14:03 UTC.
#[filter_fn]
pub fn minute(at: impl Bare<DateTime<Utc>>, _: &dyn Values) -> Result<String> {
    Ok(at.bare().format("%-d %b, %H:%M UTC").to_string())
}

/// How long ago something happened, as `<time>`: the page's script writes it in words. Without it, the moment in UTC.
#[filter_fn]
pub fn ago(at: impl Bare<DateTime<Utc>>, _: &dyn Values) -> Result<String> {
    Ok(time(at.bare(), "ago", "%-d %b, %H:%M UTC"))
}

/// A day as `<time>`: by the reader's clocks, which the page's script knows. Without it, in UTC.
#[filter_fn]
pub fn day(at: impl Bare<DateTime<Utc>>, _: &dyn Values) -> Result<String> {
    Ok(time(at.bare(), "day", "%-d %B %Y"))
}

/// A time of day as `<time>`: by the reader's clocks, which the page's script knows. Without it, in UTC.
#[filter_fn]
pub fn hour(at: impl Bare<DateTime<Utc>>, _: &dyn Values) -> Result<String> {
    Ok(time(at.bare(), "hour", "%H:%M UTC"))
}

/// A time of day to the millisecond as `<time>`: by the reader's clocks, which the page's script knows. Without it, in
/// UTC.
#[filter_fn]
pub fn clock(at: impl Bare<DateTime<Utc>>, _: &dyn Values) -> Result<String> {
    Ok(time(at.bare(), "clock", "%H:%M:%S%.3f"))
}

/// An element whose text the script of pages writes in the given form (`web/static/times.js`). Its title says UTC.
fn time(at: DateTime<Utc>, form: &str, text: &str) -> String {
    let precision = if form == "clock" { SecondsFormat::Millis } else { SecondsFormat::Secs };
    let machine = at.to_rfc3339_opts(precision, true);
    let title = at.format("%-d %B %Y, %H:%M UTC");
    format!(r#"<time datetime="{machine}" title="{title}" data-time="{form}">{}</time>"#, at.format(text))
}

/// The value of a `datetime` attribute, RFC 3339.
#[filter_fn]
pub fn machine_time(at: impl Bare<DateTime<Utc>>, _: &dyn Values) -> Result<String> {
    Ok(at.bare().to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// A span of time in its two largest units: 3 min 20 s.
#[filter_fn]
pub fn span(length: impl Bare<Duration>, _: &dyn Values) -> Result<String> {
    Ok(rounded(length.bare().as_secs()))
}

/// A rate or another measure, rounded: 0, <0.1, 2.5, 1,240.
#[filter_fn]
pub fn rate(value: impl Bare<f64>, _: &dyn Values) -> Result<String> {
    Ok(measured(value.bare()))
}

/// A share between 0 and 1 in percent: 2.5 %.
#[filter_fn]
pub fn percent(share: impl Bare<f64>, _: &dyn Values) -> Result<String> {
    Ok(format!("{} %", measured(share.bare() * 100.0)))
}

/// A time in milliseconds in a fitting unit: 12 ms, 1.4 s, 3 min 20 s.
#[filter_fn]
pub fn millis(ms: impl Bare<f64>, _: &dyn Values) -> Result<String> {
    Ok(timed(ms.bare()))
}

/// A file size in a fitting decimal unit: 812 bytes, 312 kB, 4.2 MB.
#[filter_fn]
pub fn bytes(count: impl Bare<u64>, _: &dyn Values) -> Result<String> {
    Ok(sized(count.bare()))
}

/// The name of a species.
#[filter_fn]
pub fn species(key: impl AsRef<str>, _: &dyn Values) -> Result<String> {
    let key = key.as_ref();
    let species = key.parse().ok();
    Ok(species.map_or_else(|| key.to_owned(), |species| crate::species::one(species).to_owned()))
}

/// A count with separators: 12,345.
pub fn grouped(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut text = String::from(if count < 0 { "−" } else { "" });
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "numbers for people; nobody has files of 2^52 bytes")]
fn sized(bytes: u64) -> String {
    match bytes {
        ..1000 => format!("{bytes} bytes"),
        1000..999_500 => format!("{} kB", measured(bytes as f64 / 1e3)),
        _ => format!("{} MB", measured(bytes as f64 / 1e6)),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "numbers for people; beyond 2^63 they may be wrong")]
fn measured(value: f64) -> String {
    match value {
        ..=0.0 => "0".to_owned(),
        ..0.1 => "<0.1".to_owned(),
        ..9.95 => format!("{value:.1}"),
        _ => grouped(value.round() as i64),
    }
}

fn timed(ms: f64) -> String {
    match ms {
        ..0.95 => "<1 ms".to_owned(),
        ..999.5 => format!("{} ms", ms.round()),
        ..59_950.0 => format!("{} s", measured(ms / 1000.0)),
        _ => rounded(Duration::from_secs_f64(ms / 1000.0).as_secs()),
    }
}

fn rounded(seconds: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let Some(first) = UNITS.iter().position(|(size, _)| seconds >= *size) else {
        return "0 s".to_owned();
    };
    let mut rest = seconds;
    let mut parts = Vec::with_capacity(2);
    for (size, unit) in UNITS.iter().skip(first).take(2) {
        if rest >= *size {
            parts.push(format!("{} {unit}", rest / size));
        }
        rest %= size;
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{grouped, measured, rounded, sized, timed};

    #[test]
    fn sizes_of_files_are_in_the_unit_that_fits() {
        assert_eq!(
            [0, 999, 1000, 9_940, 312_400, 999_499, 999_500, 4_204_000, 19_960_000].map(sized),
            ["0 bytes", "999 bytes", "1.0 kB", "9.9 kB", "312 kB", "999 kB", "1.0 MB", "4.2 MB", "20 MB"]
        );
    }

    #[test]
    fn measures_are_as_exact_as_anybody_reads_them() {
        assert_eq!(
            [0.0, 0.04, 0.12, 2.54, 9.96, 1240.4].map(measured),
            ["0", "<0.1", "0.1", "2.5", "10", "1,240"]
        );
        assert_eq!(
            [0.0, 12.3, 999.6, 1400.0, 62_000.0].map(timed),
            ["<1 ms", "12 ms", "1.0 s", "1.4 s", "1 min 2 s"]
        );
    }

    #[test]
    fn counts_are_grouped_by_thousands() {
        assert_eq!(
            [0, 7, 999, 1000, 12_345, 1_234_567].map(grouped),
            ["0", "7", "999", "1,000", "12,345", "1,234,567"]
        );
    }

    #[test]
    fn spans_name_their_two_largest_units() {
        assert_eq!(
            [0, 59, 60, 200, 3600, 90_061].map(rounded),
            ["0 s", "59 s", "1 min", "3 min 20 s", "1 h", "1 d 1 h"]
        );
    }
}
