//! Serving pictures. Their names are made of their content, so whoever has one may keep it for good.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum_extra::headers::{ETag, Header, HeaderMapExt as _, IfNoneMatch, Range};
use pawdium_shared::store::{MediaKey, MediaStore, StoredPicture};

use crate::error::Error;
use crate::http::extract::Path;
use crate::state::App;

/// A browser that has a picture keeps it; caches that serve it to others ask every five minutes whether it is still there,
/// for it may have been taken down.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, s-maxage=300, immutable");

/// `GET /media/{*key}`: streamed from the store; one range of it, if that is asked for.
pub async fn serve(
    State(app): State<App>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let key: MediaKey = key.parse().map_err(|_| Error::NotFound)?;
    let text = format!("\"{key}\"");
    let tag: ETag = text.parse().map_err(|_| Error::NotFound)?;
    let text = HeaderValue::from_str(&text).map_err(anyhow::Error::from)?;
    let has_it = read::<IfNoneMatch>(&headers).is_some_and(|known| !known.precondition_passes(&tag));
    let range = read::<Range>(&headers).filter(|_| headers.get(IF_RANGE).is_none_or(|tag| *tag == text));
    let part = match range {
        Some(range) if !has_it => Part::of(&app.store, &key, &range).await?,
        // Whoever has a picture that was taken down hears that it is gone.
        _ if has_it => app.store.find_picture(&key).await.map_err(anyhow::Error::from)?.map(|_| Part::Known),
        _ => open(&app.store, &key, None).await?.map(Part::Whole),
    };
    let caching =
        [(ETAG, text), (CACHE_CONTROL, FOR_GOOD), (ACCEPT_RANGES, HeaderValue::from_static("bytes"))];
    Ok((caching, part.ok_or(Error::NotFound)?.answer()).into_response())
}

/// How much of a picture is asked for.
enum Part {
    /// None of it: the visitor has it.
    Known,
    Whole(StoredPicture),
    Range(StoredPicture),
    /// What it doesn't have; so many bytes there are.
    Beyond(u64),
}

impl Part {
    /// The one range that is asked for; of several, or of none that makes sense, the whole picture.
    async fn of(store: &MediaStore, key: &MediaKey, range: &Range) -> Result<Option<Self>, Error> {
        let Some(found) = store.find_picture(key).await.map_err(anyhow::Error::from)? else {
            return Ok(None);
        };
        let ranges: Vec<_> = range.satisfiable_ranges(found.size).collect();
        let [(start, end)] = ranges[..] else {
            return Ok(open(store, key, None).await?.map(Self::Whole));
        };
        let start = match start {
            std::ops::Bound::Included(start) => start,
            std::ops::Bound::Excluded(_) | std::ops::Bound::Unbounded => 0,
        };
        let end = match end {
            std::ops::Bound::Included(last) => found.size.min(last.saturating_add(1)),
            std::ops::Bound::Excluded(_) | std::ops::Bound::Unbounded => found.size,
        };
        if start >= end {
            return Ok(Some(Self::Beyond(found.size)));
        }
        Ok(open(store, key, Some(start..end)).await?.map(Self::Range))
    }

    fn answer(self) -> Response {
        let jpeg = (CONTENT_TYPE, HeaderValue::from_static("image/jpeg"));
        match self {
            Self::Known => StatusCode::NOT_MODIFIED.into_response(),
            Self::Whole(picture) => {
                let length = (CONTENT_LENGTH, HeaderValue::from(picture.size));
                ([jpeg, length], Body::from_stream(picture.content)).into_response()
            }
            Self::Range(StoredPicture { size, range, content, .. }) => {
                let length = (CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
                let place = format!("bytes {}-{}/{size}", range.start, range.end - 1);
                let body = Body::from_stream(content);
                (StatusCode::PARTIAL_CONTENT, [jpeg, length], [(CONTENT_RANGE, place)], body).into_response()
            }
            Self::Beyond(size) => {
                let place = [(CONTENT_RANGE, format!("bytes */{size}"))];
                (StatusCode::RANGE_NOT_SATISFIABLE, place).into_response()
            }
        }
    }
}

/// A header; one that can't be read counts as absent.
fn read<H: Header>(headers: &HeaderMap) -> Option<H> {
    headers.typed_try_get().ok().flatten()
}

async fn open(
    store: &MediaStore,
    key: &MediaKey,
    range: Option<std::ops::Range<u64>>,
) -> Result<Option<StoredPicture>, Error> {
    Ok(store.get_picture(key, range).await.map_err(anyhow::Error::from)?)
}
