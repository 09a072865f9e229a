//! The live stream, as a client reads it.

use std::time::Duration;

use pawdium_shared::config::{Config, Sources};
use pawdium_shared::live::{self, Note, Topic};
use pawdium_shared::redis::Redis;
use reqwest::{Method, Response};
use serde_json::Value;

use super::client::Pages;
use super::site::Site;
use super::waiting::SOON;

/// One event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) name: String,
    pub(crate) data: Value,
    /// The id to resume after, if it has one.
    pub(crate) id: Option<String>,
}

/// An open stream.
pub(crate) struct Stream {
    pub(crate) response: Response,
    rest: String,
    /// The id to resume after.
    pub(crate) last_id: String,
    /// The latest `retry`, in milliseconds.
    pub(crate) retry: u64,
}

impl Pages {
    /// Opens `/live?{query}`.
    pub(crate) async fn stream(&self, query: &str) -> Stream {
        self.resume(query, "").await
    }

    /// Opens it again after an id.
    pub(crate) async fn resume(&self, query: &str, last: &str) -> Stream {
        let response = self.ask_stream(query, last).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Stream::of(response)
    }

    /// The answer, whatever it is.
    pub(crate) async fn ask_stream(&self, query: &str, last: &str) -> Response {
        let request = self.request(Method::GET, &format!("/live?{query}"));
        let request = if last.is_empty() { request } else { request.header("last-event-id", last) };
        request.send().await.expect("it is answered")
    }
}

impl Stream {
    pub(crate) fn of(response: Response) -> Self {
        Self { response, rest: String::new(), last_id: String::new(), retry: 0 }
    }

    /// The next event. `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        tokio::time::timeout(SOON, self.read()).await.expect("an event comes in time")
    }

    /// The next event within that time.
    pub(crate) async fn within(&mut self, time: Duration) -> Option<Event> {
        tokio::time::timeout(time, self.read()).await.ok().flatten()
    }

    /// The next event of that name.
    pub(crate) async fn until(&mut self, name: &str) -> Event {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ended before {name}"));
            if event.name == name {
                return event;
            }
        }
    }

    /// Reads what comes first and names no event.
    pub(crate) async fn begin(&mut self) {
        while self.retry == 0 {
            assert!(self.fill().await, "it begins");
            while self.rest.starts_with("retry") && self.frame().is_some() {}
        }
    }

    async fn read(&mut self) -> Option<Event> {
        loop {
            while let Some(event) = self.frame() {
                if !event.name.is_empty() {
                    return Some(event);
                }
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    async fn fill(&mut self) -> bool {
        let Ok(Some(chunk)) = self.response.chunk().await else { return false };
        self.push(&chunk);
        true
    }

    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.rest.push_str(std::str::from_utf8(chunk).expect("it is text"));
    }

    /// The next whole frame; one without a name is no event.
    pub(super) fn frame(&mut self) -> Option<Event> {
        let (frame, rest) = self.rest.split_once("\n\n")?;
        let mut event = Event::default();
        for line in frame.lines() {
            match line.split_once(": ") {
                Some(("event", name)) => event.name = name.to_owned(),
                Some(("data", data)) => event.data = serde_json::from_str(data).expect("JSON"),
                Some(("id", id)) => event.id = Some(id.to_owned()),
                Some(("retry", retry)) => self.retry = retry.parse().expect("a number"),
                Some(("", _)) => {}
                _ => panic!("what is {line}?"),
            }
        }
        if let Some(id) = &event.id {
            self.last_id.clone_from(id);
        }
        self.rest = rest.to_owned();
        Some(event)
    }
}

impl Site {
    fn redis(&self) -> Redis {
        let sources = Sources { variables: self.variables.clone(), ..Sources::default() };
        let config = Config::from_sources(&sources).expect("the settings are valid");
        Redis::connect(&config.redis, "").expect("a URL")
    }

    /// Publishes as a worker does.
    pub(crate) async fn publish(&self, changes: &[(Topic, Note)]) {
        live::publish(&self.redis(), changes).await.expect("it is published");
    }

    /// What workers know of who watches what.
    pub(crate) async fn watched(&self, topics: &[Topic]) -> Vec<bool> {
        live::watched(&self.redis(), topics).await.expect("Redis answers")
    }
}
