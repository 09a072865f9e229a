use std::{
    ffi::OsString,
    fs::File,
    time::{Duration, Instant},
};

use image::{DynamicImage, ImageFormat, RgbImage, RgbaImage};
use jpeg_encoder::ColorType;

use super::{
    child_main,
    confine::processor_time,
    parent::{Decoder, RenderError},
    pool::PICTURES,
    protocol::LIMITS_VAR,
};
use crate::{
    Crop, Limits, Orientation, Refusal, Rendered, fixtures,
    fixtures::{JpegWith, QUARTERS, quarters},
    jpeg,
};

mod confined;
mod pool;
mod stages;

/// A shell command that runs a test of this binary as the child. The harness's own output stays out of the reply.
fn arguments(test: &str) -> [OsString; 4] {
    let this = std::env::current_exe().expect("has a path");
    let script = "exec 9>&1 1>/dev/null; exec \"$0\" --exact --ignored --nocapture \"sandbox::tests::$1\"";
    ["-c".into(), script.into(), this.into_os_string(), test.into()]
}

fn child(test: &str, limits: Limits) -> Decoder {
    Decoder::new("/bin/sh".into(), arguments(test), limits)
}

fn decoder() -> Decoder {
    child("decoder_process", Limits::default())
}

/// A child that isn't a decoder.
fn shell(script: &str, limits: Limits) -> Decoder {
    Decoder::new("/bin/sh".into(), ["-c", script], limits)
}

fn reply_on_stdout() -> bool {
    let Ok(reply) = File::options().write(true).open("/proc/self/fd/9") else { return false };
    rustix::stdio::dup2_stdout(reply).is_ok() && std::env::var_os(LIMITS_VAR).is_some()
}

#[test]
#[ignore = "is the decoder process of the other tests"]
fn decoder_process() {
    if reply_on_stdout() {
        std::process::exit(i32::from(child_main() != std::process::ExitCode::SUCCESS));
    }
}

async fn render(file: &[u8]) -> Result<Rendered, RenderError> {
    decoder().render(None, fixtures::open(file), None).await
}

