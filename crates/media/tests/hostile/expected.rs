//! Expected outcomes, and the messages that owners read.

use pawdium_media::{Refusal, RenderError, Rendered};

use crate::output;

/// The expected outcome of a file.
#[derive(Clone, Debug)]
pub(crate) enum Expected {
    /// Rendered, with this upright size.
    Rendered(u32, u32),
    /// Refused for this reason.
    Refused(Refusal),
    /// Rendered with this size, or refused as damaged or unsupported: decoders may differ, but must not crash. The
    /// record holds the actual outcome.
    Bounded(u32, u32),
    /// Rendered with any size or refused for any reason other than memory. The record holds the actual outcome.
    Survived,
}

/// Truncated, corrupt or invalid.
pub(crate) const DAMAGED: Expected = Expected::Refused(Refusal::Damaged);
/// Valid, but in an unsupported form.
pub(crate) const UNSUPPORTED: Expected = Expected::Refused(Refusal::Unsupported);
/// Not a supported format.
pub(crate) const NOT_A_PICTURE: Expected = Expected::Refused(Refusal::NotAPicture);

pub(crate) fn too_many_pixels(width: u32, height: u32) -> Expected {
    Expected::Refused(Refusal::TooManyPixels { width, height, max: 50_000_000 })
}

pub(crate) fn too_small(width: u32, height: u32) -> Expected {
    Expected::Refused(Refusal::TooSmall { width, height, min: 200 })
}

pub(crate) fn too_long(width: u32, height: u32) -> Expected {
    Expected::Refused(Refusal::TooLong { width, height, max: 12_000 })
}

pub(crate) fn too_narrow(width: u32, height: u32) -> Expected {
    Expected::Refused(Refusal::TooNarrow { width, height, max_aspect: 10 })
}

impl Expected {
    /// Whether several outcomes are allowed.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Bounded(..) | Self::Survived)
    }

    /// What is wrong with an outcome, if anything.
    pub(crate) fn fault(&self, outcome: &Result<Rendered, RenderError>) -> Option<String> {
        let as_expected = match (self, outcome) {
            (Self::Rendered(width, height) | Self::Bounded(width, height), Ok(rendered)) => {
                (rendered.width, rendered.height) == (*width, *height)
            }
            (Self::Refused(expected), Err(RenderError::Refused(refusal))) => refusal == expected,
            (Self::Bounded(..), Err(RenderError::Refused(refusal))) => {
                matches!(refusal, Refusal::Damaged | Refusal::Unsupported)
            }
            (Self::Survived, Ok(_)) => true,
            (Self::Survived, Err(RenderError::Refused(refusal))) => *refusal != Refusal::TooMuchMemory,
            _ => false,
        };
        if !as_expected {
            return Some(format!("{} instead of {self:?}", named(outcome)));
        }
        match outcome {
            Ok(rendered) => output::fault(rendered),
            Err(error) => {
                let (read, expected) = (error.to_string(), text(error)?);
                (read != expected).then(|| format!("the member reads {read:?} instead of {expected:?}"))
            }
        }
    }
}

/// A short, stable description of an outcome.
pub(crate) fn named(outcome: &Result<Rendered, RenderError>) -> String {
    match outcome {
        Ok(rendered) => format!("rendered {} × {}", rendered.width, rendered.height),
        Err(RenderError::Refused(refusal)) => format!("refused as {refusal:?}"),
        Err(error) => format!("{error:?}"),
    }
}

/// The message for each refusal; none for those that no case may have.
fn text(error: &RenderError) -> Option<String> {
    let RenderError::Refused(refusal) = error else { return None };
    Some(match refusal {
        Refusal::Empty => "This file is empty. Choose the picture again.".to_owned(),
        Refusal::NotAPicture => {
            "This file isn't a picture we can read. Upload a JPEG, PNG, WebP, AVIF or GIF.".to_owned()
        }
        Refusal::Heif => "HEIC pictures can't be read here. Export yours as a JPEG and upload that; an iPhone does so \
                          by itself with Settings > Camera > Formats > Most Compatible."
            .to_owned(),
        Refusal::HighDynamicRange => {
            "This picture is in HDR, which can't be shown here. Export it in SDR, as a JPEG, and upload that.".to_owned()
        }
        Refusal::Unsupported => {
            "This picture is stored in a way we can't read. Save it as an ordinary JPEG or PNG and upload that."
                .to_owned()
        }
        Refusal::Damaged => {
            "This picture is damaged or incomplete. Open the original, save it as a JPEG and upload that.".to_owned()
        }
        Refusal::TooMuchMemory => "This picture takes more memory to process than we have for one. Save it smaller, as a \
                                   JPEG, and upload that."
            .to_owned(),
        Refusal::TooManyBytes { .. } => {
            "This file is too large: the limit is 20 MB. Save the picture smaller and upload that.".to_owned()
        }
        Refusal::TooManyPixels { width, height, .. } => format!(
            "This picture has {width} × {height} pixels, which is more than 50 megapixels. Make it smaller and upload \
             that."
        ),
        Refusal::TooLong { width, height, .. } => format!(
            "This picture has {width} × {height} pixels; no side may be longer than 12000. Make it smaller and upload \
             that."
        ),
        Refusal::TooSmall { width, height, .. } => format!(
            "This picture has {width} × {height} pixels; each side needs at least 200. Upload a larger one."
        ),
        Refusal::TooNarrow { width, height, .. } => format!(
            "This picture has {width} × {height} pixels; one side is more than 10 times the other. Crop it and upload \
             that."
        ),
        _ => return None,
    })
}
