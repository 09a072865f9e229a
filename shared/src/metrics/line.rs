//! InfluxDB's line protocol, version 2 (<https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/>).

use std::fmt::Write as _;

use chrono::{DateTime, Utc};

/// A point: measurement, tags, fields and time.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    measurement: &'static str,
    tags: Vec<(&'static str, String)>,
    fields: Vec<(&'static str, Field)>,
    at: DateTime<Utc>,
}

/// A field's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field {
    /// A count, written as an integer.
    Integer(i64),
    /// A measured value. Values that are not finite are omitted, because the protocol can't express them.
    Float(f64),
}

impl Point {
    /// A point without tags and fields.
    #[must_use]
    pub fn new(measurement: &'static str, at: DateTime<Utc>) -> Self {
        Self { measurement, tags: Vec::new(), fields: Vec::new(), at }
    }

    /// Adds a tag. Its value comes from a closed set; an empty one is omitted.
    #[must_use]
    pub fn tag(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.tags.push((key, value.into()));
        self
    }

    /// Adds a count.
    #[must_use]
    pub fn integer(mut self, key: &'static str, value: i64) -> Self {
        self.fields.push((key, Field::Integer(value)));
        self
    }

    /// Adds a measured value.
    #[must_use]
    pub fn float(mut self, key: &'static str, value: f64) -> Self {
        self.fields.push((key, Field::Float(value)));
        self
    }
}

/// Encodes points as lines with timestamps in whole seconds. Omits points without fields.
#[must_use]
pub fn encode(points: &[Point]) -> String {
    let mut text = String::new();
    for point in points {
        let fields: Vec<String> =
            point.fields.iter().filter_map(|(key, value)| encode_field(key, *value)).collect();
        if fields.is_empty() {
            continue;
        }
        text.push_str(&escape(point.measurement, &[',', ' ']));
        for (key, value) in point.tags.iter().filter(|(_, value)| !value.is_empty()) {
            let special = [',', '=', ' '];
            let _ = write!(text, ",{}={}", escape(key, &special), escape(value, &special));
        }
        let _ = writeln!(text, " {} {}", fields.join(","), point.at.timestamp());
    }
    text
}

fn encode_field(key: &str, value: Field) -> Option<String> {
    let key = escape(key, &[',', '=', ' ']);
    match value {
        Field::Integer(value) => Some(format!("{key}={value}i")),
        Field::Float(value) => value.is_finite().then(|| format!("{key}={value}")),
    }
}

/// Escapes special characters with backslashes. Line breaks have no escape and become spaces. A backslash at the end is
/// dropped, because it would escape the delimiter.
fn escape(text: &str, special: &[char]) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.trim_end_matches('\\').chars() {
        let c = if c == '\n' || c == '\r' { ' ' } else { c };
        if special.contains(&c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 5).expect("in range")
    }

    #[test]
    fn two_dogs_and_one_cat_are_two_lines() {
        let points = [("dog", 2), ("cat", 1)].map(|(species, count)| {
            Point::new("photos", at()).tag("species", species).integer("count", count)
        });
        assert_eq!(
            encode(&points),
            "photos,species=dog count=2i 1800000000\nphotos,species=cat count=1i 1800000000\n"
        );
    }

    #[test]
    fn special_characters_are_escaped() {
        let point = Point::new("m", at()).tag("t", "a b,c=d\\").float("f", 0.5).integer("i", -1);
        assert_eq!(encode(&[point]), "m,t=a\\ b\\,c\\=d f=0.5,i=-1i 1800000000\n");
    }

    #[test]
    fn a_point_that_says_nothing_is_left_out() {
        assert_eq!(encode(&[Point::new("m", at()).float("f", f64::NAN)]), "");
    }

    proptest! {
        #[test]
        fn no_tag_value_breaks_out_of_its_line(value in "\\PC*|.*\\n.*") {
            let text = encode(&[Point::new("m", at()).tag("t", value).integer("i", 1)]);
            prop_assert_eq!(text.matches('\n').count(), 1);
            prop_assert!(text.ends_with(" i=1i 1800000000\n"));
        }
    }
}
