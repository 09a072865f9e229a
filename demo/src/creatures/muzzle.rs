//! Noses, snouts and beaks.

use super::coat::Place;
use super::fur::Flow;
use super::mouth;
use super::paint::{Easel, Skin};
use super::palette::{INK, Rgb};
use super::shape::{Pt, blob, line, mirrored, oval, smooth};
use super::species::{Extra, Muzzle};
use super::subject::{Mouth, Subject};

pub(super) fn paint(easel: &mut Easel, s: &Subject) {
    let y = s.face.muzzle;
    match s.breed.muzzle {
        Muzzle::Pads => pads(easel, s, y, 1.0),
        Muzzle::Bunny => pads(easel, s, y + 0.06, 0.84),
        Muzzle::Mouse => pads(easel, s, y + 0.05, 0.76),
        Muzzle::Snout => snout(easel, s, y),
        Muzzle::Flat => flat(easel, s, y),
        Muzzle::Long => long(easel, s, y),
        Muzzle::Cone => cone(easel, s, y),
        Muzzle::Bill => bill(easel, s, y),
        Muzzle::Hook => hook(easel, s, y),
        Muzzle::Wide => wide(easel, s, y),
        Muzzle::Disk => disk(easel, s, y),
        Muzzle::Spoon => spoon(easel, s, y),
    }
    if s.breed.has(Extra::Whiskers) {
        whiskers(easel, s, y);
    }
}

fn nose_part(easel: &mut Easel, s: &Subject, points: &[Pt]) {
    let colour = Rgb::hex(s.breed.nose);
    let skin = move |_: Pt| colour;
    easel.part(&s.head, &smooth(points), &Skin { shadow: 0.3, ..Skin::glossy(&skin, 0.42) });
}

fn nostrils(easel: &mut Easel, s: &Subject, (x, y): Pt, (rx, ry): Pt) {
    for side in [-1.0, 1.0] {
        easel.fill(&s.head, &oval(x * side, y, rx, ry), INK, 0.8);
    }
}

/// The two puffs of a cat, and the smaller ones of a rabbit or a mouse.
fn pads(easel: &mut Easel, s: &Subject, y: f32, size: f32) {
    let coat = |p: Pt| s.coat.colour(Place::Muzzle, p);
    let chin = blob(&mut easel.dice, (0.0, y + 0.30 * size), 0.24 * size, 0.18 * size, 0.03);
    easel.part(&s.head, &chin, &s.short(&coat, Flow::Along((0.0, 1.0))));
    mouth::under_pads(easel, s, (0.0, y + 0.20 * size), size);
    for side in [-1.0f32, 1.0] {
        let pad =
            blob(&mut easel.dice, (0.22 * side * size, y + 0.09 * size), 0.29 * size, 0.23 * size, 0.04);
        let skin = s.short(&coat, Flow::Along((side, 0.4)));
        easel.part(&s.head, &pad, &Skin { shadow: 0.28, ..skin });
        for i in 0..5 {
            let (dx, dy) = (f32::from(i % 3u8) * 0.08 - 0.02, f32::from(i / 3u8) * 0.09);
            let dot = oval((0.22 + dx) * side * size, y + (0.06 + dy) * size, 0.014, 0.014);
            easel.fill(&s.head, &dot, s.line_colour(), 0.6);
        }
    }
    let colour = s.line_colour();
    easel.stroke(&s.head, &line(&[(0.0, y), (0.01, y + 0.2 * size)]), 0.028, colour, 0.8);
    let n = size.max(0.8);
    let half = [(0.0, y - 0.15 * n), (0.13 * n, y - 0.13 * n), (0.14 * n, y - 0.05 * n), (0.0, y + 0.05 * n)];
    let nose = mirrored(&mut easel.dice, &half, 0.008);
    nose_part(easel, s, &nose);
    nostrils(easel, s, (0.055 * n, y - 0.045 * n), (0.024, 0.016));
}

