//! What is measured. Each case asks the site's own functions, with other words each time.

use std::time::Duration;

use anyhow::{Context as _, Result};
use pawdium_shared::ids::{CaseId, CommentId};
use pawdium_shared::moderation::review::queue::Place;
use pawdium_shared::search::{Words, queries as search};
use pawdium_shared::topics::{FoundTopic, Topic, queries, together};
use sqlx::PgConnection;

use crate::comments::{self, Commented};
use crate::reports;

/// How long photos with several topics may take.
const TOGETHER: Duration = Duration::from_millis(20);

/// How long a search may take.
const SEARCH: Duration = Duration::from_millis(50);

/// How long a page of comments may take: as long as a search.
const COMMENTS: Duration = SEARCH;

/// How long a page of the review may take.
const REVIEW: Duration = Duration::from_millis(200);

/// A kind of request.
pub(crate) struct Case {
    /// What it measures.
    pub(crate) name: &'static str,
    /// How long 95 in 100 may take at most.
    pub(crate) limit: Duration,
    /// What is asked.
    pub(crate) asks: Ask,
}

/// What is asked, in turn.
pub(crate) enum Ask {
    /// Photos that have all of these topics.
    Together(Vec<Vec<Topic>>),
    /// A search for photos.
    Photos(Vec<Words>),
    /// A search for topics.
    Topics(Vec<Words>),
    /// A page of the comments on a photo, after each of these threads.
    Comments(Commented, Vec<Option<CommentId>>),
    /// A page of the review queue, after each of these places: of all cases, or of those about comments.
    Queue(Option<&'static str>, Vec<Option<Place>>),
    /// The page of each of these cases.
    Cases(Vec<CaseId>),
}

impl Ask {
    /// How many different ones there are.
    pub(crate) const fn len(&self) -> usize {
        match self {
            Self::Together(asks) => asks.len(),
            Self::Photos(words) | Self::Topics(words) => words.len(),
            Self::Comments(_, threads) => threads.len(),
            Self::Queue(_, places) => places.len(),
            Self::Cases(cases) => cases.len(),
        }
    }

    /// Asks one of them. Returns how much was found.
    pub(crate) async fn ask(&self, db: &mut PgConnection, number: usize) -> Result<usize> {
        let number = number % self.len();
        Ok(match self {
            Self::Together(asks) => together::list(db, &asks[number]).await?.len(),
            Self::Photos(words) => search::find_photos(db, &words[number]).await?.len(),
            Self::Topics(words) => search::find_topics(db, &words[number], 12).await?.len(),
            Self::Comments(on, threads) => comments::page(db, *on, threads[number]).await?.len(),
            Self::Queue(about, places) => reports::page(db, *about, places[number]).await?,
            Self::Cases(cases) => reports::case(db, cases[number]).await?,
        })
    }
}

/// All cases, for the site that was seeded.
pub(crate) async fn all(db: &mut PgConnection, commented: Commented) -> Result<Vec<Case>> {
    let words: Vec<String> =
        sqlx::query_scalar("select key from topics order by id").fetch_all(&mut *db).await?;
    let mut topics = Vec::new();
    // From the most used to the least, each the double of the one before.
    for word in (0..)
        .map(|power| 1_usize << power)
        .take_while(|place| *place <= words.len())
        .map(|place| &words[place - 1])
    {
        let FoundTopic { topic, .. } = queries::find(db, word).await?.context("it was seeded")?;
        topics.push(topic);
    }
    let mut pairs = Vec::new();
    let mut triples = Vec::new();
    for (place, one) in topics.iter().enumerate() {
        for other in &topics[place + 1..] {
            pairs.push(vec![one.clone(), other.clone()]);
            triples.push(vec![one.clone(), other.clone(), topics[0].clone()]);
        }
    }
    let word = |place: usize| words[place.min(words.len()) - 1].as_str();
    let rare: Vec<_> = [300, 700, 1500, 3000].map(|place| Words::of(word(place))).into();
    let common: Vec<_> = [1, 2, 3, 5, 8].map(|place| Words::of(word(place))).into();
    let several: Vec<_> = [(1, 2), (1, 40), (7, 90), (2, 900)]
        .map(|(one, other)| Words::of(&format!("{} {}", word(one), word(other))))
        .into();
    let parts: Vec<_> = ["ka", "mifi", "cat1", "nose", "zo"].map(Words::of).into();
    let pages = comments::list_pages(db, commented).await?;
    let places = reports::list_places(db).await?;
    let queued = reports::list_cases(db).await?;
    Ok(vec![
        Case { name: "photos with two topics", limit: TOGETHER, asks: Ask::Together(pairs) },
        Case { name: "photos with three topics", limit: TOGETHER, asks: Ask::Together(triples) },
        Case { name: "search for a rare word", limit: SEARCH, asks: Ask::Photos(rare) },
        Case { name: "search for a common word", limit: SEARCH, asks: Ask::Photos(common) },
        Case { name: "search for two words", limit: SEARCH, asks: Ask::Photos(several) },
        Case { name: "search for topics", limit: SEARCH, asks: Ask::Topics(parts) },
        Case { name: "a page of comments", limit: COMMENTS, asks: Ask::Comments(commented, pages) },
        Case { name: "review queue", limit: REVIEW, asks: Ask::Queue(None, places.clone()) },
        Case { name: "review queue of comments", limit: REVIEW, asks: Ask::Queue(Some("comment"), places) },
        Case { name: "a case", limit: REVIEW, asks: Ask::Cases(queued) },
    ])
}
