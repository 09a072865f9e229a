//! The head's outline and the ears on it.

use super::coat::Place;
use super::fur::{Flow, Fur, hair};
use super::paint::{Easel, Skin};
use super::palette::Rgb;
use super::shape::{Pt, blob, mirrored, smooth, tube};
use super::species::{Ears, Extra, Head};
use super::subject::Subject;

/// The right side of the outline, from the crown to the chin.
fn outline(head: Head) -> &'static [Pt] {
    match head {
        Head::Cat => &[
            (0.0, -0.72),
            (0.45, -0.70),
            (0.84, -0.42),
            (1.02, 0.08),
            (0.92, 0.48),
            (0.52, 0.76),
            (0.0, 0.84),
        ],
        Head::Dog => {
            &[(0.0, -0.86), (0.5, -0.80), (0.82, -0.42), (0.86, 0.1), (0.74, 0.52), (0.45, 0.86), (0.0, 0.96)]
        }
        Head::Ball => &[
            (0.0, -0.88),
            (0.55, -0.76),
            (0.92, -0.32),
            (1.0, 0.18),
            (0.86, 0.62),
            (0.48, 0.88),
            (0.0, 0.94),
        ],
        Head::Egg => &[
            (0.0, -0.84),
            (0.44, -0.74),
            (0.74, -0.34),
            (0.9, 0.16),
            (0.82, 0.58),
            (0.46, 0.86),
            (0.0, 0.92),
        ],
        Head::Pear => {
            &[(0.0, -0.74), (0.5, -0.68), (0.78, -0.36), (0.94, 0.2), (1.0, 0.62), (0.62, 0.94), (0.0, 1.0)]
        }
        Head::Long => &[
            (0.0, -1.0),
            (0.44, -0.94),
            (0.76, -0.58),
            (0.74, -0.14),
            (0.55, 0.42),
            (0.48, 0.95),
            (0.50, 1.25),
            (0.34, 1.5),
            (0.0, 1.56),
        ],
        Head::Gecko => {
            &[(0.0, -0.52), (0.42, -0.56), (0.84, -0.42), (1.14, 0.08), (1.0, 0.44), (0.55, 0.64), (0.0, 0.7)]
        }
        Head::Frog => {
            &[(0.0, -0.5), (0.45, -0.56), (0.9, -0.4), (1.22, 0.1), (1.06, 0.5), (0.58, 0.72), (0.0, 0.78)]
        }
        Head::Box => {
            &[(0.0, -0.78), (0.55, -0.76), (0.92, -0.5), (1.0, 0.05), (0.96, 0.55), (0.62, 0.86), (0.0, 0.9)]
        }
    }
}

/// Where an ear starts on the right side of the head, and how far it leans outwards in degrees.
fn root(ears: Ears, head: Head) -> (Pt, f32) {
    let long = head == Head::Long;
    match ears {
        Ears::None => ((0.0, 0.0), 0.0),
        Ears::Pointed => ((0.58, -0.46), 22.0),
        Ears::Floppy => ((0.60, -0.60), 148.0),
        Ears::Bat => ((0.62, -0.48), 30.0),
        Ears::Tall => ((0.30, -0.66), 12.0),
        Ears::Lop => ((0.52, -0.62), 158.0),
        Ears::Round => ((0.70, -0.56), 42.0),
        Ears::Leaf if long => ((0.40, -0.84), 26.0),
        Ears::Leaf => ((0.60, -0.54), 38.0),
        Ears::Long if long => ((0.42, -0.82), 38.0),
        Ears::Long => ((0.40, -0.70), 22.0),
        Ears::Tufts => ((0.56, -0.62), 32.0),
        Ears::Folded if head == Head::Box => ((0.66, -0.62), 128.0),
        Ears::Folded => ((0.56, -0.50), 34.0),
    }
}

