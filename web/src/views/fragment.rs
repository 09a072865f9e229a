use std::fmt;

use askama::filters::HtmlSafe;
use askama::{FastWritable, Template, Values};

/// Rendered HTML, fresh or from the cache. Templates print it unescaped.
#[derive(Clone, Debug, Default)]
pub struct Fragment(String);

impl Fragment {
    /// Renders a part.
    pub fn render(part: &impl Template) -> askama::Result<Self> {
        part.render().map(Self)
    }

    /// Wraps cached HTML that [`render`](Self::render) made.
    #[must_use]
    pub fn cached(html: String) -> Self {
        Self(html)
    }

    /// The HTML to cache or send.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Fragment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FastWritable for Fragment {
    fn write_into(&self, dest: &mut dyn fmt::Write, _: &dyn Values) -> askama::Result<()> {
        Ok(dest.write_str(&self.0)?)
    }
}

impl HtmlSafe for Fragment {}
