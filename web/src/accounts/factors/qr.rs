//! QR codes as drawings.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

use crate::views::security::Qr;

/// Draws a text: each run of dark modules in a row is a rectangle.
///
/// # Panics
/// Never for texts of up to 2,000 bytes, which a QR code holds.
pub(super) fn draw(text: &str) -> Qr {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).expect("the text is short");
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let end = (x..code.size()).find(|end| !code.get_module(*end, y)).unwrap_or(code.size());
            if end > x {
                let _ = write!(path, "M{x} {y}h{0}v1h-{0}z", end - x);
            }
            x = end + 1;
        }
    }
    Qr { size: code.size(), path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_has_the_dark_modules_and_no_others() {
        let text =
            "otpauth://totp/paw.example:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=paw.example";
        let code = QrCode::encode_text(text, QrCodeEcc::Medium).expect("it is short");
        let drawn = draw(text);
        assert_eq!(drawn.size, code.size());
        let mut dark = std::collections::BTreeSet::new();
        for run in drawn.path.split('M').skip(1) {
            let (place, rest) = run.split_once('h').expect("a run");
            let (x, y) = place.split_once(' ').expect("a place");
            let (x, y): (i32, i32) = (x.parse().expect("a number"), y.parse().expect("a number"));
            let length: i32 = rest.split('v').next().expect("a length").parse().expect("a number");
            dark.extend((x..x + length).map(|x| (x, y)));
        }
        for y in 0..code.size() {
            for x in 0..code.size() {
                assert_eq!(dark.contains(&(x, y)), code.get_module(x, y), "{x} {y}");
            }
        }
    }
}