/// An ear pointing up from its root at the origin: outline, inside, and how pink the inside is.
#[rustfmt::skip]
fn ear(ears: Ears) -> (&'static [Pt], &'static [Pt], f32) {
    match ears {
        Ears::Pointed => (
            &[(-0.36, 0.22), (-0.22, -0.34), (0.0, -0.80), (0.24, -0.34), (0.38, 0.22)],
            &[(-0.20, 0.12), (-0.11, -0.28), (0.0, -0.58), (0.13, -0.28), (0.20, 0.12)],
            0.75,
        ),
        Ears::Bat => (
            &[(-0.34, 0.25), (-0.36, -0.35), (-0.06, -1.02), (0.30, -0.5), (0.36, 0.25)],
            &[(-0.20, 0.15), (-0.22, -0.35), (-0.04, -0.80), (0.18, -0.42), (0.20, 0.15)],
            0.85,
        ),
        Ears::Floppy => (
            &[(-0.20, 0.12), (-0.42, -0.40), (-0.36, -0.98), (0.0, -1.18), (0.30, -0.9), (0.28, -0.3), (0.22, 0.14)],
            &[],
            0.0,
        ),
        Ears::Lop => (
            &[(-0.16, 0.16), (-0.34, -0.5), (-0.32, -1.25), (0.0, -1.55), (0.28, -1.2), (0.24, -0.4), (0.20, 0.16)],
            &[],
            0.0,
        ),
        Ears::Tall => (
            &[(-0.20, 0.2), (-0.30, -0.6), (-0.22, -1.35), (0.02, -1.72), (0.24, -1.3), (0.28, -0.6), (0.20, 0.2)],
            &[(-0.10, 0.0), (-0.17, -0.6), (-0.11, -1.2), (0.01, -1.46), (0.13, -1.2), (0.15, -0.6), (0.10, 0.0)],
            0.8,
        ),
        Ears::Round => (
            &[(-0.30, 0.18), (-0.42, -0.22), (-0.26, -0.56), (0.10, -0.62), (0.38, -0.36), (0.40, 0.06), (0.22, 0.24)],
            &[(-0.16, 0.10), (-0.25, -0.18), (-0.14, -0.40), (0.08, -0.43), (0.24, -0.24), (0.24, 0.04), (0.10, 0.14)],
            0.7,
        ),
        Ears::Leaf => (
            &[(-0.14, 0.18), (-0.24, -0.26), (0.0, -0.78), (0.22, -0.26), (0.16, 0.18)],
            &[(-0.06, 0.06), (-0.12, -0.24), (0.0, -0.58), (0.11, -0.24), (0.07, 0.06)],
            0.45,
        ),
        Ears::Long => (
            &[(-0.16, 0.2), (-0.30, -0.45), (-0.20, -1.05), (0.02, -1.34), (0.22, -1.0), (0.26, -0.4), (0.18, 0.2)],
            &[(-0.07, 0.0), (-0.15, -0.45), (-0.09, -0.9), (0.01, -1.08), (0.10, -0.9), (0.13, -0.4), (0.08, 0.0)],
            0.45,
        ),
        Ears::Tufts => (&[(-0.20, 0.22), (-0.12, -0.3), (0.06, -0.78), (0.16, -0.3), (0.24, 0.22)], &[], 0.0),
        Ears::Folded | Ears::None => {
            (&[(-0.26, 0.14), (-0.34, -0.22), (-0.06, -0.56), (0.24, -0.36), (0.30, 0.14)], &[], 0.0)
        }
    }
}

/// Ears behind the head are painted before it, hanging ones after it.
fn hangs(ears: Ears) -> bool {
    matches!(ears, Ears::Floppy | Ears::Lop | Ears::Folded)
}

pub(super) fn paint(easel: &mut Easel, s: &Subject) {
    if !hangs(s.breed.ears) {
        paint_ears(easel, s);
    }
    if s.breed.has(Extra::Horns) {
        horns(easel, s);
    }
    let points = mirrored(&mut easel.dice, outline(s.breed.head), 0.028);
    let coat = |p: Pt| s.coat.colour(Place::Head, p);
    let flow = Flow::Away((0.0, s.face.muzzle * 0.55));
    easel.part(&s.head, &smooth(&points), &Skin { shadow: 0.45, ..s.skin(&coat, flow) });
    if s.breed.has(Extra::Cheeks) {
        cheeks(easel, s);
    }
    if hangs(s.breed.ears) {
        paint_ears(easel, s);
    }
}

fn paint_ears(easel: &mut Easel, s: &Subject) {
    if s.breed.ears == Ears::None {
        return;
    }
    let ((x, y), lean) = root(s.breed.ears, s.breed.head);
    let (outer, inner, pink) = ear(s.breed.ears);
    for (i, side) in [-1.0f32, 1.0].into_iter().enumerate() {
        let silly = s.derp.ears[i];
        let swing = if hangs(s.breed.ears) { silly.lean.clamp(-24.0, 16.0) } else { silly.lean };
        let frame = s.head.inner((x * side, y), silly.size, (lean + swing) * side);
        let off = |p: &Pt| (p.0 * side, p.1);
        let points: Vec<Pt> = outer.iter().map(off).collect();
        let coat = |p: Pt| s.coat.colour(Place::Ear, (p.0 + side, p.1));
        let skin = s.skin(&coat, Flow::Along((0.0, -1.0)));
        easel.part(&frame, &smooth(&points), &Skin { shadow: 0.4, ..skin });
        if !inner.is_empty() {
            let points: Vec<Pt> = inner.iter().map(off).collect();
            let flesh = |p: Pt| s.coat.colour(Place::Ear, p).mix(Rgb::hex(0xe8a49c), pink);
            easel.part(&frame, &smooth(&points), &Skin { round: 0.3, shadow: 0.25, ..Skin::plain(&flesh) });
        }
    }
}

