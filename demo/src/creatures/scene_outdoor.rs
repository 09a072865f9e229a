//! Backdrops under the sky.

use super::fur::hair;
use super::paint::{Easel, Skin};
use super::palette::{Rgb, WHITE};
use super::scene::{discs, gradient, plane, rows};
use super::shape::{Frame, Pt, blob, oval, polygon, smooth};
use super::texture::{clouds, noise};

fn size(easel: &Easel) -> (f32, f32, f32) {
    let (w, h) = (easel.pixmap.width() as f32, easel.pixmap.height() as f32);
    (w, h, w.min(h))
}

fn pixels() -> Frame {
    Frame::new(0.0, 0.0, 1.0, 0.0)
}

/// A far row of round trees.
fn trees(easel: &mut Easel, base: f32, tall: f32, colours: &[u32]) {
    let (w, _, _) = size(easel);
    let mut dice = easel.dice.stream(61);
    let mut x = -tall;
    while x < w + tall {
        let r = tall * dice.between(0.5, 1.1);
        let colour = Rgb::hex(dice.pick(colours));
        let path = blob(&mut dice, (x, base - r * 0.5), r, r, 0.12);
        easel.fill(&pixels(), &path, colour, 1.0);
        let crown = blob(&mut dice, (x - r * 0.2, base - r * 0.75), r * 0.6, r * 0.5, 0.15);
        easel.fill(&pixels(), &crown, colour.mix(WHITE, 0.18), 0.5);
        x += r * dice.between(0.5, 1.1);
    }
}

fn turf(easel: &mut Easel, horizon: f32, colours: &[u32]) {
    let (w, h, short) = size(easel);
    let mut dice = easel.dice.stream(62);
    for i in 0..5200u16 {
        let t = f32::from(i) / 5200.0;
        let y = horizon + (h - horizon) * t * t + dice.between(0.0, 6.0);
        let long = short * (0.012 + 0.06 * t);
        let colour = Rgb::hex(dice.pick(colours)).times(dice.between(0.75, 1.15));
        let angle = -1.57 + dice.bell() * 0.35;
        hair(
            easel,
            (dice.between(0.0, w), y + long * 0.5),
            angle,
            long,
            (1.0 + 2.6 * t, dice.bell() * 0.4),
            colour,
        );
    }
}

pub(super) fn meadow(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    let horizon = (floor - short * 0.36).max(h * 0.25);
    gradient(easel, (0.0, horizon + 4.0), &[0x6fb4e8, 0xa8d4f0, 0xe4f0e8]);
    let mut dice = easel.dice.stream(60);
    for _ in 0..7 {
        let at = (dice.between(0.0, w), dice.between(0.0, horizon * 0.5));
        let puff = blob(&mut dice, at, short * 0.16, short * 0.045, 0.2);
        easel.fill(&pixels(), &puff, WHITE, 0.6);
    }
    trees(easel, horizon, short * 0.14, &[0x4f8a44, 0x6aa04a, 0x3f7a48, 0x7fae56]);
    gradient(easel, (horizon, h), &[0x9ac85c, 0x6aa83e, 0x4a8230]);
    turf(easel, horizon, &[0x5a9a36, 0x7ab84a, 0x4a8430, 0xa0c860]);
    for _ in 0..150 {
        let t = dice.unit();
        let (x, y) = (dice.between(0.0, w), horizon + (h - horizon) * t);
        let r = short * (0.004 + 0.014 * t);
        let colour = Rgb::hex(dice.pick(&[0xffffff, 0xf8d840, 0xe84a3c, 0xd878c8, 0xfff4c0]));
        let flower = blob(&mut dice, (x, y), r, r * 0.8, 0.2);
        easel.fill(&pixels(), &flower, colour, 0.95);
        easel.fill(&pixels(), &oval(x, y, r * 0.35, r * 0.3), Rgb::hex(0xf0b020), 1.0);
    }
}

