//! Pages and parts that are sent to many, compressed once for all.

use std::io::Write as _;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The same bytes, as they are and compressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// As they are.
    pub plain: Bytes,
    /// Compressed with gzip.
    pub gzip: Bytes,
}

impl Encoded {
    /// Compresses the bytes.
    #[must_use]
    pub fn new(plain: Bytes) -> Self {
        let mut gzip = GzEncoder::new(Vec::with_capacity(plain.len() / 2), Compression::default());
        // Writing to memory doesn't fail.
        let gzip = gzip.write_all(&plain).and_then(|()| gzip.finish()).unwrap_or_default();
        Self { plain, gzip: gzip.into() }
    }
}

/// Whether gzip is named without a preference. Who has one gets a response that was compressed for them, or is not
/// compressed at all.
#[must_use]
pub fn accepts_gzip(asked: &HeaderMap) -> bool {
    let accepted = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|encoding| encoding.trim() == "gzip")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use axum::http::HeaderValue;
    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn gzip_is_sent_to_who_accepts_it() {
        let asked = |value| HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]);
        assert!(accepts_gzip(&asked("gzip, deflate, br, zstd")));
        assert!(accepts_gzip(&asked("br,gzip")));
        assert!(!accepts_gzip(&asked("gzip;q=0, identity")));
        assert!(!accepts_gzip(&HeaderMap::new()));
    }

    #[test]
    fn bytes_are_compressed_whole() {
        let mut html = String::new();
        let encoded = Encoded::new(Bytes::from_static(b"<p>seven</p>"));
        GzDecoder::new(&*encoded.gzip).read_to_string(&mut html).expect("it is gzip");
        assert_eq!(html, "<p>seven</p>");
    }
}
