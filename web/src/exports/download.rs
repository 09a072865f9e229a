//! Downloading an archive. A download that breaks can go on where it was.

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
    IF_RANGE,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::headers::{HeaderMapExt as _, Range};
use pawdium_shared::exports::{self, Archive};
use pawdium_shared::ids::ExportId;
use pawdium_shared::store::StoredPicture;

use crate::accounts::factors::confirm::prove_by_call;
use crate::accounts::factors::{must_prove, or_confirm_for};
use crate::api::caller::Caller;
use crate::error::Error;
use crate::http::client::Client;
use crate::http::extract::Path;
use crate::http::ranges::Wanted;
use crate::http::visitor::Visitor;
use crate::state::App;

/// The header in which a program sends a code of the authenticator app, or a recovery code.
const CODE: &str = "pawdium-code";

/// `GET /exports/{export}`: the archive, for the member whose it is, in a browser or with a token. If the account has a
/// second factor, it takes a fresh proof, as asking for the archive does. A download that goes on takes none: it names
/// the tag that it began with, which is the archive's key, and nobody can guess that.
pub async fn archive(
    State(app): State<App>,
    caller: Option<Caller>,
    visitor: Visitor,
    client: Client,
    jar: CookieJar,
    Path(export): Path<ExportId>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (visitor, calls) = match caller {
        Some(caller) => (caller.visitor(), true),
        None => (visitor, false),
    };
    let Some(user) = &visitor.user else {
        return Ok(Redirect::to(&format!("/login?next=%2Fexports%2F{export}")).into_response());
    };
    let found = exports::find_archive(&mut *app.db.acquire().await?, export, user.id).await?;
    let found = found.ok_or(Error::NotFound)?;
    let tag = HeaderValue::from_str(&format!("\"{}\"", found.key)).map_err(anyhow::Error::from)?;
    let known = headers.get(IF_RANGE);
    if known != Some(&tag) {
        let code = headers.get(CODE).and_then(|code| code.to_str().ok());
        if calls {
            prove_by_call(&app, &visitor, client, code).await?;
        } else if must_prove(&mut *app.db.acquire().await?, &visitor).await? {
            return or_confirm_for(jar, "/settings/account", Err(Error::Unproven));
        }
    }
    let name = file_name(user.name.as_deref().unwrap_or_default(), &found);
    let disposition = format!("attachment; filename=\"{name}\"");
    let disposition = HeaderValue::from_str(&disposition).map_err(anyhow::Error::from)?;
    let range = headers.typed_try_get::<Range>().ok().flatten();
    let range = range.filter(|_| known.is_none_or(|known| *known == tag));
    let kept = [
        (ETAG, tag),
        (CONTENT_DISPOSITION, disposition),
        (CONTENT_TYPE, HeaderValue::from_static("application/zip")),
        (CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        (ACCEPT_RANGES, HeaderValue::from_static("bytes")),
    ];
    let sent = send(&app, &found, range.as_ref()).await?;
    Ok((kept, sent.ok_or(Error::NotFound)?).into_response())
}

/// What the member's browser calls the file.
fn file_name(name: &str, archive: &Archive) -> String {
    format!("pawdium-{name}-{}.zip", archive.requested_at.format("%Y-%m-%d"))
}

async fn send(app: &App, archive: &Archive, range: Option<&Range>) -> Result<Option<Response>, Error> {
    let open = async |range| app.store.get_export(&archive.key, range).await.map_err(anyhow::Error::from);
    Ok(match range.map_or(Wanted::Whole, |range| Wanted::of(range, archive.bytes)) {
        Wanted::Whole => open(None).await?.map(whole),
        Wanted::Part(range) => open(Some(range)).await?.map(part),
        Wanted::Beyond => {
            let place = [(CONTENT_RANGE, format!("bytes */{}", archive.bytes))];
            Some((StatusCode::RANGE_NOT_SATISFIABLE, place).into_response())
        }
    })
}

fn whole(found: StoredPicture) -> Response {
    let length = (CONTENT_LENGTH, HeaderValue::from(found.size));
    ([length], Body::from_stream(found.content)).into_response()
}

fn part(found: StoredPicture) -> Response {
    let StoredPicture { size, range, content, .. } = found;
    let length = (CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    let place = format!("bytes {}-{}/{size}", range.start, range.end - 1);
    let body = Body::from_stream(content);
    (StatusCode::PARTIAL_CONTENT, [length], [(CONTENT_RANGE, place)], body).into_response()
}