pub(super) fn night(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    let horizon = (floor - short * 0.24).max(h * 0.35);
    gradient(easel, (0.0, horizon + 4.0), &[0x0c1434, 0x1c2a5c, 0x4a4a86, 0x8a6a94]);
    let mut dice = easel.dice.stream(60);
    for _ in 0..260 {
        let r = short * 0.0022 * dice.between(0.6, 2.4);
        let star = oval(dice.between(0.0, w), dice.between(0.0, horizon * 0.95), r, r);
        easel.fill(&pixels(), &star, Rgb::hex(0xfff6dc), dice.between(0.4, 1.0));
    }
    let (mx, my, r) = (w * dice.pick(&[0.14, 0.84, 0.78, 0.22]), h * 0.15, short * 0.085);
    for (grow, alpha) in [(2.4, 0.06), (1.7, 0.10), (1.25, 0.2)] {
        easel.fill(&pixels(), &oval(mx, my, r * grow, r * grow), Rgb::hex(0xdfe6ff), alpha);
    }
    easel.fill(&pixels(), &oval(mx, my, r, r), Rgb::hex(0xfdf6dc), 1.0);
    for (dx, dy, k) in [(-0.3, -0.2, 0.22), (0.25, 0.3, 0.28), (0.35, -0.35, 0.14)] {
        easel.fill(&pixels(), &oval(mx + dx * r, my + dy * r, k * r, k * r), Rgb::hex(0xd8d0b8), 0.7);
    }
    trees(easel, horizon + short * 0.02, short * 0.12, &[0x141c38, 0x1a2444, 0x10182e]);
    gradient(easel, (horizon, h), &[0x24385c, 0x1c3046, 0x142434]);
    turf(easel, horizon, &[0x2a4864, 0x1e3a50, 0x34587a]);
}

pub(super) fn beach(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    let strand = (floor - short * 0.30).max(h * 0.3);
    let sea = strand - short * 0.20;
    gradient(easel, (0.0, sea + 2.0), &[0x4aa4e4, 0x8accf0, 0xd8eef4]);
    rows(easel, (sea, strand + short * 0.06), |x, y| {
        let t = (y - sea) / (strand - sea);
        let wave = (noise(x / short * 9.0, y / short * 80.0, 3) - 0.5) * 0.5;
        let foam = ((t - 0.86 + (x / short * 7.0).sin() * 0.03) * 9.0).clamp(0.0, 1.0);
        Rgb::hex(0x2a7ab0).mix(Rgb::hex(0x6fd0cc), t).mix(WHITE, (wave.max(0.0) + foam * 0.8).min(0.9))
    });
    plane(easel, strand + short * 0.02, |u, v| {
        let grain = clouds(u * 9.0, v * 14.0, 11) - 0.5;
        let ripple = ((v * 26.0 + clouds(u * 2.0, v * 2.0, 4) * 5.0).sin()) * 0.025;
        Rgb::hex(0xead2a2)
            .times(1.0 + grain * 0.16 + ripple)
            .mix(Rgb::hex(0xc0a070), (v - 3.2).clamp(0.0, 0.5))
    });
    let mut dice = easel.dice.stream(60);
    let (x, y) = (w * dice.pick(&[0.12, 0.88]), strand - short * 0.02);
    easel.stroke(
        &pixels(),
        &super::shape::line(&[(x, y + short * 0.06), (x + short * 0.04, y - short * 0.42)]),
        short * 0.014,
        Rgb::hex(0xf4f0e8),
        1.0,
    );
    for i in 0..6u8 {
        let (a, b) = (f32::from(i) / 6.0, f32::from(i + 1) / 6.0);
        let rim =
            |t: f32| (x + short * (0.04 + (t - 0.5) * 0.52), y - short * (0.26 - (t - 0.5).abs() * 0.06));
        let slice = [rim(a), rim(b), (x + short * 0.04, y - short * 0.44)];
        let colour = if i % 2 == 0 { 0xe8503c } else { 0xfff6ec };
        easel.fill(&pixels(), &polygon(&slice), Rgb::hex(colour), 1.0);
    }
    for _ in 0..14 {
        let at = (dice.between(0.0, w), dice.between(strand + short * 0.12, h));
        let shell = blob(&mut dice, at, short * 0.012, short * 0.008, 0.2);
        easel.fill(&pixels(), &shell, Rgb::hex(dice.pick(&[0xf8e8dc, 0xe0a890, 0xc8b098])), 0.95);
    }
}

