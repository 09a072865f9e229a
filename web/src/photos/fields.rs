//! The text fields of a submission.

use pawdium_media::Crop;
use pawdium_shared::photos::{Allowed, Alt, Commenters, Draft, Species, Tags, Title};

use crate::error::Error;

/// The text fields, as they were sent.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// The title.
    pub title: String,
    /// The description.
    pub alt: String,
    /// The species' name.
    pub species: String,
    /// The tags, separated by commas.
    pub tags: String,
    /// The crop as `x,y,side`, or nothing.
    pub crop: String,
    /// Any value keeps the photo as a draft.
    pub draft: String,
    /// The slugs of hubs to post it to, separated by commas. Checkboxes send one each.
    pub hubs: String,
    /// registered or nobody; empty for the first.
    pub comments: String,
    /// true or false; empty for what the owner's settings say.
    pub remixes: String,
}

impl Fields {
    pub(super) fn slot(&mut self, name: &str) -> Option<&mut String> {
        Some(match name {
            "title" => &mut self.title,
            "alt" => &mut self.alt,
            "species" => &mut self.species,
            "tags" => &mut self.tags,
            "crop" => &mut self.crop,
            "draft" => &mut self.draft,
            "comments" => &mut self.comments,
            "remixes" => &mut self.remixes,
            _ => return None,
        })
    }

    /// A BLAKE3 digest of the fields and the file, which identifies a submission. Each field is prefixed with its
    /// length, so that text can't move between fields.
    pub(super) fn print(&self, file: &[u8; 32]) -> [u8; 32] {
        let mut print = blake3::Hasher::new();
        print.update(file);
        for text in [&self.title, &self.alt, &self.species, &self.tags, &self.crop, &self.draft] {
            print.update(&(text.len() as u64).to_le_bytes());
            print.update(text.as_bytes());
        }
        // Only if there are any, so that submissions without them stay the same.
        if !self.hubs.is_empty() {
            print.update(self.hubs.as_bytes());
        }
        for text in [&self.comments, &self.remixes].into_iter().filter(|text| !text.is_empty()) {
            print.update(&(text.len() as u64).to_le_bytes());
            print.update(text.as_bytes());
        }
        *print.finalize().as_bytes()
    }

    /// The crop, if one is chosen.
    pub(super) fn crop(&self) -> Result<Option<Crop>, Error> {
        crop_of(&self.crop)
    }

    /// What others may do with the photo.
    pub(super) fn allowed(&self) -> Result<Allowed, Error> {
        Ok(Allowed {
            remixes: yes_or_no(&self.remixes)?,
            comments: commenters(&self.comments)?.unwrap_or_default(),
        })
    }

    /// Checks all fields of a submission.
    pub(super) fn check(&self) -> Result<Draft, Error> {
        Ok(Draft {
            title: Title::new(&self.title)?,
            alt: Alt::new(&self.alt)?,
            species: self
                .species
                .trim()
                .parse::<Species>()
                .map_err(pawdium_shared::photos::InvalidDraft::from)?,
            tags: Tags::new(&self.tags)?,
            crop: self.crop()?,
            allowed: self.allowed()?,
        })
    }
}

/// A crop as text; `None` if it is empty.
pub(super) fn crop_of(text: &str) -> Result<Option<Crop>, Error> {
    let parse = |text: &str| text.parse::<Crop>();
    let refuse =
        |error: pawdium_media::CropSyntax| Error::Field { field: "crop", message: error.to_string() };
    Some(text.trim()).filter(|text| !text.is_empty()).map(parse).transpose().map_err(refuse)
}

/// Who may comment, as text; `None` if it is empty.
pub(super) fn commenters(text: &str) -> Result<Option<Commenters>, Error> {
    let refuse = |_| Error::Field { field: "comments", message: "Choose registered or nobody.".to_owned() };
    Some(text.trim()).filter(|text| !text.is_empty()).map(str::parse).transpose().map_err(refuse)
}

/// Whether others may remix the photo, as text; `None` if it is empty.
fn yes_or_no(text: &str) -> Result<Option<bool>, Error> {
    match text.trim() {
        "" => Ok(None),
        "true" | "1" | "on" => Ok(Some(true)),
        "false" | "0" | "off" => Ok(Some(false)),
        _ => Err(Error::Field { field: "remixes", message: "Choose true or false.".to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_may_do_is_read_from_words() {
        let allowed = |remixes: &str, comments: &str| {
            Fields { remixes: remixes.to_owned(), comments: comments.to_owned(), ..Fields::default() }
                .allowed()
        };
        let of = |remixes, comments| Some(Allowed { remixes, comments });
        assert_eq!(allowed("", "").ok(), of(None, Commenters::Registered));
        assert_eq!(allowed("false", "nobody").ok(), of(Some(false), Commenters::Nobody));
        assert_eq!(allowed("1", "registered").ok(), of(Some(true), Commenters::Registered));
        assert!(matches!(allowed("maybe", ""), Err(Error::Field { field: "remixes", .. })));
        assert!(matches!(allowed("", "friends"), Err(Error::Field { field: "comments", .. })));
    }

    #[test]
    fn a_crop_is_three_numbers_or_nothing() {
        assert!(matches!(crop_of(" "), Ok(None)));
        assert!(matches!(crop_of("1,2,300"), Ok(Some(Crop { x: 1, y: 2, side: 300 }))));
        assert!(matches!(crop_of("1,2"), Err(Error::Field { field: "crop", .. })));
    }
}
