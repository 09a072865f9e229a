//! The record of how the files end for which more than one end is right: `outcomes/`, a file for each test.

use std::collections::BTreeMap;

/// How one of those files ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    /// Which of its series it is, where many files share a name.
    pub(crate) number: Option<usize>,
    pub(crate) end: String,
}

/// Asserts that the files ended as they did when the record of that name was written.
pub(crate) fn compare(record: &str, outcomes: &[Outcome]) {
    insta::with_settings!({
        snapshot_path => "outcomes",
        prepend_module_to_snapshot => false,
        omit_expression => true,
    }, {
        insta::assert_snapshot!(record, lines(outcomes));
    });
}

/// A line for each file, by name; for a series, one for each end that any of it came to.
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
fn a_series_has_a_line_for_each_of_its_ends() {
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
