//! Sending a row's request.

use pawdium_archive::write::zip_of;
use reqwest::header::CONTENT_TYPE;
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use url::form_urlencoded;

use super::row::Row;
use super::scene::Scene;
use crate::harness::{Answer, Person, pictures, with_file};

/// Where the API is.
pub(super) const API: &str = "/api/v1/";

fn with_archive() -> Form {
    let archive = zip_of(&[("Tom.jpg", &pictures::quarters(300, 300))]);
    Form::new().part("archive", Part::bytes(archive).file_name("photos.zip"))
}

/// A row's request with what its path and body name.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: String,
}

impl Request {
    pub(super) async fn of(scene: &mut Scene<'_>, row: &Row) -> Self {
        let (path, body) = (scene.fill(&row.path).await, scene.fill(&row.body).await);
        Self { method: row.method.clone(), path, body }
    }

    /// The request as that person sends it: with a token to the API, with a cookie to pages.
    pub(super) fn by(&self, person: &Person) -> RequestBuilder {
        let request = match self.path.strip_prefix(API) {
            Some(call) => person.api.call(self.method.clone(), call),
            None => person.pages.request(self.method.clone(), &self.path),
        };
        let file = match self.body.chars().next() {
            Some('@') => Some(with_file(pictures::quarters(300, 300))),
            Some('#') => Some(with_archive()),
            _ => None,
        };
        if let Some(file) = file {
            let fields = form_urlencoded::parse(&self.body.as_bytes()[1..]).into_owned();
            return request.multipart(fields.fold(file, |form, (name, value)| form.text(name, value)));
        }
        match self.body.as_str() {
            "" if self.method == Method::GET || self.path.starts_with(API) => request,
            json if json.starts_with('{') => {
                request.header(CONTENT_TYPE, "application/json").body(json.to_owned())
            }
            form => request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form.to_owned()),
        }
    }

    /// Sends it as from a script of the site.
    pub(super) async fn send(&self, person: &Person) -> Answer {
        let request = self.by(person);
        let is_call = self.path.starts_with(API);
        let request = if is_call {
            request
        } else {
            // With this, a refused vote is told by the status as well.
            request.header("sec-fetch-site", "same-origin").header("pawdium-part", "1")
        };
        Answer::to(request).await
    }
}
