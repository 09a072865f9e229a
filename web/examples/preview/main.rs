//! Serves every page with made-up data, to look at the design without a database:
//! `cargo run -p pawdium-web --example preview -- 8099`, then open `/all`.

mod sample;

use std::convert::Infallible;
use std::time::Duration;

use anyhow::Context;
use askama::Template;
use axum::extract::{Form, Multipart, Path, Query, Request};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::sse::{Event, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures::Stream;
use futures::StreamExt;
use pawdium_web::assets;
use pawdium_web::views::Theme;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_stream::wrappers::IntervalStream;

use sample::Samples;

const POLICY: &str =
    "default-src 'self'; img-src 'self' data: blob:; base-uri 'none'; frame-ancestors 'none'";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let port =
        std::env::args().nth(1).map_or(Ok(8099), |port| port.parse::<u16>()).context("a port number")?;
    let app = Router::new()
        .route("/all", get(all))
        .route("/assets/{version}/{*path}", get(assets::serve))
        .route("/sample/{file}", get(picture))
        .route("/photos/{id}/rating", post(rate))
        .route("/rate/ahead", get(async || StatusCode::NO_CONTENT))
        .route(
            "/photos/{id}/share",
            post(async || Json(json!({ "url": "http://127.0.0.1:8080/s/kX3v9QmT2b" }))),
        )
        .route("/photos/{id}/status", get(status))
        .route("/live", get(live))
        .route("/submit", get(page).post(submit))
        .route("/api/v1/openapi.json", get(async || Json(openapi())))
        .fallback(page)
        .layer(from_fn(strict));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}/all", listener.local_addr()?);
    axum::serve(listener, app).await.context("serving")
}

/// The policy that the real site has, so that a violation shows here.
async fn strict(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn samples(headers: &HeaderMap) -> Samples {
    let cookies = headers.get(COOKIE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let theme = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("theme="));
    Samples { theme: theme.map_or(Theme::Auto, Theme::from_cookie), text: None }
}

async fn page(headers: HeaderMap, request: Request) -> Response {
    let pages = samples(&headers).pages().unwrap_or_default();
    match pages.into_iter().find(|sample| sample.path == request.uri().path()) {
        Some(sample) => Html(sample.html).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn all(headers: HeaderMap) -> Html<String> {
    let pages = samples(&headers).pages().unwrap_or_default();
    let links = pages.iter().map(|sample| format!("<li><a href=\"{0}\">{0}</a>", sample.path));
    Html(format!("<!doctype html><title>All pages</title><ul>{}</ul>", links.collect::<String>()))
}

#[derive(Deserialize)]
struct Rating {
    value: u8,
}

async fn rate(Path(id): Path<i64>, headers: HeaderMap, Form(form): Form<Rating>) -> Response {
    if !headers.contains_key("pawdium-part") {
        return Redirect::to("/").into_response();
    }
    Html(samples(&headers).stage(id + 1, Some((id, form.value))).to_string()).into_response()
}

async fn status(Path(id): Path<i64>) -> Html<String> {
    let done = usize::try_from(chrono::Utc::now().timestamp() % 4 + 3).unwrap_or(6);
    Html(Samples::status(id, done.min(5)).render().unwrap_or_default())
}

/// Everything that is watched changes every second.
async fn live(
    Query(asked): Query<Vec<(String, String)>>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let names: Vec<_> =
        asked.into_iter().map(|(kind, value)| json!({ "topic": format!("{kind}={value}") })).collect();
    let ticks = IntervalStream::new(tokio::time::interval(Duration::from_secs(1)));
    let event = |data: Value| Ok(Event::default().event("changed").data(data.to_string()));
    Sse::new(ticks.flat_map(move |_| tokio_stream::iter(names.clone()).map(event)))
}

async fn submit(mut form: Multipart) -> Response {
    let mut title = String::new();
    while let Ok(Some(field)) = form.next_field().await {
        if field.name() == Some("title") {
            title = field.text().await.unwrap_or_default();
        }
    }
    tokio::time::sleep(Duration::from_millis(400)).await;
    if title == "refuse" {
        let refusal = json!({ "code": 400, "message": "This title is refused.", "field": "title" });
        return (StatusCode::BAD_REQUEST, Json(refusal)).into_response();
    }
    (StatusCode::ACCEPTED, Json(json!({ "id": 8, "state": "processing", "url": "/photos/8" })))
        .into_response()
}

/// A face on a gradient: enough to judge a layout by.
async fn picture(Path(file): Path<String>) -> impl IntoResponse {
    let id = file.trim_end_matches(".svg").parse::<u32>().unwrap_or(0);
    let hue = id * 67 % 360;
    let (left, right) = (28 + id * 7 % 22, 18 + id * 13 % 26);
    let svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 400 400' width='1080' height='1080'>\
         <defs><linearGradient id='g' x2='1' y2='1'><stop stop-color='hsl({hue} 45% 70%)'/>\
         <stop offset='1' stop-color='hsl({back} 40% 35%)'/></linearGradient></defs>\
         <rect width='400' height='400' fill='url(#g)'/>\
         <path d='M90 400c0-90 20-130 20-180 0-70 40-110 95-110s90 40 90 110c0 50 25 90 25 180Z' fill='hsl({fur} 35% 45%)'/>\
         <circle cx='160' cy='200' r='{left}' fill='#fff'/><circle cx='245' cy='208' r='{right}' fill='#fff'/>\
         <circle cx='152' cy='206' r='10'/><circle cx='252' cy='200' r='9'/>\
         <path d='M165 275q40 26 80 0' fill='none' stroke='#222' stroke-width='6'/>\
         <path d='M200 286h34v34a17 17 0 0 1-34 0Z' fill='#f58ba8'/></svg>",
        back = (hue + 70) % 360,
        fur = (hue + 180) % 360,
    );
    ([(CONTENT_TYPE, "image/svg+xml")], svg)
}

fn openapi() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Pawdium", "version": "1" },
        "tags": [{ "name": "rating", "description": "Getting photos and rating them." }],
        "paths": {
            "/api/v1/rate/next": { "get": {
                "tags": ["rating"], "summary": "The photo to rate next",
                "security": [{ "token": [] }],
                "responses": { "200": { "description": "The photo and its ballot" }, "204": { "description": "All are rated" } }
            } },
            "/api/v1/photos/{id}/rating": { "put": {
                "tags": ["rating"], "summary": "Rate a photo",
                "parameters": [{ "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } }],
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Rate" } } } },
                "responses": { "200": { "description": "The rating and what is next" }, "400": { "description": "Refused" } }
            } },
            "/api/v1/top": { "get": {
                "tags": ["lists"], "summary": "Photos by score",
                "parameters": [{ "name": "period", "in": "query", "schema": { "type": "string", "enum": ["all", "month", "week", "day"] } }],
                "responses": { "200": { "description": "A page of the list" } }
            } }
        },
        "components": { "schemas": { "Rate": { "type": "object", "required": ["value"], "properties": {
            "value": { "type": "integer", "minimum": 1, "maximum": 10, "description": "Derpiness" },
            "ballot": { "type": ["string", "null"] }
        } } } }
    })
}
