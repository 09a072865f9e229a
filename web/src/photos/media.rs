//! Serving pictures. Their names are derived from their content, so they can be cached for good.

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
use crate::http::ranges::Wanted;
use crate::state::App;

/// Browsers may keep a picture for good. Shared caches must revalidate every five minutes, because the photo may have
/// been hidden.
const FOR_GOOD: HeaderValue = HeaderValue::from_static("public, max-age=31536000, s-maxage=300, immutable");

/// `GET /media/{*key}`: streams a picture, or the requested range of it, from the store.
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
        // Answer 404 even to clients that have a cached copy of a deleted picture.
        _ if has_it => app.store.find_picture(&key).await.map_err(anyhow::Error::from)?.map(|_| Part::Known),
        _ => open(&app.store, &key, None).await?.map(Part::Whole),
    };
    let caching =
        [(ETAG, text), (CACHE_CONTROL, FOR_GOOD), (ACCEPT_RANGES, HeaderValue::from_static("bytes"))];
    Ok((caching, part.ok_or(Error::NotFound)?.answer()).into_response())
}

/// The part of a picture to send.
enum Part {
    /// Nothing: the client's copy is current.
    Known,
    Whole(StoredPicture),
    Range(StoredPicture),
    /// An unsatisfiable range of a file of that size.
    Beyond(u64),
}

impl Part {
    /// The requested range. The whole picture if there are several ranges or an invalid one.
    async fn of(store: &MediaStore, key: &MediaKey, range: &Range) -> Result<Option<Self>, Error> {
        let Some(found) = store.find_picture(key).await.map_err(anyhow::Error::from)? else {
            return Ok(None);
        };
        Ok(match Wanted::of(range, found.size) {
            Wanted::Whole => open(store, key, None).await?.map(Self::Whole),
            Wanted::Part(range) => open(store, key, Some(range)).await?.map(Self::Range),
            Wanted::Beyond => Some(Self::Beyond(found.size)),
        })
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

/// Reads a header. An invalid one counts as absent.
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