pub(super) fn snow(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    let horizon = (floor - short * 0.26).max(h * 0.35);
    gradient(easel, (0.0, horizon + 4.0), &[0x9fb6d4, 0xc8d8e8, 0xecf0f4]);
    let mut dice = easel.dice.stream(60);
    for i in 0..16u8 {
        let x = w * (f32::from(i) + dice.between(-0.5, 1.0)) / 15.0;
        let tall = short * dice.between(0.22, 0.5);
        let colour = Rgb::hex(dice.pick(&[0x4a6a6c, 0x5f8080, 0x3c5a60]));
        for tier in 0..4u8 {
            let t = f32::from(tier) / 4.0;
            let (top, wide) = (horizon - tall * (1.0 - t * 0.8), tall * (0.10 + 0.22 * t));
            let fir = [(x, top), (x + wide, top + tall * 0.34), (x - wide, top + tall * 0.34)];
            easel.fill(&pixels(), &polygon(&fir), colour, 1.0);
            let cap = [(x, top), (x + wide * 0.5, top + tall * 0.16), (x - wide * 0.6, top + tall * 0.19)];
            easel.fill(&pixels(), &smooth(&cap), Rgb::hex(0xf4f8fc), 0.9);
        }
    }
    plane(easel, horizon, |u, v| {
        let drift = clouds(u * 2.2, v * 2.6, 17) - 0.5;
        Rgb::hex(0xeaf0f8).times(1.0 + drift * 0.16).mix(Rgb::hex(0xb4c6e0), (drift * 0.9).clamp(0.0, 0.4))
    });
    flakes(easel, 160);
}

pub(super) fn autumn(easel: &mut Easel, floor: f32) {
    let (_, h, short) = size(easel);
    let horizon = (floor - short * 0.28).max(h * 0.3);
    gradient(easel, (0.0, horizon + 4.0), &[0xf2d08a, 0xf0b870, 0xd8905a]);
    trees(easel, horizon - short * 0.1, short * 0.22, &[0xd8702c, 0xe89838, 0xb85428, 0xc88a30]);
    trees(easel, horizon, short * 0.13, &[0xa8481f, 0xc8682a, 0xe0a040, 0x8a6a30]);
    let mut dice = easel.dice.stream(63);
    discs(easel, &mut dice, 34, &[0xffe0a0, 0xffc870, 0xfff0c8], (0.0, 0.55));
    plane(easel, horizon, |u, v| {
        let n = clouds(u * 6.0, v * 8.0, 19);
        Rgb::hex(0x7a4f2c).mix(Rgb::hex(0xb8763a), n)
    });
    leaves(easel, horizon + short * 0.05, 420);
}

