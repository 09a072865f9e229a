//! Which topic a request is about.

use axum::http::Uri;
use pawdium_shared::photos::tag::key_of;
use pawdium_shared::topics::{FoundTopic, Tag, Topic, path, queries, together};

use crate::error::Error;
use crate::state::App;

/// Finds the topic that a word leads to. A topic without live photos is none: drafts may have it.
///
/// # Errors
/// When the database fails.
pub async fn find(app: &App, word: &str) -> Result<Option<FoundTopic>, Error> {
    let key = key_of(word);
    if key.is_empty() {
        return Ok(None);
    }
    let found = queries::find(&mut *app.db.acquire().await?, &key).await?;
    let found = found.filter(|found| found.topic.photos > 0);
    Ok(found.map(|found| FoundTopic { is_own: found.is_own && key == word, ..found }))
}

/// Finds the topic at its own address. `uri` is the request's own: `OriginalUri`.
///
/// # Errors
/// [`Error::Moved`] if the word leads to a topic at another address, and [`Error::NotFound`].
pub async fn find_at(app: &App, word: &str, uri: &Uri) -> Result<Topic, Error> {
    let found = find(app, word).await?.ok_or(Error::NotFound)?;
    if found.is_own { Ok(found.topic) } else { Err(Error::Moved(moved(uri, &found.topic.key))) }
}

/// The path and query with another word after `topics`.
fn moved(uri: &Uri, key: &str) -> String {
    let (before, after) = uri.path().split_once("/topics/").unwrap_or_default();
    let rest = after.split_once('/').map_or_else(String::new, |(_, rest)| format!("/{rest}"));
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    format!("{before}{}{rest}{query}", path(key))
}

/// Reads the words of `with`.
fn read_words(text: &str) -> Result<Vec<Tag>, Error> {
    let refuse = |message: String| Error::Field { field: "with", message };
    let mut tags: Vec<Tag> = Vec::new();
    for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let tag = Tag::new(word).ok_or_else(|| {
            refuse(
                "Name topics, which are words of up to 30 letters, digits or hyphens, between commas."
                    .to_owned(),
            )
        })?;
        if tags.iter().all(|known| known.key() != tag.key()) {
            tags.push(tag);
        }
        if tags.len() >= together::MOST_TOPICS {
            return Err(refuse(format!("Combine at most {} topics.", together::MOST_TOPICS)));
        }
    }
    Ok(tags)
}

/// Finds the topics that `with` names, separated by commas.
///
/// # Errors
/// Names the field if there is no such topic, or if there are too many.
pub async fn find_with(app: &App, text: &str) -> Result<Vec<Topic>, Error> {
    let tags = read_words(text)?;
    let mut topics: Vec<Topic> = Vec::new();
    if tags.is_empty() {
        return Ok(topics);
    }
    let mut db = app.db.acquire().await?;
    for tag in tags {
        let found = queries::find(&mut db, tag.key()).await?.filter(|found| found.topic.photos > 0);
        let found = found.ok_or_else(|| Error::Field {
            field: "with",
            message: format!("There is no topic “{}”.", tag.name()),
        })?;
        if topics.iter().all(|known| known.id != found.topic.id) {
            topics.push(found.topic);
        }
    }
    Ok(topics)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_word_of_a_path_changes() {
        for (before, after) in [
            ("/topics/cats", "/topics/z%C3%B6"),
            ("/topics/Cats/feed.atom", "/topics/z%C3%B6/feed.atom"),
            ("/topics/cats?sort=top&page=2", "/topics/z%C3%B6?sort=top&page=2"),
            ("/api/v1/topics/cats?with=a", "/api/v1/topics/z%C3%B6?with=a"),
        ] {
            assert_eq!(moved(&before.parse().expect("a URI"), "zö"), after);
        }
    }

    #[test]
    fn with_names_a_few_words() {
        let keys = |text| read_words(text).map(|tags| tags.iter().map(|tag| tag.key().to_owned()).collect());
        assert_eq!(keys("").ok(), Some(Vec::<String>::new()));
        assert_eq!(keys("Sofa,,sofa, Blep ").ok(), Some(vec!["sofa".to_owned(), "blep".to_owned()]));
        let fifty: Vec<_> = (0..50).map(|number| format!("x{number}")).collect();
        for text in ["<b>", "a,b,c,d,e", &fifty.join(",")] {
            assert_eq!(
                read_words(text).map_err(|error| error.field().map(str::to_owned)).err().flatten(),
                Some("with".to_owned())
            );
        }
    }
}
