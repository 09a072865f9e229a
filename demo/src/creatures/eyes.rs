//! Eyes: too large, unequal, and looking in different directions.

use tiny_skia::Mask;

use super::coat::Place;
use super::paint::{Easel, Skin};
use super::palette::{INK, Rgb, WHITE};
use super::shape::{Frame, Pt, along, blob, line, oval, polygon, tube};
use super::species::{Extra, Pupil};
use super::subject::{EyeLook, Subject};

pub(super) fn paint(easel: &mut Easel, s: &Subject) {
    for (i, side) in [-1.0, 1.0].into_iter().enumerate() {
        let look = s.derp.eyes[i];
        let at = (s.face.eye.0 * side, s.face.eye.1 + look.rise);
        let frame = s.head.inner(at, s.face.eye_size * look.size, 0.0);
        if s.bulging() {
            mound(easel, s, &frame);
        }
        if look.shut {
            closed(easel, s, &frame);
        } else {
            open(easel, s, &frame, look, side);
        }
        if s.breed.has(Extra::Brows) {
            brow(easel, s, &frame, side * if i == 0 { 1.0 } else { -0.6 });
        }
    }
}

/// The bulge of skin under a frog's or a gecko's eye.
fn mound(easel: &mut Easel, s: &Subject, frame: &Frame) {
    let coat = |p: Pt| s.coat.colour(Place::Body, (p.0 * 0.3, p.1 * 0.3));
    let path = blob(&mut easel.dice, (0.0, 0.08), 1.3, 1.28, 0.03);
    easel.part(frame, &path, &Skin { shadow: 0.3, ..Skin::glossy(&coat, 0.12) });
}

fn closed(easel: &mut Easel, s: &Subject, frame: &Frame) {
    let dark = s.coat.colour(Place::Head, s.face.eye).times(0.3).mix(INK, 0.6);
    let arc = tube(&[(-0.8, -0.05), (-0.4, 0.28), (0.1, 0.36), (0.75, 0.02)], 0.05, 0.13, 0.05);
    easel.fill(frame, &arc, dark, 0.95);
    for x in [-0.55, 0.0, 0.5] {
        easel.stroke(frame, &line(&[(x, 0.28), (x * 1.25, 0.56)]), 0.09, dark, 0.9);
    }
}

fn open(easel: &mut Easel, s: &Subject, frame: &Frame, look: EyeLook, side: f32) {
    let pupil = s.breed.pupil;
    let around = s.coat.colour(Place::Head, s.face.eye);
    let rim = around.times(0.30).mix(INK, 0.45);
    let path = blob(&mut easel.dice, (0.0, 0.0), 1.0, 0.97, 0.025);
    let outer = blob(&mut easel.dice, (0.0, 0.02), 1.075, 1.065, 0.015);
    let lid_skin = |_: Pt| rim;
    easel.part(frame, &outer, &Skin { shadow: 0.38, round: 0.3, ..Skin::plain(&lid_skin) });
    let ball = |p: Pt| {
        let d = p.0.hypot(p.1);
        Rgb::hex(0xfbf8f1).mix(Rgb::hex(0xd9b3a6), (d - 0.72).max(0.0) * 1.4)
    };
    easel.part(frame, &path, &Skin { shadow: 0.0, round: 0.6, ..Skin::glossy(&ball, 0.06) });
    let within = easel.inside(frame, &path);
    iris(easel, s, frame, (look, pupil), &within);
    if look.lid > 0.02 {
        lid(easel, s, frame, (look.lid, side), &within, rim);
    }
    shine(easel, frame, &within, look);
}

