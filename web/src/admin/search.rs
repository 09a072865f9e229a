//! Turns the search form into a filter.

use pawdium_queue::JobId;
use pawdium_queue::Subject;
use pawdium_queue::inspect::{Filter, JobState, is_searchable};
use pawdium_shared::accounts::queries;
use pawdium_shared::ids::{PhotoId, UserId};
use pawdium_shared::jobs::KINDS;
use pawdium_shared::mask::mask;
use pawdium_shared::operate;
use serde::Deserialize;
use sqlx::PgConnection;

use crate::error::Error;
use crate::views::Field;
use crate::views::admin::SearchFields;

/// The longest text to search for, in characters.
const LONGEST: usize = 200;

/// The search form, from a query or from the body of a bulk act.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Search {
    id: String,
    state: String,
    kind: String,
    member: String,
    photo: String,
    error: String,
    group: String,
}

/// A parsed search.
#[derive(Clone, Debug)]
pub struct Read {
    /// The form as filled in, with its errors.
    pub fields: SearchFields,
    /// The filter; `None` if a field is invalid.
    pub filter: Option<Filter>,
}

impl Search {
    /// Parses the form. Looks up a member by name, then by id. Viewers who can't see addresses can't search for them
    /// either.
    pub async fn read(self, db: &mut PgConnection, reads_addresses: bool) -> Result<Read, Error> {
        let member = match self.member.trim() {
            "" => Ok(None),
            text => find_member(db, text).await?.map(Some).ok_or("No member has this name or number."),
        };
        let id = number(&self.id).map(|id| id.map(JobId));
        let photo = number(&self.photo).map(|id| id.map(PhotoId));
        let state = match self.state.trim() {
            "" => Ok(None),
            text => text.parse::<JobState>().map(Some).map_err(|_| "Choose one of the states."),
        };
        let kind = text(&self.kind);
        let error = text(&self.error).and_then(|text| match text {
            Some(text) if !is_searchable(&text) => Err("Enter at least three letters or digits in a row."),
            text => Ok(text),
        });
        // A group matches the stored error exactly.
        let may_ask = |group: &str| reads_addresses || mask(group) == group;
        let group = Some(self.group.clone())
            .filter(|group| !group.is_empty() && !group.contains('\0') && may_ask(group));
        let fields = SearchFields {
            id: field(&self.id, &id),
            state: field(&self.state, &state),
            kind: field(&self.kind, &kind),
            member: field(&self.member, &member),
            photo: field(&self.photo, &photo),
            error: field(&self.error, &error),
            group: group.clone().unwrap_or_default(),
            kinds: kinds(self.kind.trim()),
        };
        let filter = match (id, state, kind, member, photo, error) {
            (Ok(id), Ok(state), Ok(kind), Ok(member), Ok(photo), Ok(error)) => Some(Filter {
                id,
                state,
                kind,
                subject: photo.map(|photo| Subject::from(photo).to_string()),
                party: match member {
                    Some(member) => Some(operate::party(db, member).await?),
                    None => None,
                },
                error,
                error_group: group,
                is_masked: !reads_addresses,
                ..Filter::default()
            }),
            _ => None,
        };
        Ok(Read { fields, filter })
    }
}

fn field<T>(value: &str, read: &Result<T, &'static str>) -> Field {
    // Show the value again without NUL characters.
    let value = value.trim().replace('\0', "\u{fffd}");
    match read {
        Ok(_) => Field::of(value),
        Err(refusal) => Field::refused(value, *refusal),
    }
}

fn number(text: &str) -> Result<Option<i64>, &'static str> {
    match text.trim().trim_start_matches('#') {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(|_| "Enter a number."),
    }
}

fn text(text: &str) -> Result<Option<String>, &'static str> {
    match text.trim() {
        "" => Ok(None),
        text if text.contains('\0') => Err("Remove the invalid character."),
        text if text.chars().count() > LONGEST => Err("Use at most 200 characters."),
        text => Ok(Some(text.to_owned())),
    }
}

async fn find_member(db: &mut PgConnection, text: &str) -> Result<Option<UserId>, Error> {
    if text.contains('\0') {
        return Ok(None);
    }
    if let Some(user) = queries::find_by_name(&mut *db, text).await? {
        return Ok(Some(user.id));
    }
    let Ok(id) = text.trim_start_matches('#').parse() else { return Ok(None) };
    Ok(queries::find(db, id).await?.map(|user| user.id))
}

/// All kinds, including the chosen one.
fn kinds(chosen: &str) -> Vec<String> {
    let mut kinds: Vec<_> = KINDS.iter().map(|(_, kind)| (*kind).to_owned()).collect();
    if !chosen.is_empty() && !chosen.contains('\0') && !kinds.iter().any(|kind| kind == chosen) {
        kinds.push(chosen.to_owned());
    }
    kinds.sort();
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_numbers_with_or_without_a_hash() {
        assert_eq!(number(" #12 "), Ok(Some(12)));
        assert_eq!(number(""), Ok(None));
        for bad in ["x", "1.5", "99999999999999999999", "1\0"] {
            assert!(number(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn texts_are_bounded_and_have_no_nul() {
        assert_eq!(text(" a "), Ok(Some("a".to_owned())));
        assert!(text("a\0b").is_err());
        assert!(text(&"x".repeat(201)).is_err());
    }
}
