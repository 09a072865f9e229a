//! Mouths that do not close, teeth that do not line up, tongues that do not stay in.

use super::coat::Place;
use super::paint::{Easel, Skin};
use super::palette::{Rgb, TONGUE, WHITE};
use super::shape::{Frame, Pt, along, line, oval, polygon, smooth, tube};
use super::species::{Build, Extra};
use super::subject::{Mouth, Subject};

const THROAT: u32 = 0x5a1c22;

/// A tongue hanging from `at`, if the mouth shows it.
pub(super) fn tongue(easel: &mut Easel, s: &Subject, at: Pt, size: f32) {
    let (long, lean) = match s.derp.mouth {
        Mouth::Blep => (0.26, 0.10),
        Mouth::Loll => (0.66, 0.42),
        Mouth::Grin => (0.34, 0.05),
        Mouth::Teeth | Mouth::Closed => return,
    };
    let (long, lean) = (long * size, lean * size * s.derp.side);
    let wide = 0.135 * size;
    let centre = [at, (at.0 + lean * 0.30, at.1 + long * 0.55), (at.0 + lean, at.1 + long)];
    let flesh = |p: Pt| TONGUE.mix(Rgb::hex(0xc9404e), (0.25 - (p.1 - at.1) * 0.8).clamp(0.0, 0.6));
    let path = tube(&centre, wide * 0.92, wide * 1.02, wide * 0.92);
    easel.part(&s.head, &path, &Skin { shadow: 0.35, ..Skin::glossy(&flesh, 0.28) });
    let groove: Vec<Pt> = along(&centre, 6);
    let groove = &groove[..groove.len() * 4 / 5];
    easel.stroke(&s.head, &line(groove), 0.024 * size, Rgb::hex(0xb23a4a), 0.65);
}

fn fork(easel: &mut Easel, s: &Subject, at: Pt) {
    let end = (at.0 + 0.16 * s.derp.side, at.1 + 0.62);
    let red = Rgb::hex(0xd83a4a);
    let stem = tube(&[at, (at.0 + 0.02, at.1 + 0.3), end], 0.035, 0.035, 0.03);
    easel.fill(&s.head, &stem, red, 1.0);
    for side in [-1.0, 1.0] {
        let tine = [end, (end.0 + 0.06 * side, end.1 + 0.1), (end.0 + 0.16 * side, end.1 + 0.14)];
        easel.fill(&s.head, &tube(&tine, 0.028, 0.022, 0.008), red, 1.0);
    }
}

fn tooth(easel: &mut Easel, frame: &Frame, (x, y): Pt, (w, h): Pt) {
    let ivory = |p: Pt| Rgb::hex(0xfffaea).mix(Rgb::hex(0xe8d6a8), (y + h * 0.3 - p.1).max(0.0) / h);
    let points = [
        (x - w, y),
        (x + w, y),
        (x + w * 0.95, y + h * 0.8),
        (x + w * 0.3, y + h),
        (x - w * 0.8, y + h * 0.9),
    ];
    easel.part(frame, &smooth(&points), &Skin { shadow: 0.2, round: 0.5, ..Skin::glossy(&ivory, 0.2) });
}

/// Below the muzzle of a cat, rabbit or mouse.
pub(super) fn under_pads(easel: &mut Easel, s: &Subject, (x, y): Pt, size: f32) {
    if matches!(s.derp.mouth, Mouth::Grin | Mouth::Loll) {
        easel.fill(&s.head, &oval(x, y + 0.09 * size, 0.19 * size, 0.20 * size), Rgb::hex(THROAT), 1.0);
    }
    tongue(easel, s, (x + 0.02, y - 0.02), size);
    if s.breed.has(Extra::BuckTeeth) || (s.derp.mouth == Mouth::Teeth && s.breed.species == "rabbit") {
        tooth(easel, &s.head, (x - 0.06, y - 0.04), (0.058, 0.25 * size));
        tooth(easel, &s.head, (x + 0.065, y - 0.04), (0.058, 0.22 * size));
    } else if s.derp.mouth == Mouth::Teeth {
        for (dx, h) in [(-0.15, 0.17), (0.13, 0.24)] {
            let (tx, ty) = (x + dx * size, y + 0.02);
            let fang = [(tx - 0.05, ty), (tx + 0.05, ty), (tx, ty + h * size)];
            easel.fill(&s.head, &polygon(&fang), Rgb::hex(0xfffaea), 1.0);
        }
    }
}

