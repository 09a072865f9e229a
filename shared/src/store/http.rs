//! An HTTP client for object stores: rustls with ring, the system's root certificates, no proxy, no redirects.
//!
//! `object_store`'s own client brings a second TLS provider. All other HTTP clients in the process would then have to
//! choose one explicitly.

use std::{error::Error, sync::Arc, time::Duration};

use anyhow::Context;
use futures::{StreamExt, stream};
use hyper::body::{Frame, Incoming};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector};
use hyper_util::{
    client::legacy::{self, Client, connect},
    rt::{TokioExecutor, TokioTimer},
};
use object_store::{
    ClientOptions, Error as StoreError,
    client::{
        HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse,
        HttpResponseBody, HttpService,
    },
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::time::timeout;

/// Timeout for connecting.
const CONNECT: Duration = Duration::from_secs(5);

/// Timeout until the response starts, and between two pieces of its body.
const ANSWER: Duration = Duration::from_secs(30);

/// Close idle connections before servers do, which is after a minute or more.
const IDLE: Duration = Duration::from_secs(30);

/// Creates the clients of an object store.
#[derive(Debug)]
pub(super) struct Connector {
    /// Whether the store uses TLS, which needs root certificates.
    pub(super) tls: bool,
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let config =
            tls(self.tls).map_err(|error| StoreError::Generic { store: "S3", source: error.into() })?;
        let mut tcp = connect::HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT));
        // On a cloud machine, the source of credentials has no TLS, even if the store does.
        let https = hyper_rustls::HttpsConnectorBuilder::new()
            .with_tls_config(config)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .build(https);
        Ok(HttpClient::new(Service(client)))
    }
}

fn tls(needed: bool) -> anyhow::Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?;
    if !needed {
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let builder =
        builder.with_native_roots().context("this machine has no TLS roots; install ca-certificates")?;
    Ok(builder.with_no_client_auth())
}

#[derive(Debug)]
struct Service(Client<HttpsConnector<connect::HttpConnector>, HttpRequestBody>);

#[async_trait::async_trait]
impl HttpService for Service {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let late = |_| HttpError::new(HttpErrorKind::Timeout, Late);
        let answer = timeout(ANSWER, self.0.request(request)).await.map_err(late)?;
        Ok(answer.map_err(failed)?.map(body))
    }
}

/// The body. It fails when no piece arrives in time.
fn body(incoming: Incoming) -> HttpResponseBody {
    use http_body_util::{BodyExt, StreamBody};
    let frames = stream::unfold(Some(incoming), async |body| {
        let mut body = body?;
        let frame: Result<Frame<_>, HttpError> = match timeout(ANSWER, body.frame()).await {
            Ok(None) => return None,
            Ok(Some(Ok(frame))) => return Some((Ok(frame), Some(body))),
            Ok(Some(Err(error))) => Err(HttpError::new(HttpErrorKind::Interrupted, error)),
            Err(_) => Err(HttpError::new(HttpErrorKind::Timeout, Late)),
        };
        Some((frame, None))
    });
    // The stream is polled once more after its end.
    HttpResponseBody::new(StreamBody::new(frames.fuse()))
}

fn failed(error: legacy::Error) -> HttpError {
    let broken = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>());
    let kind = if error.is_connect() {
        HttpErrorKind::Connect
    } else if broken
        .is_some_and(|cause| cause.is_closed() || cause.is_incomplete_message() || cause.is_canceled())
    {
        HttpErrorKind::Request
    } else {
        HttpErrorKind::Interrupted
    };
    // The error's own text omits the cause.
    HttpError::new_boxed(kind, format!("{:#}", anyhow::Error::from(error)).into())
}

#[derive(Debug, thiserror::Error)]
#[error("no answer within {} seconds", ANSWER.as_secs())]
struct Late;