/// A dog's snout.
fn snout(easel: &mut Easel, s: &Subject, y: f32) {
    let coat = |p: Pt| s.coat.colour(Place::Muzzle, p);
    mouth::under_snout(easel, s, (0.0, y + 0.46), 1.0);
    let half = [
        (0.0, y - 0.30),
        (0.26, y - 0.22),
        (0.45, y + 0.12),
        (0.50, y + 0.36),
        (0.26, y + 0.52),
        (0.0, y + 0.46),
    ];
    let points = mirrored(&mut easel.dice, &half, 0.022);
    let skin = s.short(&coat, Flow::Away((0.0, y - 0.1)));
    easel.part(&s.head, &smooth(&points), &Skin { shadow: 0.4, ..skin });
    let colour = s.line_colour();
    let end = s.derp.side * 0.05;
    easel.stroke(&s.head, &line(&[(0.0, y), (0.01, y + 0.24), (end, y + 0.45)]), 0.03, colour, 0.75);
    for side in [-1.0f32, 1.0] {
        let curve = line(&[(end, y + 0.45), (0.2 * side, y + 0.47), (0.40 * side, y + 0.36)]);
        easel.stroke(&s.head, &curve, 0.028, colour, 0.55);
    }
    let half = [(0.0, y - 0.24), (0.17, y - 0.22), (0.23, y - 0.08), (0.12, y + 0.06), (0.0, y + 0.09)];
    let nose = mirrored(&mut easel.dice, &half, 0.012);
    nose_part(easel, s, &nose);
    nostrils(easel, s, (0.09, y - 0.03), (0.045, 0.03));
}

/// A pug's jowls and wrinkles.
fn flat(easel: &mut Easel, s: &Subject, y: f32) {
    let coat = |p: Pt| s.coat.colour(Place::Muzzle, p);
    mouth::under_snout(easel, s, (0.0, y + 0.36), 0.9);
    for side in [-1.0f32, 1.0] {
        let jowl = blob(&mut easel.dice, (0.27 * side, y + 0.16), 0.38, 0.31, 0.04);
        easel.part(&s.head, &jowl, &Skin { shadow: 0.35, ..s.short(&coat, Flow::Along((side, 0.8))) });
    }
    let dark = s.line_colour();
    for (i, lift) in [0.36f32, 0.52].into_iter().enumerate() {
        let wide = 0.26 + 0.1 * i as f32;
        let fold = [(-wide, y - lift + 0.12), (0.0, y - lift), (wide, y - lift + 0.10)];
        easel.stroke(&s.head, &line(&fold), 0.05, dark, 0.45);
    }
    let half = [(0.0, y - 0.2), (0.17, y - 0.18), (0.20, y - 0.05), (0.0, y + 0.05)];
    let nose = mirrored(&mut easel.dice, &half, 0.01);
    nose_part(easel, s, &nose);
    nostrils(easel, s, (0.09, y - 0.06), (0.04, 0.03));
}

/// The end of a horse's, cow's or capybara's face.
fn long(easel: &mut Easel, s: &Subject, y: f32) {
    let grey = Rgb::hex(s.breed.nose);
    let coat = |p: Pt| {
        let fade = ((p.1 - y + 0.55) * 1.6).clamp(0.0, 1.0);
        s.coat.colour(Place::Head, p).mix(grey.times(0.96), fade * 0.92)
    };
    mouth::under_long(easel, s, (0.0, y + 0.33));
    let half = [
        (0.0, y - 0.34),
        (0.34, y - 0.28),
        (0.56, y + 0.02),
        (0.54, y + 0.30),
        (0.28, y + 0.42),
        (0.0, y + 0.40),
    ];
    let points = mirrored(&mut easel.dice, &half, 0.025);
    let skin = s.short(&coat, Flow::Along((0.0, 1.0)));
    easel.part(&s.head, &smooth(&points), &Skin { shadow: 0.25, ..skin });
    let dark = grey.times(0.35);
    for side in [-1.0f32, 1.0] {
        let hole = [(0.20, y - 0.10), (0.33, y - 0.14), (0.38, y + 0.02), (0.28, y + 0.08)];
        let hole: Vec<Pt> = hole.iter().map(|p| (p.0 * side, p.1)).collect();
        easel.fill(&s.head, &smooth(&hole), dark, 0.92);
    }
    let skew = 0.05 * s.derp.side;
    let lips =
        line(&[(-0.42, y + 0.22 - skew), (-0.15, y + 0.33), (0.15, y + 0.32), (0.42, y + 0.22 + skew)]);
    easel.stroke(&s.head, &lips, 0.03, dark, 0.7);
}