fn iris(easel: &mut Easel, s: &Subject, frame: &Frame, (look, pupil): (EyeLook, Pupil), within: &Mask) {
    let iris = if pupil == Pupil::Bead { 0.70 } else { 0.60 } * look.iris;
    let (gx, gy) = (look.gaze.0 * (1.02 - iris), look.gaze.1 * (1.02 - iris));
    let colour = Rgb::hex(s.breed.iris);
    let lit = easel.light.on(colour, [0.0, 0.0, 1.0], 0.0);
    let inside = Some(within);
    easel.fill_inside(frame, &oval(gx, gy, iris, iris), lit.times(0.42), 1.0, inside);
    easel.fill_inside(frame, &oval(gx, gy, iris * 0.9, iris * 0.9), lit, 1.0, inside);
    easel.fill_inside(
        frame,
        &oval(gx, gy + iris * 0.34, iris * 0.66, iris * 0.46),
        lit.mix(WHITE, 0.45),
        0.55,
        inside,
    );
    let mut dice = easel.dice.stream(5);
    for _ in 0..26 {
        let a = dice.between(0.0, std::f32::consts::TAU);
        let (from, to) = (iris * 0.35, iris * dice.between(0.6, 0.86));
        let ray = line(&[(gx + a.cos() * from, gy + a.sin() * from), (gx + a.cos() * to, gy + a.sin() * to)]);
        let tone = if dice.chance(0.5) { lit.times(0.55) } else { lit.mix(WHITE, 0.5) };
        easel.stroke_inside(frame, &ray, 0.03, (tone, 0.4), inside);
    }
    let r = iris * look.pupil;
    let hole = match pupil {
        Pupil::Round => oval(gx, gy, r * 0.62, r * 0.62),
        Pupil::Bead => oval(gx, gy, iris * 0.84, iris * 0.84),
        Pupil::Slit => oval(gx, gy, r * 0.36, r * 0.84),
        Pupil::Bar => oval(gx, gy, r * 0.8, r * 0.34),
    };
    easel.fill_inside(frame, &hole, INK.times(0.6), 1.0, inside);
    if easel.light.flash {
        let glow = if matches!(pupil, Pupil::Slit) { Rgb::hex(0xb8f06a) } else { Rgb::hex(0xff4a2c) };
        easel.fill_inside(frame, &hole, glow, 0.82, inside);
        easel.fill_inside(frame, &oval(gx, gy, r * 0.28, r * 0.28), glow.mix(WHITE, 0.7), 0.8, inside);
    }
}

/// An upper lid that covers part of the eye, lower towards one side.
fn lid(easel: &mut Easel, s: &Subject, frame: &Frame, (share, side): (f32, f32), within: &Mask, rim: Rgb) {
    let y = -1.0 + 2.0 * share;
    let edge = [(-1.15, y - 0.06 * side), (-0.4, y + 0.13), (0.4, y + 0.13), (1.15, y + 0.06 * side)];
    let mut cover = along(&edge, 6);
    cover.extend([(1.2, -1.4), (-1.2, -1.4)]);
    let skin = s.coat.colour(Place::Head, s.face.eye).times(0.86);
    let lit = easel.light.on(skin, [0.0, -0.35, 0.93], 0.0);
    easel.fill_inside(frame, &polygon(&cover), lit, 1.0, Some(within));
    easel.stroke_inside(frame, &line(&edge), 0.09, (rim, 0.9), Some(within));
}

fn shine(easel: &mut Easel, frame: &Frame, within: &Mask, look: EyeLook) {
    let l = easel.light.towards;
    let (x, y) = (l[0].signum() * 0.30 + look.gaze.0 * 0.16, -0.30 + look.gaze.1 * 0.12 + look.lid * 0.7);
    easel.fill_inside(frame, &oval(x, y, 0.20, 0.23), WHITE, 0.95, Some(within));
    easel.fill_inside(frame, &oval(x * -0.7, y + 0.66, 0.09, 0.09), WHITE, 0.7, Some(within));
    let shade = oval(0.0, -1.16, 1.3, 0.42);
    easel.fill_inside(frame, &shade, INK, 0.20, Some(within));
}

fn brow(easel: &mut Easel, s: &Subject, frame: &Frame, tilt: f32) {
    let colour = s.coat.colour(Place::Head, (0.0, -0.6)).times(0.62);
    let arc =
        tube(&[(-0.55, -1.36 - tilt * 0.22), (0.0, -1.62), (0.55, -1.36 + tilt * 0.22)], 0.06, 0.15, 0.06);
    let coat = |_: Pt| colour;
    easel.part(frame, &arc, &Skin { shadow: 0.15, ..Skin::plain(&coat) });
}
