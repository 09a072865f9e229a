//! Pictures and files for the tests.

use std::io::Write;
use std::process::{Command, Stdio};

use pawdium_jpeg::{Component, Decoder, Error, Header, Region, Scale};

pub(crate) const SCALES: [Scale; 4] = [Scale::Full, Scale::Half, Scale::Quarter, Scale::Eighth];

/// Reproducible pseudo-random numbers.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn throw(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }
}

/// RGB pixels of soft shapes, an edge and some noise.
pub(crate) fn photo(width: usize, height: usize) -> Vec<u8> {
    let mut dice = Dice(7);
    let mut pixels = Vec::with_capacity(width * height * 3);
    for y in 0..height {
        for x in 0..width {
            let edge = if (x / 13 + y / 17) % 3 == 0 { 40 } else { 0 };
            for base in [x * 150 / width, y * 150 / height, (x + y) * 150 / (width + height)] {
                pixels.push((base + edge + dice.throw(30)) as u8);
            }
        }
    }
    pixels
}

/// The output of `program` for `input`.
pub(crate) fn pipe(program: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let mut command = Command::new(program);
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap_or_else(
            |error| panic!("{program} comes with libjpeg-turbo-progs (scripts/setup test): {error}"),
        );
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{program} {arguments:?}");
    output.stdout
}

/// A file from libjpeg-turbo's encoder.
pub(crate) fn cjpeg(arguments: &[&str], (width, height): (usize, usize)) -> Vec<u8> {
    let mut ppm = format!("P6 {width} {height} 255\n").into_bytes();
    ppm.extend(photo(width, height));
    pipe("cjpeg", arguments, &ppm)
}

/// The luma decoded by libjpeg-turbo: width, height, samples.
pub(crate) fn djpeg(arguments: &[&str], source: &[u8]) -> (usize, usize, Vec<u8>) {
    let arguments = [&["-grayscale", "-dct", "int"][..], arguments].concat();
    let pgm = pipe("djpeg", &arguments, source);
    let mut parts = pgm.splitn(4, |&byte| byte == b'\n' || byte == b' ');
    assert_eq!(parts.next(), Some(&b"P5"[..]));
    let mut number = || std::str::from_utf8(parts.next().unwrap()).unwrap().parse::<usize>().unwrap();
    let (width, height) = (number(), number());
    let samples = parts.next().unwrap().strip_prefix(b"255\n").unwrap().to_vec();
    (width, height, samples)
}

pub(crate) fn whole(header: &Header<'_>) -> Region {
    Region { x: 0, y: 0, width: header.width, height: header.height }
}

/// The whole picture.
pub(crate) fn decode(source: &[u8], scale: Scale) -> Result<Vec<Component>, Error> {
    let decoder = Decoder::new(source)?;
    decoder.decode(whole(decoder.header()), scale)
}

/// The samples of `component` in the rectangle at `left` and `top`.
pub(crate) fn cut(
    component: &Component,
    (left, top): (usize, usize),
    (width, height): (usize, usize),
) -> Vec<u8> {
    let plane = &component.plane;
    (top..top + height)
        .flat_map(|y| plane.samples[y * plane.width + left..][..width].iter().copied())
        .collect()
}

/// The largest difference between two pictures of the same size.
pub(crate) fn difference(one: &[u8], other: &[u8]) -> u8 {
    assert_eq!(one.len(), other.len());
    one.iter().zip(other).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}
