//! Records of the actual outcomes where several are allowed: `outcomes/`, one file per test.

use std::collections::BTreeMap;

/// The actual outcome of one file.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    /// Its number within a series of the same name.
    pub(crate) number: Option<usize>,
    pub(crate) end: String,
}

/// Asserts that the outcomes equal the named record.
pub(crate) fn compare(record: &str, outcomes: &[Outcome]) {
    insta::with_settings!({
        snapshot_path => "outcomes",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(record, lines(outcomes));
    });
}

/// One line per file, by name; for a series, one line per outcome.
fn lines(outcomes: &[Outcome]) -> String {
    let mut ends: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for Outcome { name, number, end } in outcomes {
        ends.entry(format!("{name}: {end}")).or_default().extend(*number);
    }
    let line = |(end, mut numbers): (String, Vec<usize>)| {
        if numbers.is_empty() {
            return end;
        }
        numbers.sort_unstable();
        let listed: Vec<String> = numbers.iter().map(usize::to_string).collect();
        format!("{end} ({}): {}", numbers.len(), listed.join(" "))
    };
    ends.into_iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_series_has_one_line_per_outcome() {
    let outcome =
        |name: &str, number, end: &str| Outcome { name: name.to_owned(), number, end: end.to_owned() };
    let outcomes = [
        outcome("flips", Some(10), "damaged"),
        outcome("a palette", None, "rendered"),
        outcome("flips", Some(7), "rendered"),
        outcome("flips", Some(9), "damaged"),
    ];
    let expected = "a palette: rendered\nflips: damaged (2): 9 10\nflips: rendered (1): 7";
    assert_eq!(lines(&outcomes), expected);
}
