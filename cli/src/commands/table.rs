//! Aligned columns for the terminal.

use chrono::{DateTime, TimeDelta, Utc};
use pawdium_shared::mask::printable;

/// Formats a time in UTC, to the second.
pub(crate) fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

/// Formats a duration in its two largest units.
pub(crate) fn age(age: TimeDelta) -> String {
    match age.num_seconds().max(0) {
        seconds @ 0..60 => format!("{seconds}s"),
        seconds @ 60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        seconds @ 3600..86_400 => format!("{}h {}m", seconds / 3600, seconds / 60 % 60),
        seconds => format!("{}d {}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// Aligns rows in columns under headings. Control characters are escaped. The last column isn't padded, so it can
/// have any length.
pub(crate) fn table<const N: usize>(headings: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<_> = rows.iter().map(|row| row.each_ref().map(|cell| printable(cell))).collect();
    let mut widths = headings.map(|heading| heading.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: [&str; N]| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    let mut text = line(headings);
    for row in &rows {
        text += &line(row.each_ref().map(AsRef::as_ref));
    }
    text
}

/// Shortens text to one line of at most this many characters.
pub(crate) fn shortened(text: &str, max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max {
        return line;
    }
    line.chars().take(max - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_align_with_their_headings() {
        let rows = [
            ["1".to_owned(), "a long kind".to_owned(), "ä".to_owned()],
            ["22".into(), "b".into(), "c".into()],
        ];
        assert_eq!(
            table(["ID", "KIND", "X"], &rows),
            "ID  KIND         X\n1   a long kind  ä\n22  b            c\n"
        );
    }

    #[test]
    fn control_characters_in_cells_are_escaped() {
        let rows = [["550 \u{1b}[2J\n".to_owned(), "x".to_owned()]];
        assert_eq!(table(["ERROR", "X"], &rows), "ERROR            X\n550 \\u{1b}[2J\\n  x\n");
    }

    #[test]
    fn ages_show_two_units() {
        let seconds = [-5, 59, 3599, 3661, 90_061];
        let ages = seconds.map(|seconds| age(TimeDelta::seconds(seconds)));
        assert_eq!(ages, ["0s", "59s", "59m 59s", "1h 1m", "1d 1h"]);
    }

    #[test]
    fn long_texts_are_cut_at_character_boundaries() {
        assert_eq!(shortened("äöü\n äöü", 7), "äöü äöü");
        assert_eq!(shortened("äöüäöüä", 4), "äöü…");
    }
}
