//! Times decoding the centred square of a file and optionally writes its first component as PGM: `decode <file>
//! [full|half|quarter|eighth] [rounds] [picture.pgm]`. `all` before the scale decodes the whole picture.

use std::io::Write;
use std::time::Instant;

use pawdium_jpeg::{Decoder, Region, Scale};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).peekable();
    let source = std::fs::read(arguments.next().ok_or("which file?")?)?;
    let whole = arguments.next_if(|word| word == "all").is_some();
    let scale = match arguments.next().as_deref() {
        None | Some("full") => Scale::Full,
        Some("half") => Scale::Half,
        Some("quarter") => Scale::Quarter,
        Some("eighth") => Scale::Eighth,
        Some(_) => return Err("which scale?".into()),
    };
    let rounds = arguments.next().map_or(Ok(5), |word| word.parse::<u32>())?;
    let mut best = f64::INFINITY;
    let mut components = Vec::new();
    for _ in 0..rounds {
        let start = Instant::now();
        let decoder = Decoder::new(&source)?;
        let (width, height) = (decoder.header().width, decoder.header().height);
        let side = width.min(height);
        let region = if whole {
            Region { x: 0, y: 0, width, height }
        } else {
            Region { x: (width - side) / 2, y: (height - side) / 2, width: side, height: side }
        };
        components = decoder.decode(region, scale)?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    let megabytes = f64::from(u32::try_from(source.len())?) / 1e6;
    println!("{:.1} ms, {:.1} MB/s", best * 1e3, megabytes / best);
    if let Some(path) = arguments.next() {
        let plane = &components.first().ok_or("nothing was decoded")?.plane;
        let mut file = std::fs::File::create(path)?;
        writeln!(file, "P5 {} {} 255", plane.width, plane.height)?;
        file.write_all(&plane.samples)?;
    }
    Ok(())
}