fn horns(easel: &mut Easel, s: &Subject) {
    for side in [-1.0, 1.0] {
        let bone = |p: Pt| Rgb::hex(0xe8dcc4).mix(Rgb::hex(0x5a4a3c), (-p.1 - 1.15).max(0.0) * 1.6);
        let curve = [(0.22 * side, -0.85), (0.46 * side, -1.15), (0.40 * side, -1.52)];
        easel.part(&s.head, &tube(&curve, 0.15, 0.11, 0.03), &Skin::glossy(&bone, 0.2));
    }
}

/// Tufts that widen the face.
fn cheeks(easel: &mut Easel, s: &Subject) {
    for side in [-1.0f32, 1.0] {
        let coat = |p: Pt| s.coat.colour(Place::Head, p);
        let fluff =
            Fur { length: s.breed.hair * 1.5, ..Fur::new(0.3, Flow::Along((side, 0.45))) }.messy(0.35);
        let y = s.face.muzzle + 0.08;
        let path = blob(&mut easel.dice, (0.78 * side, y), 0.30, 0.34, 0.06);
        easel.part(&s.head, &path, &Skin { shadow: 0.0, round: 0.4, ..Skin::furry(&coat, fluff) });
    }
}

/// Hair on top that belongs in front of or above the eyes.
pub(super) fn paint_hairdo(easel: &mut Easel, s: &Subject) {
    let b = s.breed;
    let top = if b.head == Head::Long { -1.0 } else { -0.82 };
    if b.has(Extra::Fringe) || (b.has(Extra::Mane) && b.head == Head::Long) {
        let colour = if b.has(Extra::Mane) { s.coat.third() } else { s.coat.colour(Place::Body, (0.3, 0.2)) };
        let (count, long) = if b.head == Head::Long { (130, 0.6) } else { (260, 0.55) };
        tuft(
            easel,
            s,
            (0.0, top + 0.06),
            (if b.head == Head::Long { 0.20 } else { 0.6 }, 90.0, 16.0),
            (count, long),
            colour,
        );
    }
    if b.has(Extra::Crest) {
        let colour = s.coat.colour(Place::Tail, (0.0, 0.0)).times(1.06);
        tuft(easel, s, (0.0, top), (0.10, -90.0, 26.0), (70, 0.5), colour);
    }
    if b.has(Extra::Curls) {
        for i in 0..9 {
            let a = (f32::from(i as u8) / 8.0 - 0.5) * 2.2;
            let at = (a.sin() * 0.62, top + 0.12 - a.cos() * 0.14 + a.abs() * 0.12);
            curl(easel, s, at, 0.24);
        }
    }
}

fn curl(easel: &mut Easel, s: &Subject, at: Pt, size: f32) {
    let coat = |p: Pt| s.coat.colour(Place::Tail, p);
    let fur = Fur::new(0.10, Flow::Away((at.0 + 0.08, at.1))).messy(1.2);
    let path = blob(&mut easel.dice, at, size, size * 0.9, 0.08);
    easel.part(&s.head, &path, &Skin { shadow: 0.3, ..Skin::furry(&coat, fur) });
}

/// Loose hair: `count` strands of about `long` units from a row of half width `wide`, fanned by `spread` degrees.
fn tuft(
    easel: &mut Easel,
    s: &Subject,
    at: Pt,
    (wide, towards, spread): (f32, f32, f32),
    (count, long): (usize, f32),
    colour: Rgb,
) {
    let mut dice = easel.dice.stream(77);
    let scale = s.head.scale;
    let tilt = s.derp.tilt.to_radians();
    for _ in 0..count {
        let across = dice.between(-1.0, 1.0);
        let root =
            s.head.pixel((at.0 + across * wide, at.1 + across * across * 0.16 + dice.between(0.0, 0.1)));
        let fan = if towards > 0.0 { -across } else { across };
        let angle = (towards + fan * spread + dice.bell() * 7.0).to_radians() + tilt;
        let length = long * scale * dice.between(0.55, 1.1);
        let shade = colour.times(0.86 + dice.unit() * 0.3);
        let lit = easel.light.on(shade, [0.0, -0.3, 0.95], 0.0);
        hair(easel, root, angle, length, (scale * 0.035, dice.bell() * 0.35), lit);
    }
}
