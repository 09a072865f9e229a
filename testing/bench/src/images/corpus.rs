//! The corpus: photographs in a folder, and one of the demo's animals.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use pawdium_demo::creatures::{self, Options};
use pawdium_media::{Crop, Limits, Orientation, probe};

/// The name of the generated 12-megapixel picture.
pub(crate) const GENERATED: &str = "generated-12mp";

/// One file of the corpus.
#[derive(Debug)]
pub(crate) struct Photograph {
    /// File name without extension.
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    /// Width in upright pixels.
    pub(crate) width: u32,
    /// Height in upright pixels.
    pub(crate) height: u32,
    pub(crate) orientation: Orientation,
    pub(crate) bytes: u64,
    /// Coding and sampling, such as `baseline 4:2:0`.
    pub(crate) form: String,
}

impl Photograph {
    fn open(path: PathBuf) -> Result<Self> {
        let failed = || format!("looking at {}", path.display());
        let probed = probe(&mut BufReader::new(File::open(&path).with_context(failed)?), &Limits::default())
            .with_context(failed)?;
        let (width, height) = probed.upright_size();
        let content = fs::read(&path).with_context(failed)?;
        let name = path.file_stem().and_then(|name| name.to_str()).with_context(failed)?.to_owned();
        let form = form(&content).unwrap_or_else(|| "unknown".to_owned());
        let (orientation, bytes) = (probed.orientation, content.len() as u64);
        Ok(Self { name, path, width, height, orientation, bytes, form })
    }

    /// The square to show, in upright pixels.
    pub(crate) fn crop(&self) -> Crop {
        Crop::centred(self.width, self.height)
    }

    pub(crate) fn megapixels(&self) -> f64 {
        f64::from(self.width) * f64::from(self.height) / 1e6
    }

    #[expect(clippy::cast_precision_loss, reason = "files have far fewer than 2^52 bytes")]
    pub(crate) fn bits_per_pixel(&self) -> f64 {
        self.bytes as f64 * 8.0 / (self.megapixels() * 1e6)
    }
}

/// The JPEGs of `folder` and one of the demo's animals, sorted by size, whose names contain one of `wanted`, or all
/// if it is empty. The animal is drawn into `drawn`.
pub(crate) fn read(folder: &Path, drawn: &Path, wanted: &[String]) -> Result<Vec<Photograph>> {
    let failed = || format!("reading the photographs in {}", folder.display());
    let mut paths = vec![draw(drawn)?];
    for entry in fs::read_dir(folder).with_context(failed)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("jpg")) {
            paths.push(path);
        }
    }
    let mut photographs = paths.into_iter().map(Photograph::open).collect::<Result<Vec<_>>>()?;
    photographs.retain(|photograph| {
        wanted.is_empty() || wanted.iter().any(|part| photograph.name.contains(part.as_str()))
    });
    if photographs.is_empty() {
        bail!("no photograph in {} matches", folder.display());
    }
    photographs.sort_by(|a, b| a.megapixels().total_cmp(&b.megapixels()).then(a.name.cmp(&b.name)));
    Ok(photographs)
}

/// Draws a cat, stored as a phone held upright stores it.
fn draw(folder: &Path) -> Result<PathBuf> {
    let path = folder.join(format!("{GENERATED}.jpg"));
    let failed = || format!("writing {}", path.display());
    let photo =
        creatures::draw_with(Options { seed: 12, species: "cat", width: 3000, height: 4000, orientation: 6 });
    fs::create_dir_all(folder).with_context(failed)?;
    fs::write(&path, photo.jpeg).with_context(failed)?;
    Ok(path)
}

/// Reads coding and sampling from a JPEG's frame header (ITU-T T.81, B.2.2).
fn form(jpeg: &[u8]) -> Option<String> {
    let mut place = 2;
    loop {
        let &[0xFF, marker, high, low] = jpeg.get(place..place + 4)? else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let segment = jpeg.get(place + 4..place + 2 + length)?;
        if matches!(marker, 0xC0..=0xC2) {
            let kind = if marker == 0xC2 { "progressive" } else { "baseline" };
            let sampling = |component: usize| segment.get(7 + component * 3).copied();
            let layout = match (sampling(0)?, sampling(1)) {
                (_, None) => "grey",
                (0x11, Some(0x11)) => "4:4:4",
                (0x21, Some(0x11)) => "4:2:2",
                (0x22, Some(0x11)) => "4:2:0",
                _ => "with rare sampling",
            };
            return Some(format!("{kind} {layout}"));
        }
        place += 2 + length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_picture_is_recognised() {
        let folder = tempfile::tempdir().expect("makes a folder");
        let path = folder.path().join("small.jpg");
        let options = Options { seed: 1, species: "dog", width: 300, height: 400, orientation: 6 };
        fs::write(&path, creatures::draw_with(options).jpeg).expect("writes");
        let photograph = Photograph::open(path).expect("is a picture");
        assert_eq!((photograph.width, photograph.height), (300, 400));
        assert_eq!(photograph.orientation, Orientation::Clockwise);
        assert_eq!(photograph.crop(), Crop { x: 0, y: 50, side: 300 });
        assert!(photograph.form.starts_with("baseline 4:"), "{}", photograph.form);
    }

    #[test]
    fn a_file_truncated_in_its_headers_has_no_form() {
        assert_eq!(form(&[0xFF, 0xD8, 0xFF, 0xE0, 0, 16, 1]), None);
        assert_eq!(form(&[0xFF, 0xD8]), None);
    }
}
