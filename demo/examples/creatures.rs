//! Draws the demo's photos into a folder and prints statistics: `creatures FOLDER [FIRST] [COUNT]`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;

fn main() -> anyhow::Result<()> {
    let mut args = std::env::args().skip(1);
    let folder = PathBuf::from(args.next().context("a folder is required")?);
    let first: u64 = args.next().map_or(Ok(0), |a| a.parse())?;
    let count: u64 = args.next().map_or(Ok(60), |a| a.parse())?;
    std::fs::create_dir_all(&folder)?;
    for n in first..first + count {
        let start = Instant::now();
        let photo = pawdium_demo::creatures::draw(n);
        let ms = start.elapsed().as_millis();
        let bits = f64::from(u32::try_from(photo.jpeg.len())?) * 8.0
            / f64::from(photo.width)
            / f64::from(photo.height);
        println!(
            "{n:3} {ms:4} ms {:4}x{:<4} o{} {bits:.1} bpp  {} | {} | {}",
            photo.width,
            photo.height,
            photo.orientation,
            photo.title,
            photo.alt,
            photo.tags.join(" ")
        );
        std::fs::write(folder.join(format!("{n:03}.jpg")), &photo.jpeg)?;
    }
    Ok(())
}
