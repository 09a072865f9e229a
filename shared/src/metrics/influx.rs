//! Writes to InfluxDB through the client of influxdb2, with our own timeout.

use std::time::Duration;

use influxdb2::Client;
use influxdb2::api::write::TimestampPrecision;
use secrecy::ExposeSecret as _;

use super::line::{self, Point};
use crate::config::MetricsConfig;

const TIMEOUT: Duration = Duration::from_secs(10);

/// A bucket to write to.
#[derive(Clone, Debug)]
pub struct Influx {
    client: Client,
    org: String,
    bucket: String,
}

/// Why points were not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// InfluxDB refused the points or is unreachable.
    #[error("InfluxDB did not accept the points: {0}")]
    Refused(#[from] influxdb2::RequestError),
    /// InfluxDB didn't answer in time.
    #[error("InfluxDB did not answer within {} s", TIMEOUT.as_secs())]
    TimedOut,
}

impl WriteError {
    /// The HTTP status with which InfluxDB refused, and its message. `None` if there was no answer.
    #[must_use]
    pub fn answer(&self) -> Option<(u16, &str)> {
        match self {
            Self::Refused(influxdb2::RequestError::Http { status, text }) => Some((status.as_u16(), text)),
            Self::Refused(_) | Self::TimedOut => None,
        }
    }
}

impl Influx {
    /// Prepares the client.
    #[must_use]
    pub fn new(config: &MetricsConfig) -> Self {
        let url = config.url.as_str().trim_end_matches('/');
        Self {
            client: Client::new(url, &config.org, config.token.expose_secret()),
            org: config.org.clone(),
            bucket: config.bucket.clone(),
        }
    }

    /// Writes points. Writing the same point twice stores it once.
    ///
    /// # Errors
    /// [`WriteError`]; InfluxDB may then hold none of the points or all.
    pub async fn write(&self, points: &[Point]) -> Result<(), WriteError> {
        let lines = line::encode(points);
        if lines.is_empty() {
            return Ok(());
        }
        self.send(lines).await
    }

    /// Checks that points can be written, and writes none.
    ///
    /// # Errors
    /// [`WriteError`].
    pub async fn check(&self) -> Result<(), WriteError> {
        // A line protocol comment is no point.
        self.send("# a check by Pawdium\n".to_owned()).await
    }

    async fn send(&self, lines: String) -> Result<(), WriteError> {
        let write = self.client.write_line_protocol_with_precision(
            &self.org,
            &self.bucket,
            lines,
            TimestampPrecision::Seconds,
        );
        tokio::time::timeout(TIMEOUT, write).await.map_err(|_| WriteError::TimedOut)??;
        Ok(())
    }
}