async fn refusal(file: &[u8]) -> Refusal {
    match render(file).await {
        Err(RenderError::Refused(refusal)) => refusal,
        other => panic!("not refused: {:?}", other.map(|_| "rendered")),
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

/// Asserts that each size shows the four quarters in place.
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
    let rendered = decoder().render(None, fixtures::open(&file), Some(crop)).await.expect("is rendered");
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
async fn a_crop_outside_the_picture_is_refused() {
    let file = fixtures::jpeg(&quarters(800, 400), &JpegWith::default());
    let crop = Crop { x: 401, y: 0, side: 400 };
    let result = decoder().render(None, fixtures::open(&file), Some(crop)).await;
    let Err(RenderError::Refused(refusal)) = result else { panic!("not refused: {result:?}") };
    assert_eq!(refusal, Refusal::CropOutside { width: 800, height: 400 });
}

/// PNG, GIF and lossless WebP, each with a difficult feature.
#[tokio::test]
async fn png_gif_webp_and_avif_are_rendered() {
    let picture = quarters(600, 600);
    let plain = DynamicImage::ImageRgb8(picture.clone());
    let deep = DynamicImage::ImageRgb16(plain.to_rgb16());
    for (picture, format) in [
        (&plain, ImageFormat::Png),
        (&deep, ImageFormat::Png),
        (&plain, ImageFormat::Gif),
        (&plain, ImageFormat::WebP),
    ] {
        let rendered = render(&fixtures::file_of(picture, format)).await.expect("is rendered");
        assert_upright(&rendered);
    }
    for deep in [false, true] {
        assert_upright(&render(&fixtures::avif(640, 448, deep)).await.expect("is rendered"));
    }
}

#[tokio::test]
async fn transparency_is_composited_over_white() {
    let half = RgbaImage::from_fn(400, 400, |x, _| image::Rgba([200, 0, 0, if x < 200 { 255 } else { 0 }]));
    for format in [ImageFormat::Png, ImageFormat::WebP, ImageFormat::Gif] {
        let rendered = render(&fixtures::file_of(&half.clone().into(), format)).await.expect("is rendered");
        let shown = pixels(&rendered.pictures[0].jpeg);
        assert_close(&shown, 50, 200, [200, 0, 0]);
        assert_close(&shown, 350, 200, [255, 255, 255]);
    }
}

#[tokio::test]
async fn grey_cmyk_and_ycck_jpegs_come_out_in_their_colours() {
    let with = JpegWith { full_chroma: true, ..JpegWith::default() };
    let grey = fixtures::encode(&[90].repeat(300 * 300), (300, 300), ColorType::Luma, &with);
    // No cyan, full magenta and yellow, no black.
    let red = [0, 255, 255, 0].repeat(300 * 300);
    let cmyk = fixtures::encode(&red, (300, 300), ColorType::Cmyk, &with);
    let ycck = fixtures::encode(&red, (300, 300), ColorType::CmykAsYcck, &JpegWith::default());
    let subsampled = fixtures::encode(&red, (300, 300), ColorType::Cmyk, &JpegWith::default());
    for (name, file, expected) in [
        ("grey", grey, [90, 90, 90]),
        ("cmyk", cmyk, [255, 0, 0]),
        ("ycck", ycck, [255, 0, 0]),
        ("subsampled cmyk", subsampled, [255, 0, 0]),
    ] {
        let shown = pixels(&render(&file).await.expect(name).pictures[0].jpeg);
        for at in [5, 150, 295] {
            assert_close(&shown, at, at, expected);
        }
    }
}

#[tokio::test]
async fn an_embedded_profile_is_converted_to_srgb() {
    let profile = moxcms::ColorProfile::new_display_p3().encode().expect("is encoded");
    let green = RgbImage::from_pixel(300, 300, image::Rgb([120, 200, 120]));
    let with = JpegWith { profile: Some(profile), ..JpegWith::default() };
    let rendered = render(&fixtures::jpeg(&green, &with)).await.expect("is rendered");
    // By the matrices of CSS Color 4, color(display-p3 0.471 0.784 0.471) is rgb(94 202 111).
    assert_close(&pixels(&rendered.pictures[0].jpeg), 150, 150, [94, 202, 111]);
}

#[tokio::test]
async fn progressive_and_multi_scan_jpegs_are_rendered() {
    for with in [
        JpegWith { progressive: true, ..JpegWith::default() },
        // One scan per component.
        JpegWith { optimised: true, ..JpegWith::default() },
        JpegWith { restart_interval: 5, ..JpegWith::default() },
    ] {
        assert_upright(&render(&fixtures::jpeg(&quarters(500, 500), &with)).await.expect("is rendered"));
    }
}

#[tokio::test]
async fn a_truncated_picture_is_refused_wherever_it_is_cut() {
    let picture = fixtures::noise(500, 400);
    let progressive = JpegWith { progressive: true, ..JpegWith::default() };
    let plain = DynamicImage::ImageRgb8(picture.clone());
    for file in [
        fixtures::jpeg(&picture, &JpegWith::default()),
        fixtures::jpeg(&picture, &progressive),
        fixtures::file_of(&plain, ImageFormat::Png),
        fixtures::file_of(&plain, ImageFormat::WebP),
        fixtures::file_of(&plain, ImageFormat::Gif),
        fixtures::avif(448, 320, false),
    ] {
        for kept in [40, file.len() / 2, file.len() - 2] {
            assert_eq!(refusal(&file[..kept]).await, Refusal::Damaged, "{kept} of {} bytes", file.len());
        }
    }
}

#[tokio::test]
async fn a_jpeg_whose_middle_is_missing_is_refused() {
    let mut file = fixtures::jpeg(&fixtures::noise(500, 400), &JpegWith::default());
    file.drain(file.len() / 3..file.len() - 2);
    assert_eq!(refusal(&file).await, Refusal::Damaged);
}

/// The decoder reads ahead of such short data and must not report missing data.
#[tokio::test]
async fn a_tiny_jpeg_of_one_colour_is_complete() {
    for restart_interval in [0, 1, 25] {
        let with = JpegWith { optimised: true, restart_interval, ..JpegWith::default() };
        let grey = fixtures::encode(&[90].repeat(200 * 200), (200, 200), ColorType::Luma, &with);
        assert_close(&pixels(&render(&grey).await.expect("is rendered").pictures[0].jpeg), 199, 199, [90; 3]);
    }
}

#[tokio::test]
async fn garbage_after_the_end_of_a_jpeg_is_ignored() {
    let mut file = fixtures::jpeg(&quarters(400, 400), &JpegWith::default());
    file.extend_from_slice(&[0xFF; 500]);
    assert_upright(&render(&file).await.expect("is rendered"));
}

#[tokio::test]
async fn hostile_and_mistaken_files_are_refused_with_a_reason() {
    assert_eq!(refusal(b"").await, Refusal::Empty);
    assert_eq!(refusal(b"Dear Sir or Madam, see the picture attached.").await, Refusal::NotAPicture);
    let bomb = refusal(&fixtures::png_claiming(50_000, 50_000)).await;
    assert_eq!(bomb, Refusal::TooManyPixels { width: 50_000, height: 50_000, max: 50_000_000 });
    let dot = fixtures::jpeg(&quarters(1, 1), &JpegWith::default());
    assert_eq!(refusal(&dot).await, Refusal::TooSmall { width: 1, height: 1, min: 200 });
}

fn died(result: Result<Rendered, RenderError>) -> String {
    match result {
        Err(error @ RenderError::Died { .. }) if error.is_final() => match error {
            RenderError::Died { cause } => cause,
            _ => unreachable!(),
        },
        other => panic!("didn't die: {:?}", other.map(|_| "rendered")),
    }
}

#[tokio::test]
async fn a_picture_that_needs_more_memory_than_allowed_fails_alone() {
    let file = fixtures::file_of(&quarters(5000, 5000).into(), ImageFormat::Png);
    let limits = Limits { memory: 64 << 20, ..Limits::default() };
    let result = child("decoder_process", limits).render(None, fixtures::open(&file), None).await;
    assert!(matches!(result, Err(RenderError::Refused(Refusal::TooMuchMemory))), "{result:?}");
}

#[tokio::test]
async fn a_child_that_hangs_is_ended_in_time() {
    let limits = Limits { timeout: Duration::from_millis(300), ..Limits::default() };
    let started = Instant::now();
    let result = shell("exec sleep 60", limits).render(None, fixtures::open(b""), None).await;
    assert!(matches!(result, Err(RenderError::TimedOut)), "{result:?}");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_child_that_spins_is_ended_by_its_processor_limit() {
    let spin = shell("ulimit -S -t 1; while :; do :; done", Limits::default());
    let started = Instant::now();
    let result = spin.render(None, fixtures::open(b""), None).await;
    assert!(matches!(result, Err(RenderError::TimedOut)), "{result:?}");
    assert!(started.elapsed() < Limits::default().timeout);
}

#[tokio::test]
async fn a_child_that_aborts_or_lies_fails_the_picture() {
    let run = async |script: &str| {
        died(shell(script, Limits::default()).render(None, fixtures::open(b""), None).await)
    };
    assert!(run("echo oops >&2; kill -ABRT $$").await.contains("oops"));
    assert!(run("exit 101").await.contains("101"));
    assert!(run("true").await.contains("exit status: 0"));
    assert!(run("exec cat /dev/zero").await.contains("magic"));
    assert!(run("printf 'pawdium\\4\\377\\377\\377\\377\\0\\0\\0\\0{}'").await.contains("header's length"));
    assert!(run("printf 'pawdium\\4\\0\\0\\0\\2\\377\\0\\0\\0{}'").await.contains("files' length"));
    assert!(run("printf 'pawdium\\4\\0\\0\\0\\2\\0\\0\\0\\0{}'").await.contains("syntax"));
    assert!(run("printf 'pawdium\\4\\0\\0\\0\\3\\0\\0\\0\\0{}'").await.contains("exit status: 0"));
}

#[tokio::test]
async fn a_picture_whose_child_was_killed_from_outside_is_retryable() {
    for script in ["kill -TERM $$", "kill -KILL $$", "exit 71"] {
        let result = shell(script, Limits::default()).render(None, fixtures::open(b""), None).await;
        assert!(matches!(&result, Err(error) if !error.is_final()), "{script}: {result:?}");
    }
}

#[tokio::test]
async fn a_missing_program_is_retryable() {
    let decoder = Decoder::new("/nonexistent".into(), [""; 0], Limits::default());
    let result = decoder.render(None, fixtures::open(b""), None).await;
    assert!(matches!(&result, Err(error) if !error.is_final()), "{result:?}");
}

#[tokio::test]
async fn the_decoder_can_be_this_program() {
    let decoder = Decoder::this_program(["--no-such-option"], Limits::default());
    let cause = died(decoder.render(None, fixtures::open(b""), None).await);
    assert!(cause.contains("no-such-option"), "{cause}");
}

#[test]
fn processor_time_is_limited_per_picture_and_per_process() {
    let limits = Limits { timeout: Duration::from_secs(20), ..Limits::default() };
    let all = u64::from(PICTURES) * 20 + 1;
    for (worked, current) in [(0, 20), (7, 27), (100_000, all)] {
        let time = processor_time(&limits, Duration::from_secs(worked));
        assert_eq!((time.current, time.maximum), (Some(current), Some(all)));
    }
}