fn cone(easel: &mut Easel, s: &Subject, y: f32) {
    let colour = Rgb::hex(s.breed.nose);
    let horn = move |p: Pt| colour.mix(colour.times(0.7), (p.1 - y) * 2.0);
    let gape = if matches!(s.derp.mouth, Mouth::Closed | Mouth::Blep) { 0.08 } else { 0.26 };
    let lower = [(-0.20, y + 0.10), (0.20, y + 0.10), (0.10, y + 0.24 + gape * 0.6), (0.0, y + 0.28 + gape)];
    let mut jaw = lower.to_vec();
    jaw.push((-0.10, y + 0.24 + gape * 0.6));
    easel.part(&s.head, &smooth(&jaw), &Skin { shadow: 0.3, ..Skin::glossy(&horn, 0.2) });
    if gape > 0.1 {
        easel.fill(&s.head, &oval(0.0, y + 0.2, 0.15, 0.11), Rgb::hex(0x6a2228), 1.0);
    }
    mouth::tongue(easel, s, (0.02, y + 0.16), 0.7);
    let half = [(0.0, y - 0.16), (0.18, y - 0.06), (0.30, y + 0.10), (0.12, y + 0.20), (0.0, y + 0.34)];
    let points = mirrored(&mut easel.dice, &half, 0.014);
    easel.part(&s.head, &smooth(&points), &Skin { shadow: 0.35, ..Skin::glossy(&horn, 0.3) });
    nostrils(easel, s, (0.06, y), (0.02, 0.03));
}

fn bill(easel: &mut Easel, s: &Subject, y: f32) {
    let colour = Rgb::hex(s.breed.nose);
    let horn = move |p: Pt| colour.mix(colour.times(0.75), (p.1 - y - 0.1) * 2.0);
    let half = [(0.0, y + 0.1), (0.36, y + 0.12), (0.40, y + 0.36), (0.0, y + 0.50)];
    let lower = mirrored(&mut easel.dice, &half, 0.02);
    easel.part(&s.head, &smooth(&lower), &Skin { shadow: 0.35, ..Skin::glossy(&horn, 0.2) });
    easel.fill(&s.head, &oval(0.0, y + 0.26, 0.33, 0.13), Rgb::hex(0x7a2a2c), 1.0);
    mouth::tongue(easel, s, (0.06, y + 0.22), 0.9);
    let half = [
        (0.0, y - 0.20),
        (0.20, y - 0.14),
        (0.34, y + 0.06),
        (0.56, y + 0.14),
        (0.46, y + 0.28),
        (0.0, y + 0.26),
    ];
    let points = mirrored(&mut easel.dice, &half, 0.02);
    easel.part(&s.head, &smooth(&points), &Skin { shadow: 0.4, ..Skin::glossy(&horn, 0.35) });
    nostrils(easel, s, (0.10, y - 0.02), (0.03, 0.045));
}

