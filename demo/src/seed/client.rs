//! The part of the site's API that seeding needs.

use anyhow::{Context as _, Result, bail};
use reqwest::multipart::Form;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::Value;
use url::Url;

/// A client for one site.
#[derive(Clone, Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    site: Url,
}

impl Client {
    pub(super) fn new(site: Url) -> Result<Self> {
        let http = reqwest::Client::builder().timeout(std::time::Duration::from_mins(1)).build()?;
        Ok(Self { http, site })
    }

    /// Makes a call with an optional JSON body. Returns status and body.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value)> {
        let mut request = self.request(method, path, token)?;
        if let Some(body) = body {
            request = request.json(body);
        }
        answer(request).await.with_context(|| format!("calling {path}"))
    }

    /// Like `call`, but any status other than success is an error.
    pub(super) async fn succeed(
        &self,
        method: Method,
        path: &str,
        token: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value> {
        match self.call(method, path, token, body).await? {
            (status, body) if status.is_success() => Ok(body),
            (status, body) => bail!("{path} was answered with {status}: {body}"),
        }
    }

    /// Submits a form with a file.
    pub(super) async fn submit(&self, token: &str, form: Form) -> Result<Value> {
        let request = self.request(Method::POST, "photos", Some(token))?.multipart(form);
        match answer(request).await.context("submitting a photo")? {
            (StatusCode::ACCEPTED, body) => Ok(body),
            (status, body) => bail!("a photo was answered with {status}: {body}"),
        }
    }

    /// Sends a form with a picture that becomes the portrait of a member.
    pub(super) async fn put_portrait(&self, token: &str, form: Form) -> Result<()> {
        let request = self.request(Method::PUT, "users/me/avatar", Some(token))?.multipart(form);
        match answer(request).await.context("sending a portrait")? {
            (StatusCode::ACCEPTED, _) => Ok(()),
            (status, body) => bail!("a portrait was answered with {status}: {body}"),
        }
    }

    /// Sends an archive, once for each `key`.
    pub(super) async fn import(&self, token: &str, form: Form, key: &str) -> Result<Value> {
        let request = self.request(Method::POST, "imports", Some(token))?.header("idempotency-key", key);
        match answer(request.multipart(form)).await.context("importing an archive")? {
            (StatusCode::ACCEPTED, body) => Ok(body),
            (status, body) => bail!("an archive was answered with {status}: {body}"),
        }
    }

    fn request(&self, method: Method, path: &str, token: Option<&str>) -> Result<RequestBuilder> {
        let url = self.site.join("/api/v1/")?.join(path)?;
        let request = self.http.request(method, url);
        Ok(match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        })
    }
}

async fn answer(request: RequestBuilder) -> Result<(StatusCode, Value)> {
    let answer = request.send().await?;
    let status = answer.status();
    let text = answer.text().await?;
    Ok((status, serde_json::from_str(&text).unwrap_or(Value::String(text))))
}

/// A text field of an answer.
pub(super) fn text<'a>(body: &'a Value, field: &str) -> Result<&'a str> {
    body[field].as_str().with_context(|| format!("the answer has no {field}: {body}"))
}
