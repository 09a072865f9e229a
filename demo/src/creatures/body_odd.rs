//! Bodies that don't simply sit: long necks, shells, coils, spines.

use super::coat::Place;
use super::fur::{Flow, hair};
use super::paint::{Easel, Skin};
use super::palette::Rgb;
use super::shape::{Pt, blob, line, mirrored, oval, smooth, tube};
use super::species::Extra;
use super::subject::Subject;
use super::texture::cells;

/// A neck that leaves the picture at its lower edge.
pub(super) fn neck(easel: &mut Easel, s: &Subject) {
    let coat = |p: Pt| s.coat.colour(Place::Body, p);
    let side = s.derp.side;
    let woolly = s.breed.has(Extra::Curls);
    let (thin, thick) = if woolly { (0.62, 0.95) } else { (0.52, 1.25) };
    let curve = [(0.04 * side, -0.35), (0.30 * side, 0.9), (0.46 * side, 2.0), (0.52 * side, 3.6)];
    easel.part(&s.body, &tube(&curve, thin, thin * 1.3, thick), &s.skin(&coat, Flow::Along((0.1, 1.0))));
    if s.breed.has(Extra::Mane) {
        mane(easel, s, side);
    }
}

fn mane(easel: &mut Easel, s: &Subject, side: f32) {
    let mut dice = easel.dice.stream(31);
    let colour = s.coat.third();
    let scale = s.head.scale;
    for _ in 0..900 {
        let t = dice.unit();
        let root = s.body.pixel((side * (0.34 + t * 0.62 + dice.bell() * 0.05), -0.75 + t * 2.6));
        let angle = (90.0 - side * (58.0 - 30.0 * t) + dice.bell() * 9.0).to_radians();
        let shade = colour.times(0.8 + dice.unit() * 0.36);
        let lit = easel.light.on(shade, [0.3 * side, -0.2, 0.9], 0.0);
        hair(easel, root, angle, scale * dice.between(0.3, 0.75), (scale * 0.035, dice.bell() * 0.3), lit);
    }
}

pub(super) fn frog(easel: &mut Easel, s: &Subject) {
    let coat = |p: Pt| s.coat.colour(Place::Body, p);
    for side in [-1.0f32, 1.0] {
        let thigh = blob(&mut easel.dice, (1.15 * side, 0.98), 0.52, 0.42, 0.03);
        easel.part(&s.body, &thigh, &s.skin(&coat, Flow::Along((side, 1.0))));
        toes(easel, s, (1.35 * side, 1.36), side, 0.30);
    }
    let half = [(0.0, 0.0), (0.8, 0.3), (1.02, 0.9), (0.72, 1.32), (0.0, 1.40)];
    let trunk = mirrored(&mut easel.dice, &half, 0.03);
    easel.part(&s.body, &smooth(&trunk), &s.skin(&coat, Flow::Along((0.0, 1.0))));
    let pale = |p: Pt| s.coat.colour(Place::Chest, p);
    let belly = blob(&mut easel.dice, (0.0, 0.92), 0.62, 0.42, 0.03);
    easel.part(&s.body, &belly, &Skin { shadow: 0.0, ..s.skin(&pale, Flow::Along((0.0, 1.0))) });
    for side in [-1.0f32, 1.0] {
        let arm = tube(&[(0.72 * side, 0.62), (0.80 * side, 1.0), (0.60 * side, 1.34)], 0.17, 0.14, 0.12);
        easel.part(&s.body, &arm, &Skin { shadow: 0.4, ..s.skin(&coat, Flow::Along((0.0, 1.0))) });
        toes(easel, s, (0.58 * side, 1.38), side, 0.22);
    }
}

fn toes(easel: &mut Easel, s: &Subject, (x, y): Pt, side: f32, long: f32) {
    let colour = s.coat.third();
    let pad = move |_: Pt| colour;
    for a in [-0.9f32, -0.2, 0.5, 1.1] {
        let end = (x + long * 1.2 * (side * 0.4 + a * 0.8), y + long * (0.55 - a.abs() * 0.3));
        easel.part(
            &s.body,
            &tube(&[(x, y), end], 0.07, 0.06, 0.06),
            &Skin { shadow: 0.2, ..Skin::plain(&pad) },
        );
        let ball = oval(end.0, end.1, 0.095, 0.085);
        easel.part(&s.body, &ball, &Skin { shadow: 0.25, ..Skin::glossy(&pad, 0.25) });
    }
}

