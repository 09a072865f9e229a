//! HTTP clients: a browser with cookies and an API client.

use std::sync::Arc;

use reqwest::cookie::{CookieStore as _, Jar};
use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use reqwest::multipart::Form;
use reqwest::{Client, Method, RequestBuilder, Url};
use scraper::{ElementRef, Html, Selector};
use serde_json::Value;

/// A response.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) asked: String,
}

impl Answer {
    pub(crate) async fn to(request: RequestBuilder) -> Self {
        Self::try_to(request).await.expect("the site answers")
    }

    pub(crate) async fn try_to(request: RequestBuilder) -> reqwest::Result<Self> {
        let (client, request) = request.build_split();
        let request = request?;
        let asked = format!("{} {}", request.method(), request.url());
        let response = client.execute(request).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // A stream has no end.
        let is_stream = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "text/event-stream");
        let body = if is_stream { Vec::new() } else { response.bytes().await?.to_vec() };
        Ok(Self { status, headers, body, asked })
    }

    /// Panics unless the response has this status.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} was answered with:\n{}", self.asked, self.text());
        self
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{}: {error} in {}", self.asked, self.text()))
    }

    /// A header's text; empty if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where a redirect leads.
    #[track_caller]
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, 303, "{} was answered with:\n{}", self.asked, self.text());
        self.headers[LOCATION.as_str()].to_str().expect("an ASCII address")
    }

    pub(crate) fn html(&self) -> Html {
        Html::parse_document(&self.text())
    }

    /// The texts of all matching elements, with normalised whitespace.
    pub(crate) fn texts(&self, selector: &str) -> Vec<String> {
        let html = self.html();
        html.select(&select(selector)).map(text_of).collect()
    }

    /// An attribute of the first matching element.
    #[track_caller]
    pub(crate) fn attribute(&self, selector: &str, name: &str) -> String {
        let html = self.html();
        let found = html.select(&select(selector)).next().and_then(|element| element.attr(name));
        found
            .unwrap_or_else(|| panic!("{}: no {selector} with {name} in {}", self.asked, self.text()))
            .to_owned()
    }

    pub(crate) fn has(&self, selector: &str) -> bool {
        self.html().select(&select(selector)).next().is_some()
    }

    /// An API error's message and field. Panics unless it has the documented shape and `status` as its code.
    #[track_caller]
    pub(crate) fn error(self, status: u16) -> (String, Option<String>) {
        let answer = self.expect(status);
        let body = answer.json();
        assert_eq!(body["code"], status, "{body}");
        let known = ["code", "message", "field", "id"];
        assert!(
            body.as_object().is_some_and(|fields| fields.keys().all(|key| known.contains(&&**key))),
            "{body}"
        );
        let message = body["message"].as_str().filter(|message| !message.is_empty());
        (message.expect("an error has a message").to_owned(), body["field"].as_str().map(str::to_owned))
    }
}

pub(crate) fn select(selector: &str) -> Selector {
    Selector::parse(selector).expect("a selector")
}

pub(crate) fn text_of(element: ElementRef<'_>) -> String {
    let text: String = element.text().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A client that keeps no cookies and follows no redirects.
pub(crate) fn plain_client() -> Client {
    Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// A browser without scripts, with a cookie jar.
#[derive(Clone)]
pub(crate) struct Pages {
    http: Client,
    jar: Arc<Jar>,
    base: Url,
}

impl Pages {
    pub(crate) fn new(base: &Url) -> Self {
        let jar = Arc::new(Jar::default());
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .cookie_provider(Arc::clone(&jar))
            .build()
            .expect("a client");
        Self { http, jar, base: base.clone() }
    }

    /// Sends this session from now on.
    pub(crate) fn with_session(self, token: &str) -> Self {
        self.keep(&format!("session={token}"));
        self
    }

    /// Sends this cookie from now on.
    pub(crate) fn keep(&self, pair: &str) {
        self.jar.add_cookie_str(&format!("{pair}; Path=/"), &self.base);
    }

    /// The value of a cookie that the browser holds.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let all = self.jar.cookies(&self.base)?;
        let all = all.to_str().ok()?.to_owned();
        all.split("; ")
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
    }

    /// A request without an origin.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.base.join(path).expect("a path"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// A POST like that of a form on the site's pages.
    pub(crate) fn own(&self, path: &str) -> RequestBuilder {
        self.request(Method::POST, path).header("sec-fetch-site", "same-origin")
    }

    pub(crate) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        Answer::to(self.own(path).form(form)).await
    }

    pub(crate) async fn upload(&self, form: Form) -> Answer {
        Answer::to(self.own("/submit").multipart(form)).await
    }

    /// Gives the visitor a cookie with a key, as pages do that are not baked.
    pub(crate) async fn keep_key(&self) {
        self.get("/?rated=0").await.expect(200);
    }

    /// The photo on the rating page and its ballot; `None` if all are rated.
    pub(crate) async fn shown(&self) -> Option<(i64, String)> {
        let page = self.get("/").await.expect(200);
        page.has("[data-photo]").then(|| {
            let photo = page.attribute("[data-photo]", "data-photo").parse().expect("an id");
            (photo, page.attribute("input[name=ballot]", "value"))
        })
    }
}

/// A client of `/api/v1`.
#[derive(Clone)]
pub(crate) struct Api {
    http: Client,
    base: Url,
    token: Option<String>,
}

impl Api {
    pub(crate) fn new(http: Client, base: &Url) -> Self {
        Self { http, base: base.join("/api/v1/").expect("a path"), token: None }
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub(crate) fn token(&self) -> &str {
        self.token.as_deref().expect("it has a token")
    }

    /// A call to a path within `/api/v1`.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let call = self.http.request(method, self.base.join(path.trim_start_matches('/')).expect("a path"));
        match &self.token {
            Some(token) => call.bearer_auth(token),
            None => call,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::to(self.call(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.with_body(Method::POST, path, &body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.with_body(Method::PUT, path, &body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.with_body(Method::PATCH, path, &body)).await
    }

    pub(crate) async fn delete(&self, path: &str, body: Value) -> Answer {
        Answer::to(self.with_body(Method::DELETE, path, &body)).await
    }

    pub(crate) async fn upload(&self, form: Form) -> Answer {
        Answer::to(self.call(Method::POST, "photos").multipart(form)).await
    }

    /// Sends no body for `Value::Null`.
    fn with_body(&self, method: Method, path: &str, body: &Value) -> RequestBuilder {
        let call = self.call(method, path);
        if body.is_null() { call } else { call.json(body) }
    }

    /// Rates photos until none is served. Returns them in the order of serving.
    pub(crate) async fn rate_all(&self, opinion: impl Fn(i64) -> i64) -> Vec<i64> {
        let mut order = Vec::new();
        let first = self.get("rate/next").await;
        let mut next = if first.status == 204 { Value::Null } else { first.expect(200).json() };
        while !next.is_null() {
            let photo = next["photo"]["id"].as_i64().expect("an id");
            assert!(!order.contains(&photo), "photo {photo} was served again after {order:?}");
            order.push(photo);
            let body = serde_json::json!({ "value": opinion(photo), "ballot": next["ballot"] });
            next = self.put(&format!("photos/{photo}/rating"), body).await.expect(200).json()["next"].take();
        }
        order
    }
}
