//! A bucket of an S3-compatible store: URL, credentials and error messages.

use std::{fmt, io, sync::Arc, time::Duration};

use object_store::{
    BackoffConfig, Error as StoreError, ObjectStore, RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    path::Path as StorePath,
    prefix::PrefixStore,
};
use secrecy::ExposeSecret;
use url::Url;

use super::http::Connector;
use crate::config::MediaConfig;

/// S3's smallest part of a multipart upload, in bytes
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html>).
pub(super) const PART: usize = 5 << 20;

/// The form of a bucket's URL in the configuration.
const FORM: &str = "s3://bucket/prefix?endpoint=https://s3.example.org&region=eu-1";

/// Environment variables for credentials and region that other S3 programs use. None of them selects a store.
const VARIABLES: [&str; 11] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
];

/// Where a bucket is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Bucket {
    name: String,
    /// A prefix for all keys, so that several sites share a bucket; may be empty.
    prefix: String,
    /// The server; `None` for Amazon.
    endpoint: Option<Url>,
    region: Option<String>,
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Some(endpoint) => write!(f, "{} at {}", self.name, endpoint.as_str().trim_end_matches('/')),
            None => write!(f, "{} at Amazon S3", self.name),
        }
    }
}

impl Bucket {
    /// Parses an `s3:` URL. The error completes "media.store …" and contains no secret.
    pub(super) fn parse(url: &Url) -> Result<Self, String> {
        if !url.username().is_empty() || url.password().is_some() {
            let text = "contains credentials; put them in media.access_key_id and media.secret_access_key";
            return Err(text.to_owned());
        }
        let name = url.host_str().filter(|name| !name.is_empty() && url.port().is_none());
        let name = name.ok_or_else(|| format!("names no bucket; it should be like {FORM}"))?.to_owned();
        let prefix =
            StorePath::from_url_path(url.path()).map_err(|error| format!("has a bad prefix: {error}"))?;
        let mut bucket = Self { name, prefix: prefix.to_string(), endpoint: None, region: None };
        for (key, value) in url.query_pairs() {
            match &*key {
                "endpoint" => bucket.endpoint = Some(endpoint(&value)?),
                "region" if !value.is_empty() => bucket.region = Some(value.into_owned()),
                key => {
                    return Err(format!(
                        "has {key}= in it, which is unknown or empty; it should be like {FORM}"
                    ));
                }
            }
        }
        Ok(bucket)
    }

    /// Creates the client. It connects on first use.
    pub(super) fn open(&self, config: &MediaConfig) -> anyhow::Result<Arc<dyn ObjectStore>> {
        let over_http = self.endpoint.as_ref().is_some_and(|endpoint| endpoint.scheme() == "http");
        let mut builder = AmazonS3Builder::new();
        let has_keys = config.access_key_id.is_some();
        for name in VARIABLES.into_iter().filter(|name| !has_keys || name.ends_with("REGION")) {
            let value = std::env::var(name).ok().filter(|value| !value.is_empty());
            if let (Ok(key), Some(value)) = (name.to_lowercase().parse::<AmazonS3ConfigKey>(), value) {
                builder = builder.with_config(key, value);
            }
        }
        if let (Some(id), Some(secret)) = (&config.access_key_id, &config.secret_access_key) {
            builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose_secret());
        }
        builder = builder
            .with_bucket_name(&self.name)
            .with_allow_http(over_http)
            // Self-hosted servers seldom have a name per bucket, and Amazon has no certificate for names with dots.
            .with_virtual_hosted_style_request(self.endpoint.is_none() && !self.name.contains('.'))
            .with_retry(retries())
            .with_http_connector(Connector { tls: !over_http });
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_endpoint(endpoint.as_str().trim_end_matches('/'));
        }
        if let Some(region) = &self.region {
            builder = builder.with_region(region);
        }
        let store = builder.build()?;
        if self.prefix.is_empty() {
            return Ok(Arc::new(store));
        }
        Ok(Arc::new(PrefixStore::new(store, StorePath::from(self.prefix.as_str()))))
    }

    /// Converts an error of the store to one that tells the operator what to do.
    pub(super) fn explain(&self, error: StoreError) -> io::Error {
        let text = format!("{:#}", anyhow::Error::from(error));
        let kind = kind(&text);
        match self.advice(&text) {
            Some(advice) => io::Error::new(kind, format!("{advice} ({text})")),
            None => io::Error::new(kind, format!("the bucket {self}: {text}")),
        }
    }

    /// What an operator can do about an error, by its code
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>).
    fn advice(&self, text: &str) -> Option<String> {
        let has = |codes: &[&str]| codes.iter().any(|code| text.contains(code));
        Some(if has(&["NoSuchBucket"]) {
            format!("there is no bucket {self}: create it, or correct media.store")
        } else if has(&["InvalidAccessKeyId", "NotSignedUp", "InvalidToken", "ExpiredToken"]) {
            format!("the store of {self} doesn't know the access key: correct media.access_key_id")
        } else if has(&["SignatureDoesNotMatch"]) {
            format!("the store of {self} doesn't accept the secret key: correct media.secret_access_key")
        } else if has(&["169.254.169.254"]) {
            "no credentials are set: set media.access_key_id and media.secret_access_key, or AWS_ACCESS_KEY_ID and \
             AWS_SECRET_ACCESS_KEY"
                .to_owned()
        } else if has(&["AuthorizationHeaderMalformed", "PermanentRedirect", "without LOCATION"]) {
            format!("{self} is in another region: set region= in media.store")
        } else if has(&["RequestTimeTooSkewed"]) {
            "this machine's clock is wrong: correct it".to_owned()
        } else if has(&["AccessDenied", "403 Forbidden"]) {
            format!(
                "the access key has no permission for {self}: allow GetObject, PutObject, DeleteObject, ListBucket and \
                 AbortMultipartUpload"
            )
        } else if has(&["(Connect)", "no answer within"]) {
            format!("{self} can't be reached: correct endpoint= in media.store, or check the network")
        } else {
            return None;
        })
    }
}

/// Classifies an error: store full, unreachable, or other. Amazon's store is never full; other servers use codes of
/// their own.
fn kind(text: &str) -> io::ErrorKind {
    let has = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
    if has(&["StorageFull", "QuotaExceeded", "InsufficientStorage", "InsufficientCapacity", "507 "]) {
        io::ErrorKind::StorageFull
    } else if has(&["(Connect)", "no answer within", "SlowDown", "ServiceUnavailable", "503 "]) {
        io::ErrorKind::NotConnected
    } else {
        io::ErrorKind::Other
    }
}

/// Whether an object is missing because the bucket is.
pub(super) fn is_missing(cause: &(dyn std::error::Error + Send + Sync)) -> bool {
    cause.to_string().contains("NoSuchBucket")
}

fn endpoint(text: &str) -> Result<Url, String> {
    let wrong = || "has an endpoint that isn't the http or https address of a server".to_owned();
    let url: Url = text.parse().map_err(|_| wrong())?;
    let bare =
        url.path() == "/" && url.query().is_none() && url.username().is_empty() && url.password().is_none();
    if ["http", "https"].contains(&url.scheme()) && bare { Ok(url) } else { Err(wrong()) }
}

/// Short, because a page waits, and jobs retry by themselves.
fn retries() -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(2),
        ..BackoffConfig::default()
    };
    RetryConfig { backoff, max_retries: 3, retry_timeout: Duration::from_secs(20) }
}