pub(super) fn gecko(easel: &mut Easel, s: &Subject) {
    let coat = |p: Pt| s.coat.colour(Place::Body, p);
    let side = s.derp.side;
    let curl =
        [(0.5 * side, 0.9), (1.5 * side, 0.9), (1.95 * side, 0.2), (1.6 * side, -0.45), (1.25 * side, -0.1)];
    easel.part(&s.body, &tube(&curl, 0.42, 0.26, 0.05), &s.skin(&coat, Flow::Along((0.0, 1.0))));
    let half = [(0.0, -0.1), (0.66, 0.2), (0.96, 0.8), (0.82, 1.3), (0.0, 1.4)];
    let trunk = mirrored(&mut easel.dice, &half, 0.04);
    easel.part(&s.body, &smooth(&trunk), &s.skin(&coat, Flow::Along((0.0, 1.0))));
    let pale = |p: Pt| s.coat.colour(Place::Chest, p);
    let belly = blob(&mut easel.dice, (0.0, 1.0), 0.52, 0.38, 0.03);
    easel.part(&s.body, &belly, &Skin { shadow: 0.0, ..s.skin(&pale, Flow::Along((0.0, 1.0))) });
    for arm in [-1.0f32, 1.0] {
        let lift = if arm * side > 0.0 { 0.0 } else { 0.35 };
        let path = tube(
            &[(0.74 * arm, 0.72), (1.22 * arm, 0.95 - lift * 0.3), (1.22 * arm, 1.30 - lift)],
            0.19,
            0.15,
            0.13,
        );
        easel.part(&s.body, &path, &Skin { shadow: 0.4, ..s.skin(&coat, Flow::Along((0.0, 1.0))) });
        toes(easel, s, (1.24 * arm, 1.32 - lift), arm, 0.2);
    }
    if s.breed.has(Extra::Mane) {
        beard(easel, s);
    }
}

/// The spiny collar of a bearded dragon.
fn beard(easel: &mut Easel, s: &Subject) {
    let horn = |p: Pt| s.coat.colour(Place::Chest, p).times(0.85);
    for i in 0..17u8 {
        let a = (f32::from(i) / 16.0 - 0.5) * 3.4;
        let (sin, cos) = a.sin_cos();
        let from = (sin * 0.98, 0.08 + cos * 0.52);
        let to = (sin * 1.42, 0.08 + cos * 0.86);
        easel.part(
            &s.head,
            &tube(&[from, to], 0.11, 0.07, 0.015),
            &Skin { shadow: 0.25, ..Skin::plain(&horn) },
        );
    }
}

pub(super) fn turtle(easel: &mut Easel, s: &Subject) {
    let coat = |p: Pt| s.coat.colour(Place::Body, p);
    for side in [-1.0f32, 1.0] {
        let leg = blob(&mut easel.dice, (1.28 * side, 1.08), 0.42, 0.40, 0.03);
        easel.part(&s.body, &leg, &s.skin(&coat, Flow::Along((0.0, 1.0))));
        for toe in [-0.2f32, 0.0, 0.2] {
            easel.fill(&s.body, &oval(1.3 * side + toe, 1.42, 0.07, 0.08), Rgb::hex(0xe8dcb8), 0.95);
        }
    }
    let plate = |p: Pt| {
        let d = cells(p.0 * 1.5 + 0.4, p.1 * 1.5 + 0.2, 41);
        let ring = (d * 20.0).sin() * 0.07;
        Rgb::hex(0x5a4428).mix(Rgb::hex(0xb08a48), 1.0 - d * 1.5 + ring)
    };
    let half =
        [(0.0, -1.35), (0.85, -1.15), (1.55, -0.45), (1.85, 0.4), (1.72, 0.9), (0.8, 1.12), (0.0, 1.16)];
    let shell = mirrored(&mut easel.dice, &half, 0.03);
    easel.part(&s.body, &smooth(&shell), &Skin { shadow: 0.4, round: 1.0, ..Skin::glossy(&plate, 0.25) });
    let rim = [(-1.74, 0.62), (-1.0, 0.98), (0.0, 1.08), (1.0, 0.98), (1.74, 0.62)];
    let edge = |p: Pt| Rgb::hex(0x8a6c3c).times(0.85 + 0.2 * (p.0 * 9.0).sin().signum() * 0.5);
    easel.part(&s.body, &tube(&rim, 0.12, 0.17, 0.12), &Skin { shadow: 0.35, ..Skin::glossy(&edge, 0.2) });
    let neck = tube(&[(0.0, 0.95), (0.0, 0.4), (0.0, 0.0)], 0.52, 0.5, 0.5);
    easel.part(&s.body, &neck, &Skin { shadow: 0.45, ..s.skin(&coat, Flow::Along((0.0, 1.0))) });
}