fn hook(easel: &mut Easel, s: &Subject, y: f32) {
    let colour = Rgb::hex(s.breed.nose);
    let horn = move |p: Pt| colour.mix(colour.times(0.55), (p.1 - y - 0.1) * 1.6);
    let lower = blob(&mut easel.dice, (0.0, y + 0.34), 0.16, 0.15, 0.03);
    easel.part(&s.head, &lower, &Skin { shadow: 0.3, ..Skin::glossy(&horn, 0.2) });
    mouth::tongue(easel, s, (0.0, y + 0.3), 0.6);
    let half = [(0.0, y - 0.22), (0.20, y - 0.14), (0.27, y + 0.12), (0.13, y + 0.32), (0.0, y + 0.46)];
    let points = mirrored(&mut easel.dice, &half, 0.014);
    easel.part(&s.head, &smooth(&points), &Skin { shadow: 0.4, ..Skin::glossy(&horn, 0.35) });
    nostrils(easel, s, (0.09, y - 0.06), (0.03, 0.03));
}

/// A mouth across the whole head.
fn wide(easel: &mut Easel, s: &Subject, y: f32) {
    nostrils(easel, s, (0.13, y - 0.22), (0.035, 0.028));
    mouth::across(easel, s, y);
}

/// A koala's nose.
fn spoon(easel: &mut Easel, s: &Subject, y: f32) {
    let coat = |p: Pt| s.coat.colour(Place::Muzzle, p);
    mouth::under_snout(easel, s, (0.0, y + 0.34), 0.7);
    let chin = blob(&mut easel.dice, (0.0, y + 0.22), 0.36, 0.24, 0.03);
    easel.part(&s.head, &chin, &s.short(&coat, Flow::Along((0.0, 1.0))));
    let half = [(0.0, y - 0.42), (0.16, y - 0.34), (0.23, y - 0.02), (0.18, y + 0.16), (0.0, y + 0.22)];
    let nose = mirrored(&mut easel.dice, &half, 0.012);
    nose_part(easel, s, &nose);
    nostrils(easel, s, (0.10, y + 0.1), (0.04, 0.03));
}

/// A pig's snout.
fn disk(easel: &mut Easel, s: &Subject, y: f32) {
    mouth::under_snout(easel, s, (0.0, y + 0.34), 0.8);
    let colour = Rgb::hex(s.breed.nose);
    let skin = move |_: Pt| colour;
    let back = blob(&mut easel.dice, (0.0, y + 0.04), 0.46, 0.36, 0.02);
    let coat = |p: Pt| s.coat.colour(Place::Muzzle, p);
    easel.part(&s.head, &back, &Skin { shadow: 0.35, ..Skin::plain(&coat) });
    let front = blob(&mut easel.dice, (0.0, y + 0.06), 0.38, 0.28, 0.03);
    easel.part(&s.head, &front, &Skin { shadow: 0.35, round: 0.35, ..Skin::glossy(&skin, 0.15) });
    for side in [-1.0, 1.0] {
        easel.fill(&s.head, &oval(0.15 * side, y + 0.05, 0.07, 0.11), colour.times(0.42), 0.95);
    }
}

fn whiskers(easel: &mut Easel, s: &Subject, y: f32) {
    let light = s.coat.colour(Place::Head, (0.9, 0.3)).luma() < 0.45;
    let colour = if light { Rgb::grey(0.95) } else { Rgb::hex(0xfffaf0) };
    let mut dice = easel.dice.stream(9);
    for side in [-1.0f32, 1.0] {
        for i in 0..5 {
            let up = (f32::from(i as u8) - 2.0) * 0.16;
            let from = (0.30 * side, y + 0.08 + up * 0.4);
            let reach = dice.between(1.0, 1.45);
            let mid = (side * (0.3 + reach * 0.5), y - 0.02 + up * 1.3 + dice.bell() * 0.03);
            let end = (side * (0.3 + reach), y + 0.12 + up * 2.2 + dice.bell() * 0.09);
            easel.stroke(&s.head, &line(&[from, mid, end]), 0.011, colour, 0.85);
            easel.stroke(&s.head, &line(&[from, mid]), 0.015, colour, 0.6);
        }
    }
}
