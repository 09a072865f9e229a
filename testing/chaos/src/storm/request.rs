//! Requests like those of browsers and API clients, and their answers.

use std::convert::Infallible;
use std::time::Duration;

use futures::StreamExt as _;
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, SET_COOKIE};
use reqwest::{Body, Client, Method, RequestBuilder};
use serde_json::Value;
use url::{Url, form_urlencoded};

const BOUNDARY: &str = "chaos-boundary-8e03978e40d5";

/// How the client of a request behaves.
#[derive(Clone, Copy, Debug)]
pub(super) enum Manner {
    /// It waits for the answer.
    Waits,
    /// It disconnects after this time.
    Leaves(Duration),
    /// It sends this many thousandths of the body, and disconnects after this time.
    Cuts(usize, Duration),
}

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    session: Option<String>,
    cookie: Option<String>,
    key: Option<String>,
    body: Option<(String, Vec<u8>)>,
}

impl Request {
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), session: None, cookie: None, key: None, body: None }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    /// Adds a session: as a bearer token for the API, and as a cookie otherwise.
    pub(super) fn by(self, session: &str) -> Self {
        Self { session: Some(session.to_owned()), ..self }
    }

    /// Adds the cookies of an answer.
    pub(super) fn with_cookies(self, cookies: &str) -> Self {
        Self { cookie: Some(cookies.to_owned()).filter(|cookies| !cookies.is_empty()), ..self }
    }

    /// Adds an idempotency key.
    pub(super) fn once(self, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..self }
    }

    pub(super) fn json(self, value: &Value) -> Self {
        Self { body: Some(("application/json".to_owned(), value.to_string().into_bytes())), ..self }
    }

    pub(super) fn form(self, fields: &[(&str, &str)]) -> Self {
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Self { body: Some(("application/x-www-form-urlencoded".to_owned(), text.into_bytes())), ..self }
    }

    /// Adds a form with a file.
    pub(super) fn upload(self, fields: &[(&str, &str)], file: &[u8]) -> Self {
        let mut body = Vec::new();
        for (name, value) in fields {
            let part =
                format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend(part.into_bytes());
        }
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"photo\"; filename=\"photo.jpg\"\r\n\
             content-type: image/jpeg\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend_from_slice(file);
        body.extend(format!("\r\n--{BOUNDARY}--\r\n").into_bytes());
        Self { body: Some((format!("multipart/form-data; boundary={BOUNDARY}"), body)), ..self }
    }

    /// Adds an archive.
    pub(super) fn archive(self, archive: Vec<u8>) -> Self {
        Self { body: Some(("application/zip".to_owned(), archive)), ..self }
    }

    /// Builds the request for a web process, with the client's address as a proxy sends it.
    pub(super) fn build(&self, http: &Client, web: &Url, address: &str, manner: Manner) -> RequestBuilder {
        let url = web.join(&self.path).unwrap_or_else(|_| web.clone());
        let mut request = http.request(self.method.clone(), url).header("x-forwarded-for", address);
        let mut cookies = self.cookie.clone().unwrap_or_default();
        match &self.session {
            Some(session) if self.path.starts_with("/api/") => request = request.bearer_auth(session),
            Some(session) => cookies = format!("session={session}"),
            None => {}
        }
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        if self.method != Method::GET {
            request = request.header("sec-fetch-site", "same-origin");
        }
        if let Some(key) = &self.key {
            request = request.header("idempotency-key", format!("\"{key}\""));
        }
        let Some((kind, body)) = &self.body else { return request };
        request = request.header(CONTENT_TYPE, kind);
        match manner {
            Manner::Cuts(thousandths, _) => {
                let part = body[..body.len() * thousandths / 1000].to_vec();
                let endless = futures::stream::once(async { Ok::<_, Infallible>(part) });
                let endless = endless.chain(futures::stream::pending());
                request.header(CONTENT_LENGTH, body.len()).body(Body::wrap_stream(endless))
            }
            Manner::Waits | Manner::Leaves(_) => request.body(body.clone()),
        }
    }

    pub(super) fn has_body(&self) -> bool {
        self.body.is_some()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(super) async fn to(request: RequestBuilder) -> reqwest::Result<Self> {
        let response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Ok(Self { status, headers, body: response.bytes().await?.to_vec() })
    }

    pub(super) fn is(&self, status: u16) -> bool {
        self.status == status
    }

    /// The body as JSON; null if it is not JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The target of a redirect; empty if it is none.
    pub(super) fn location(&self) -> &str {
        self.headers.get("location").and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The cookies that it sets, in the form in which they are sent back.
    pub(super) fn cookies(&self) -> String {
        let set = self.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = set.filter_map(|set| set.split(';').next());
        pairs.filter(|pair| !pair.ends_with('=')).collect::<Vec<_>>().join("; ")
    }

    /// All texts between `begin` and `end` in the body.
    pub(super) fn between(&self, begin: &str, end: &str) -> Vec<String> {
        let text = self.text();
        let found = text.split(begin).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0.to_owned()));
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_between_two_others_are_found() {
        let body = b"<a data-photo=\"7\"> <a data-photo=\"12\"> <a data-photo=\"".to_vec();
        let answer = Answer { status: 200, headers: HeaderMap::new(), body };
        assert_eq!(answer.between("data-photo=\"", "\""), ["7", "12"]);
    }
}
