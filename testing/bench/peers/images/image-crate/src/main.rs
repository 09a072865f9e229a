//! The image crate as a contender: reads lines of "source<TAB>folder<TAB>quality" and answers each with {"ms": …}.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead as _, BufWriter, Write as _};
use std::path::Path;
use std::time::Instant;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageReader};

const EDGES: [u32; 3] = [1080, 540, 160];

fn main() -> Result<(), Box<dyn Error>> {
    let mut answers = io::stdout();
    writeln!(answers, r#"{{"ready":true}}"#)?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let mut parts = line.split('\t');
        let mut next = || parts.next().ok_or("a request has three parts");
        let (source, folder, quality) = (Path::new(next()?), Path::new(next()?), next()?.parse()?);
        let begin = Instant::now();
        render(source, folder, quality)?;
        writeln!(answers, r#"{{"ms":{}}}"#, begin.elapsed().as_secs_f64() * 1e3)?;
    }
    Ok(())
}

/// The largest square is scaled from the source, each other one from the next larger.
fn render(source: &Path, folder: &Path, quality: u8) -> Result<(), Box<dyn Error>> {
    let mut decoder = ImageReader::open(source)?.into_decoder()?;
    let orientation = decoder.orientation()?;
    let picture = DynamicImage::from_decoder(decoder)?;
    let side = picture.width().min(picture.height());
    let mut square = picture.crop_imm((picture.width() - side) / 2, (picture.height() - side) / 2, side, side);
    drop(picture);
    for (index, edge) in EDGES.into_iter().enumerate() {
        let scaled = edge.min(side);
        if square.width() != scaled {
            square = square.resize_exact(scaled, scaled, FilterType::Lanczos3);
        }
        if index == 0 {
            square.apply_orientation(orientation);
        }
        let file = BufWriter::new(File::create(folder.join(format!("{edge}.jpg")))?);
        square.write_with_encoder(JpegEncoder::new_with_quality(file, quality))?;
    }
    Ok(())
}