pub(super) fn jungle(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    gradient(easel, (0.0, h), &[0x7fb068, 0x3f7a48, 0x1f4a34, 0x18382a]);
    let mut dice = easel.dice.stream(60);
    discs(easel, &mut dice, 40, &[0xd8f0a0, 0xa8d880, 0xf4f8c8], (0.0, 0.6));
    for i in 0..26u8 {
        let at = (dice.between(-0.05, 1.05) * w, dice.between(-0.05, 0.95) * h);
        let colour = Rgb::hex(dice.pick(&[0x2f7a40, 0x4a9a48, 0x1f5a38, 0x6ab050, 0x357a58]));
        let long = short * dice.between(0.16, 0.30);
        let frame = Frame::new(at.0, at.1, long, dice.between(0.0, 360.0));
        let vein = |p: Pt| {
            let rib = ((p.0 * 16.0 + p.1.abs() * 9.0).sin() * 0.5 + 0.5).powi(6) * 0.2;
            colour.mix(Rgb::hex(0xd0e8a0), rib + if p.1.abs() < 0.02 { 0.35 } else { 0.0 })
        };
        let leaf = [(-1.0, 0.0), (-0.4, -0.30), (0.4, -0.24), (1.0, 0.0), (0.4, 0.24), (-0.4, 0.30)];
        let gloss = if i > 12 { 0.25 } else { 0.1 };
        easel.part(&frame, &smooth(&leaf), &Skin { shadow: 0.5, round: 0.5, ..Skin::glossy(&vein, gloss) });
    }
    plane(easel, floor - short * 0.12, |u, v| {
        Rgb::hex(0x4a3a26).mix(Rgb::hex(0x5f7a3a), clouds(u * 4.0, v * 5.0, 23) * 1.3 - 0.2)
    });
    turf(easel, floor - short * 0.12, &[0x3f7a38, 0x5f9a48, 0x2f5a2c]);
}

/// Blades in front of the feet, the nearest ones largest.
pub(super) fn blades(easel: &mut Easel, floor: f32, colours: &[u32]) {
    let (w, h, short) = size(easel);
    let mut dice = easel.dice.stream(64);
    let count = (w / short * 330.0) as usize;
    for i in 0..count {
        let t = i as f32 / count as f32;
        let y = floor + short * 0.015 + (h - floor + short * 0.05) * t + short * 0.02;
        let long = short * (0.03 + 0.055 * t) * dice.between(0.6, 1.3);
        let colour = Rgb::hex(dice.pick(colours)).times(dice.between(0.8, 1.15));
        let lit = easel.light.on(colour, [0.0, -0.6, 0.8], 0.0);
        let angle = -1.57 + dice.bell() * 0.42;
        hair(
            easel,
            (dice.between(0.0, w), y),
            angle,
            long,
            (short * (0.004 + 0.006 * t), dice.bell() * 0.6),
            lit,
        );
    }
}

pub(super) fn leaves(easel: &mut Easel, from: f32, count: usize) {
    let (w, h, short) = size(easel);
    let mut dice = easel.dice.stream(65);
    for i in 0..count {
        let t = i as f32 / count as f32;
        let y = from + (h - from + short * 0.03) * t;
        let long = short * (0.012 + 0.030 * t);
        let frame = Frame::new(dice.between(0.0, w), y, long, dice.between(0.0, 360.0));
        let colour = Rgb::hex(dice.pick(&[0xd85a24, 0xe8952c, 0xb83a20, 0xf0c040, 0x9a5a28]));
        let lit = easel.light.on(colour.times(dice.between(0.7, 1.1)), [0.0, -0.5, 0.85], 0.0);
        let leaf = [(-1.0, 0.0), (-0.3, -0.5), (0.4, -0.4), (1.1, 0.05), (0.4, 0.45), (-0.3, 0.42)];
        easel.fill(&frame, &smooth(&leaf), INK_SHADOW, 0.25);
        easel.fill(&frame.inner((-0.06, -0.1), 1.0, 0.0), &smooth(&leaf), lit, 1.0);
        easel.stroke(&frame, &super::shape::line(&[(-0.9, 0.0), (1.3, 0.0)]), 0.08, lit.times(0.7), 0.8);
    }
}

const INK_SHADOW: Rgb = Rgb([0.1, 0.06, 0.03]);

pub(super) fn flakes(easel: &mut Easel, count: usize) {
    let (w, h, short) = size(easel);
    let mut dice = easel.dice.stream(66);
    for _ in 0..count {
        let near = dice.unit().powi(3);
        let r = short * (0.003 + 0.012 * near);
        let (x, y) = (dice.between(0.0, w), dice.between(0.0, h));
        let alpha = 0.85 - 0.55 * near;
        easel.fill(&pixels(), &blob(&mut dice, (x, y), r, r, 0.15), WHITE, alpha);
    }
}