pub(super) fn snake(easel: &mut Easel, s: &Subject) {
    let side = s.derp.side;
    for (i, (y, wide)) in [(1.62f32, 1.9f32), (1.18, 1.55), (0.78, 1.15)].into_iter().enumerate() {
        let skew = 0.14 * side * if i == 1 { -1.0 } else { 1.0 };
        let coat = |p: Pt| s.coat.colour(Place::Body, (p.0 + i as f32 * 3.0, p.1));
        let back = [(-wide + skew, y), (-wide * 0.5, y - 0.30), (wide * 0.5, y - 0.30), (wide + skew, y)];
        easel.part(&s.body, &tube(&back, 0.26, 0.3, 0.26), &s.skin(&coat, Flow::Along((0.0, 1.0))));
        let front = [(-wide + skew, y), (-wide * 0.5, y + 0.26), (wide * 0.5, y + 0.26), (wide + skew, y)];
        easel.part(
            &s.body,
            &tube(&front, 0.30, 0.36, 0.30),
            &Skin { shadow: 0.5, ..s.skin(&coat, Flow::Along((0.0, 1.0))) },
        );
    }
    let coat = |p: Pt| s.coat.colour(Place::Body, p);
    let neck = tube(&[(0.5 * side, 1.0), (0.3 * side, 0.6), (0.0, 0.1)], 0.42, 0.40, 0.46);
    easel.part(&s.body, &neck, &Skin { shadow: 0.45, ..s.skin(&coat, Flow::Along((0.0, 1.0))) });
    let tip = [(1.7 * side, 1.9), (2.1 * side, 1.82), (2.25 * side, 1.5)];
    easel.part(&s.body, &tube(&tip, 0.16, 0.10, 0.03), &s.skin(&coat, Flow::Along((0.0, 1.0))));
}

/// A hedgehog: a dome of spines behind a small face.
pub(super) fn spiny(easel: &mut Easel, s: &Subject) {
    let dark = |_: Pt| Rgb::hex(0x5a4636);
    let half = [(0.0, -1.15), (0.8, -1.0), (1.4, -0.3), (1.55, 0.5), (1.3, 1.2), (0.0, 1.35)];
    let dome = mirrored(&mut easel.dice, &half, 0.03);
    easel.part(&s.body, &smooth(&dome), &Skin::plain(&dark));
    let mut dice = easel.dice.stream(8);
    let scale = s.head.scale;
    for i in 0..1500u16 {
        let ring = 1.0 - f32::from(i) / 1500.0;
        let a = dice.between(0.0, std::f32::consts::TAU);
        let r = (ring * 1.0 + 0.35 * dice.unit()).min(1.04);
        let (x, y) = (a.cos() * r * 1.42, 0.12 + a.sin() * r * 1.22);
        if y > 1.15 {
            continue;
        }
        let angle = y.atan2(x) + dice.bell() * 0.16;
        let tone = if dice.chance(0.5) { Rgb::hex(0xe8d6b4) } else { Rgb::hex(0x8a6c50) };
        let lit = easel.light.on(tone, [angle.cos() * 0.4, angle.sin() * 0.4, 0.82], 0.0);
        let root = s.body.pixel((x, y));
        let long = scale * dice.between(0.24, 0.36);
        hair(easel, root, angle, long, (scale * 0.05, 0.0), Rgb::hex(0x3a2c22));
        hair(easel, root, angle, long * 0.97, (scale * 0.036, 0.0), lit);
    }
    let coat = |p: Pt| s.coat.colour(Place::Body, p);
    let belly = blob(&mut easel.dice, (0.0, 1.0), 0.78, 0.42, 0.03);
    easel.part(&s.body, &belly, &s.skin(&coat, Flow::Along((0.0, 1.0))));
    for side in [-1.0f32, 1.0] {
        let hand = blob(&mut easel.dice, (0.46 * side, 1.28), 0.2, 0.14, 0.03);
        let pink = |_: Pt| Rgb::hex(0xd9a090);
        easel.part(&s.body, &hand, &Skin { shadow: 0.4, ..Skin::plain(&pink) });
        for toe in [-0.09f32, 0.0, 0.09] {
            let claw = line(&[(0.46 * side + toe, 1.32), (0.46 * side + toe * 1.2, 1.42)]);
            easel.stroke(&s.body, &claw, 0.03, Rgb::hex(0x5a3a30), 0.8);
        }
    }
}
