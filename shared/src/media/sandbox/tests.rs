use std::{
    fs::File,
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};
use jpeg_encoder::ColorType;

use super::{child_main, confine::confine, parent::Decoder, parent::RenderError, protocol::REQUEST_VAR};
use crate::media::{
    Crop, EDGES, Limits, Orientation, Refusal, Rendered, StepName, fixtures,
    fixtures::{JpegWith, QUARTERS, quarters},
    jpeg,
};

/// Runs a test of this binary as the child. The shell keeps the test harness's own words out of the reply.
fn child(test: &str, limits: Limits) -> Decoder {
    let this = std::env::current_exe().expect("has a path");
    let script =
        "exec 3>&1 1>/dev/null; exec \"$0\" --exact --ignored --nocapture \"media::sandbox::tests::$1\"";
    Decoder::new("/bin/sh".into(), ["-c".into(), script.into(), this.into_os_string(), test.into()], limits)
}

fn decoder() -> Decoder {
    child("decoder_process", Limits::default())
}

/// A child that isn't the decoder at all.
fn shell(script: &str, limits: Limits) -> Decoder {
    Decoder::new("/bin/sh".into(), ["-c", script], limits)
}

fn reply_on_stdout() -> bool {
    let Ok(reply) = File::options().write(true).open("/proc/self/fd/3") else { return false };
    rustix::stdio::dup2_stdout(reply).is_ok() && std::env::var_os(REQUEST_VAR).is_some()
}

#[test]
#[ignore = "is the decoder process of the other tests"]
fn decoder_process() {
    if reply_on_stdout() {
        std::process::exit(i32::from(child_main() != std::process::ExitCode::SUCCESS));
    }
}

async fn render(file: &[u8]) -> Result<Rendered, RenderError> {
    decoder().render(fixtures::open(file), None).await
}

async fn refusal(file: &[u8]) -> Refusal {
    match render(file).await {
        Err(RenderError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

fn pixels(file: &[u8]) -> RgbImage {
    let mut decoder = zune_jpeg::JpegDecoder::new(zune_core::bytestream::ZCursor::new(file));
    let rgb = decoder.decode().expect("is a JPEG");
    let info = decoder.info().expect("has a header");
    RgbImage::from_raw(info.width.into(), info.height.into(), rgb).expect("is whole")
}

fn assert_close(picture: &RgbImage, x: u32, y: u32, expected: [u8; 3]) {
    let found = picture.get_pixel(x, y).0;
    let far = found.iter().zip(expected).any(|(a, b)| a.abs_diff(b) > 12);
    assert!(!far, "at {x},{y} is {found:?} instead of {expected:?}");
}

/// Asserts that each size shows the four quarters where they belong.
fn assert_upright(rendered: &Rendered) {
    for picture in &rendered.pictures {
        let shown = pixels(&picture.jpeg);
        assert_eq!(shown.dimensions(), (picture.width, picture.height));
        let (near, far) = (picture.width / 4, picture.width * 3 / 4);
        for ((x, y), colour) in [(near, near), (far, near), (near, far), (far, far)].into_iter().zip(QUARTERS)
        {
            assert_close(&shown, x, y, colour);
        }
    }
}

#[tokio::test]
async fn all_eight_orientations_come_out_upright_without_any_metadata() {
    for orientation in (1..=8).filter_map(Orientation::from_number) {
        let stored = fixtures::stored_as(&quarters(700, 420), orientation);
        let file = fixtures::jpeg(
            &stored,
            &JpegWith { exif: Some(fixtures::exif(orientation)), ..JpegWith::default() },
        );
        let rendered = render(&file).await.expect("is rendered");
        assert_eq!((rendered.width, rendered.height), (700, 420), "{orientation:?}");
        assert_eq!(rendered.crop, Crop { x: 140, y: 0, side: 420 });
        assert_upright(&rendered);
        for picture in &rendered.pictures {
            let anatomy = jpeg::walk(&mut std::io::Cursor::new(&picture.jpeg)).expect("is a JPEG");
            let markers: Vec<u8> = anatomy.segments.iter().map(|segment| segment.marker).collect();
            assert!(
                markers.iter().all(|marker| matches!(marker, 0xE0 | 0xDB | 0xC0 | 0xC4 | 0xDA)),
                "{markers:x?}"
            );
            assert!(!picture.jpeg.windows(4).any(|bytes| bytes == b"Exif"));
        }
    }
}

#[tokio::test]
async fn a_chosen_crop_is_cut_from_the_upright_picture() {
    let stored = fixtures::stored_as(&quarters(800, 1200), Orientation::Clockwise);
    let with = JpegWith { exif: Some(fixtures::exif(Orientation::Clockwise)), ..JpegWith::default() };
    let file = fixtures::jpeg(&stored, &with);
    let crop = Crop { x: 450, y: 10, side: 300 };
    let rendered = decoder().render(fixtures::open(&file), Some(crop)).await.expect("is rendered");
    assert_eq!(rendered.crop, crop);
    let sizes: Vec<_> = rendered.pictures.iter().map(|picture| (picture.edge, picture.width)).collect();
    assert_eq!(sizes, [(1080, 300), (540, 300), (160, 160)]);
    assert_eq!(rendered.pictures[0].jpeg, rendered.pictures[1].jpeg);
    let shown = pixels(&rendered.pictures[0].jpeg);
    for (x, y) in [(3, 3), (296, 3), (3, 296), (296, 296)] {
        assert_close(&shown, x, y, QUARTERS[1]);
    }
}

#[tokio::test]
async fn a_crop_outside_of_the_picture_is_refused() {
    let file = fixtures::jpeg(&quarters(800, 400), &JpegWith::default());
    let crop = Crop { x: 401, y: 0, side: 400 };
    let result = decoder().render(fixtures::open(&file), Some(crop)).await;
    let Err(RenderError::Refused(refusal)) = result else { panic!("not refused: {result:?}") };
    assert_eq!(refusal, Refusal::CropOutside { width: 800, height: 400 });
}

#[tokio::test]
async fn every_step_is_timed_and_every_size_is_there() {
    let file = fixtures::jpeg(&fixtures::noise(4000, 3000), &JpegWith::default());
    let started = Instant::now();
    let rendered = render(&file).await.expect("is rendered");
    let whole = started.elapsed();
    assert_eq!(rendered.pictures.iter().map(|picture| picture.width).collect::<Vec<_>>(), EDGES);
    let names: Vec<_> = rendered.steps.iter().map(|step| step.name).collect();
    assert_eq!(names, [StepName::Checked, StepName::Decoded, StepName::Cropped, StepName::Compressed]);
    let sizes: Vec<_> = rendered.pictures.iter().map(|picture| picture.jpeg.len()).collect();
    println!("12 megapixels, {} bytes: {whole:?}, {:?}, {sizes:?} bytes", file.len(), rendered.steps);
}