/// Below a dog's snout: a dropped jaw with a tongue, or an underbite.
pub(super) fn under_snout(easel: &mut Easel, s: &Subject, (x, y): Pt, size: f32) {
    let coat = |p: Pt| s.coat.colour(Place::Muzzle, p);
    let drop = match s.derp.mouth {
        Mouth::Grin => 0.26,
        Mouth::Loll => 0.20,
        Mouth::Teeth => 0.10,
        Mouth::Blep | Mouth::Closed => 0.04,
    } * size;
    let jaw = [
        (x - 0.32 * size, y - 0.14),
        (x + 0.32 * size, y - 0.14),
        (x + 0.27 * size, y + drop + 0.04),
        (x, y + drop + 0.13),
        (x - 0.27 * size, y + drop + 0.04),
    ];
    easel.part(&s.head, &smooth(&jaw), &Skin { shadow: 0.35, ..Skin::plain(&coat) });
    if drop > 0.06 {
        let throat = [
            (x - 0.27 * size, y - 0.12),
            (x + 0.27 * size, y - 0.12),
            (x + 0.20 * size, y + drop * 0.8),
            (x, y + drop + 0.04),
            (x - 0.20 * size, y + drop * 0.8),
        ];
        easel.fill(&s.head, &smooth(&throat), Rgb::hex(THROAT), 1.0);
    }
    if s.derp.mouth == Mouth::Teeth {
        for i in 0..4u8 {
            let dx = (f32::from(i) - 1.5) * 0.11;
            let h = if i == 0 || i == 3 { 0.17 } else { 0.10 };
            let tx = (x + dx) + if i == 2 { 0.02 } else { 0.0 };
            let fang = [(tx - 0.05, y + drop), (tx + 0.05, y + drop), (tx, y + drop - h - 0.06)];
            easel.fill(&s.head, &polygon(&fang), Rgb::hex(0xfffaea), 1.0);
        }
        return;
    }
    tongue(easel, s, (x + 0.09 * s.derp.side, y + drop * 0.3 - 0.04), size * 1.25);
}

/// Below the end of a long face: piano teeth and a tongue out of the corner.
pub(super) fn under_long(easel: &mut Easel, s: &Subject, (x, y): Pt) {
    let lip = Rgb::hex(s.breed.nose).times(0.92);
    let skin = move |_: Pt| lip;
    let open = !matches!(s.derp.mouth, Mouth::Closed | Mouth::Blep);
    let drop = if open { 0.34 } else { 0.10 };
    let skew = 0.07 * s.derp.side;
    let jaw = [
        (x - 0.36, y - 0.10),
        (x + 0.36, y - 0.10),
        (x + 0.28 + skew, y + drop),
        (x + skew, y + drop + 0.12),
        (x - 0.28 + skew, y + drop),
    ];
    easel.part(
        &s.head,
        &smooth(&jaw),
        &Skin { shadow: 0.4, ..s.short(&skin, super::fur::Flow::Along((0.0, 1.0))) },
    );
    if !open {
        tongue(easel, s, (x + 0.16 * s.derp.side, y), 1.3);
        return;
    }
    let gap = [
        (x - 0.32, y - 0.10),
        (x + 0.32, y - 0.10),
        (x + 0.22 + skew, y + drop - 0.06),
        (x + skew, y + drop + 0.01),
        (x - 0.22 + skew, y + drop - 0.06),
    ];
    easel.fill(&s.head, &smooth(&gap), Rgb::hex(THROAT), 1.0);
    tongue(easel, s, (x + 0.18 * s.derp.side, y + 0.08), 1.5);
    for i in 0..4u8 {
        let tx = x + (f32::from(i) - 1.5) * 0.135;
        let long = if i == 1 { 0.27 } else { 0.22 };
        tooth(easel, &s.head, (tx, y - 0.04), (0.066, long));
    }
}

/// A reptile's or a frog's mouth.
pub(super) fn across(easel: &mut Easel, s: &Subject, y: f32) {
    let far = s.face.eye.0 + 0.2;
    let skew = 0.05 * s.derp.side;
    let lips = [
        (-far, y - 0.06 - skew),
        (-far * 0.5, y + 0.16),
        (0.0, y + 0.21),
        (far * 0.5, y + 0.16),
        (far, y - 0.06 + skew),
    ];
    let dark = s.coat.colour(Place::Head, (0.0, 0.0)).times(0.32);
    if matches!(s.derp.mouth, Mouth::Grin | Mouth::Loll | Mouth::Teeth) {
        let mut open = along(&lips, 5);
        open.extend([(far * 0.55, y + 0.34), (0.0, y + 0.46), (-far * 0.55, y + 0.34)]);
        easel.fill(&s.head, &smooth(&open), Rgb::hex(0x7a2832), 1.0);
        easel.fill(&s.head, &oval(0.05 * s.derp.side, y + 0.40, 0.3, 0.09), TONGUE.mix(WHITE, 0.1), 0.9);
    }
    easel.stroke(&s.head, &line(&lips), 0.045, dark, 0.95);
    for side in [-1.0f32, 1.0] {
        let corner =
            [(far * side, y - 0.06 + skew * side), (far * side + 0.07 * side, y - 0.14 + skew * side)];
        easel.stroke(&s.head, &line(&corner), 0.045, dark, 0.95);
    }
    if s.breed.build == Build::Snake && s.derp.mouth != Mouth::Loll {
        fork(easel, s, (0.05 * s.derp.side, y + 0.24));
    } else {
        tongue(easel, s, (0.22 * s.derp.side, y + 0.2), 1.15);
    }
}
