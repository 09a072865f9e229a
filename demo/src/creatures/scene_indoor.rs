//! Backdrops under a roof.

use super::fur::hair;
use super::paint::{Easel, Skin};
use super::palette::{INK, Rgb, WHITE};
use super::random::Dice;
use super::scene::{discs, gradient, plane, rows};
use super::shape::{Frame, Pt, blob, line, oval, polygon, smooth};
use super::texture::{clouds, noise};

fn size(easel: &Easel) -> (f32, f32, f32) {
    let (w, h) = (easel.pixmap.width() as f32, easel.pixmap.height() as f32);
    (w, h, w.min(h))
}

fn pixels() -> Frame {
    Frame::new(0.0, 0.0, 1.0, 0.0)
}

fn rect(easel: &mut Easel, (x, y): Pt, (w, h): Pt, colour: Rgb) {
    easel.fill(&pixels(), &polygon(&[(x, y), (x + w, y), (x + w, y + h), (x, y + h)]), colour, 1.0);
}

/// A stuffed box with soft corners.
fn cushion((x, y): Pt, (w, h): Pt) -> tiny_skia::Path {
    let r = w.min(h) * 0.16;
    smooth(&[
        (x + r, y),
        (x + w / 2.0, y - r * 0.25),
        (x + w - r, y),
        (x + w - r * 0.2, y + r * 0.4),
        (x + w, y + h / 2.0),
        (x + w - r * 0.2, y + h - r * 0.4),
        (x + w - r, y + h),
        (x + r, y + h),
        (x + r * 0.2, y + h - r * 0.4),
        (x, y + h / 2.0),
        (x + r * 0.2, y + r * 0.4),
    ])
}

fn wallpaper(easel: &mut Easel, low: f32) {
    let (w, _, short) = size(easel);
    let mut dice = easel.dice.stream(70);
    let (base, ink) = dice.pick(&[
        (0xd8c8b0, 0xc8b498),
        (0xa8c0b8, 0x98b2aa),
        (0xe0c0b0, 0xd4ae9c),
        (0xc0c4d8, 0xb0b4cc),
        (0xe8dcb4, 0xdccb9a),
    ]);
    let (base, ink) = (Rgb::hex(base), Rgb::hex(ink));
    let stripes = dice.chance(0.5);
    rows(easel, (0.0, low), |x, y| {
        let (u, v) = (x / short * 14.0, y / short * 14.0);
        let on = if stripes { u.fract() < 0.5 } else { (u.fract() - 0.5).hypot(v.fract() - 0.5) < 0.22 };
        let light = 1.06 - 0.22 * ((x / w - 0.3).abs() + y / low.max(1.0) * 0.4);
        (if on { ink } else { base }).times(light)
    });
    if dice.chance(0.75) {
        let (x, y) = (w * dice.pick(&[0.06, 0.70]), short * dice.between(0.05, 0.1));
        picture(easel, (x, y), short * 0.26, &mut dice);
    }
}

/// A framed painting of hills.
fn picture(easel: &mut Easel, (x, y): Pt, side: f32, dice: &mut Dice) {
    let (w, h) = (side * 1.1, side * 0.8);
    rect(easel, (x - side * 0.06, y - side * 0.04), (w + side * 0.12, h + side * 0.12), Rgb::hex(0x6a4a2c));
    rect(easel, (x, y), (w, h), Rgb::hex(dice.pick(&[0xf0d8b0, 0xb8d8e0, 0xf0c0a8])));
    let hill = [
        (x, y + h),
        (x, y + h * 0.6),
        (x + w * 0.4, y + h * 0.35),
        (x + w * 0.75, y + h * 0.62),
        (x + w, y + h * 0.5),
        (x + w, y + h),
    ];
    easel.fill(&pixels(), &polygon(&hill), Rgb::hex(dice.pick(&[0x5a8a58, 0x7a6a98, 0xc0704a])), 1.0);
    easel.fill(&pixels(), &oval(x + w * 0.72, y + h * 0.26, h * 0.11, h * 0.11), Rgb::hex(0xf8e070), 1.0);
}

pub(super) fn sofa(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    wallpaper(easel, h);
    let mut dice = easel.dice.stream(60);
    let cloth = Rgb::hex(dice.pick(&[0x3f7a78, 0xb85a48, 0x5a6a9a, 0x8a9a58, 0xc89a40, 0x8a5a7a]));
    let coat = |p: Pt| {
        let weave = noise(p.0 / short * 160.0, p.1 / short * 160.0, 5) - 0.5;
        cloth.times(1.0 + weave * 0.18 + (clouds(p.0 / short * 5.0, p.1 / short * 5.0, 6) - 0.5) * 0.16)
    };
    let skin = Skin { shadow: 0.5, round: 0.55, ..Skin::plain(&coat) };
    let seat = floor - short * 0.10;
    let back = seat - short * 0.52;
    for i in 0..2u8 {
        let x = w * (0.5 * f32::from(i)) - short * 0.02;
        easel.part(&pixels(), &cushion((x, back), (w * 0.5 + short * 0.03, short * 0.66)), &skin);
    }
    for (x, tint) in [(w * 0.02, 0xe8c060), (w * 0.80, 0xe8e0d0)] {
        let tint = Rgb::hex(tint);
        let dots = |p: Pt| {
            let (u, v) = ((p.0 / short * 18.0).fract() - 0.5, (p.1 / short * 18.0).fract() - 0.5);
            tint.mix(Rgb::hex(0xb84a3a), if u.hypot(v) < 0.22 { 0.8 } else { 0.0 })
        };
        let pillow = cushion((x, seat - short * 0.26), (short * 0.27, short * 0.27));
        easel.part(&pixels(), &pillow, &Skin { shadow: 0.5, ..Skin::plain(&dots) });
    }
    easel.part(
        &pixels(),
        &cushion((-short * 0.08, seat), (w + short * 0.16, h - seat + short * 0.25)),
        &skin,
    );
}

pub(super) fn kitchen(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    let horizon = (floor - short * 0.34).max(h * 0.3);
    let mut dice = easel.dice.stream(60);
    let door = Rgb::hex(dice.pick(&[0x9ab8b0, 0xf0ead8, 0xd8a890, 0x8aa4c0, 0xe4c878]));
    gradient(easel, (0.0, horizon), &[0xf4efe4, 0xe8e0d0]);
    let wide = short * 0.34;
    let mut x = -wide * dice.unit();
    while x < w {
        let top = horizon - short * 0.44;
        rect(easel, (x, top), (wide * 0.97, short * 0.44), door);
        rect(easel, (x + wide * 0.08, top + short * 0.05), (wide * 0.81, short * 0.34), door.times(0.93));
        rect(easel, (x + wide * 0.1, top + short * 0.06), (wide * 0.77, short * 0.32), door.times(1.03));
        let knob = oval(x + wide * 0.84, top + short * 0.12, short * 0.014, short * 0.014);
        easel.fill(&pixels(), &knob, Rgb::hex(0x5a4a3a), 1.0);
        x += wide;
    }
    rect(easel, (0.0, horizon - short * 0.47), (w, short * 0.05), Rgb::hex(0x8a6a4a));
    rect(easel, (0.0, horizon - short * 0.03), (w, short * 0.03), Rgb::hex(0x4a4038));
    for _ in 0..3 {
        let (x, r) = (dice.between(0.0, w), short * dice.between(0.05, 0.08));
        let pot = blob(&mut dice, (x, horizon - short * 0.47 - r), r, r, 0.06);
        let glaze = Rgb::hex(dice.pick(&[0xd8583c, 0x3f7a9a, 0xe8b840, 0x6a9a5a]));
        let coat = move |_: Pt| glaze;
        easel.part(&pixels(), &pot, &Skin::glossy(&coat, 0.4));
    }
    let (pale, dark) =
        dice.pick(&[(0xf0ece4, 0x3a3c44), (0xf4e8d4, 0xb05a40), (0xeef0ec, 0x5a8a8c), (0xf4ecdc, 0x8a9a6a)]);
    let (pale, dark) = (Rgb::hex(pale), Rgb::hex(dark));
    plane(easel, horizon, |u, v| {
        let (a, b) = (u * 2.6 + 40.0, v * 3.4);
        let on = (a.floor() + b.floor()) as i32 % 2 == 0;
        let joint = a.fract() < 0.03 || b.fract() < 0.04;
        let tile = if on { pale } else { dark };
        (if joint { tile.mix(Rgb::hex(0x888078), 0.6) } else { tile })
            .times(0.9 + 0.14 * clouds(u * 3.0, v * 3.0, 2))
    });
}

pub(super) fn carpet(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    let horizon = (floor - short * 0.38).max(h * 0.25);
    wallpaper(easel, horizon);
    rect(easel, (0.0, horizon - short * 0.05), (w, short * 0.055), Rgb::hex(0xf2ece0));
    let mut dice = easel.dice.stream(60);
    let inks = dice.pick(&[
        [0xb03a34, 0xe8c878, 0x2f4a6a],
        [0x2f6a70, 0xf0e0c0, 0xd8704a],
        [0x7a3a5a, 0xe8b0a0, 0xf0e0c8],
        [0xd8a040, 0x8a3a2c, 0xf4e8cc],
        [0x4a5a9a, 0xe0d8e8, 0xe8a060],
    ]);
    let [a, b, c] = inks.map(Rgb::hex);
    let style = dice.below(3);
    plane(easel, horizon, |u, v| {
        let wood = Rgb::hex(0x9a6a40).times(0.85 + 0.3 * clouds(u * 2.0, v * 24.0, 8));
        if u.abs() > 1.7 || v > 2.75 {
            return wood;
        }
        let pile = 0.86 + 0.28 * noise(u * 90.0, v * 90.0, 12);
        if u.abs() > 1.55 || v > 2.55 {
            return b.times(pile);
        }
        let (x, y) = ((u * 2.6 + 40.0).fract() - 0.5, (v * 3.0).fract() - 0.5);
        let d = match style {
            0 => x.abs() + y.abs(),
            1 => x.hypot(y) * 1.2,
            _ => (y + (x * std::f32::consts::TAU).sin() * 0.16).abs() * 1.5,
        };
        let ink = if d < 0.18 {
            c
        } else if d < 0.36 {
            b
        } else {
            a
        };
        ink.times(pile)
    });
}

pub(super) fn bookshelf(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    gradient(easel, (0.0, h), &[0x3c2818, 0x2a1c12]);
    let mut dice = easel.dice.stream(60);
    let shelf = short * 0.30;
    let mut y = floor - short * 0.10 - shelf * (floor / shelf).ceil();
    while y < floor {
        let mut x = -short * 0.02 * dice.unit();
        while x < w {
            let (bw, bh) = (short * dice.between(0.025, 0.062), shelf * dice.between(0.62, 0.88));
            book(easel, (x, y + shelf - bh), (bw, bh), &mut dice);
            x += bw + if dice.chance(0.08) { short * 0.06 } else { short * 0.002 };
        }
        rect(easel, (0.0, y + shelf), (w, short * 0.028), Rgb::hex(0x8a5c34));
        rect(easel, (0.0, y + shelf + short * 0.028), (w, short * 0.012), Rgb::hex(0x2c1c10));
        y += shelf + short * 0.028;
    }
    table(easel, floor - short * 0.13, 0xb07a48);
}

fn book(easel: &mut Easel, (x, y): Pt, (w, h): Pt, dice: &mut Dice) {
    let cloth = Rgb::hex(dice.pick(&[
        0xb84a3a, 0x3f6a8a, 0xd8a840, 0x5a7a4a, 0x7a4a6a, 0xe8dcc4, 0x2f3f5a, 0xc87840, 0x6a9a98, 0x9a3a48,
    ]));
    let coat = move |_: Pt| cloth;
    let spine = polygon(&[(x, y), (x + w, y), (x + w, y + h), (x, y + h)]);
    easel.part(&pixels(), &spine, &Skin { shadow: 0.0, round: 0.5, ..Skin::plain(&coat) });
    let gold = if cloth.luma() > 0.6 { Rgb::hex(0x8a3a2c) } else { Rgb::hex(0xe8cc80) };
    for t in [0.12, 0.80, 0.86] {
        easel.fill(
            &pixels(),
            &polygon(&[
                (x, y + h * t),
                (x + w, y + h * t),
                (x + w, y + h * (t + 0.02)),
                (x, y + h * (t + 0.02)),
            ]),
            gold,
            0.8,
        );
    }
}

/// A wooden table top that ends at the given height.
fn table(easel: &mut Easel, edge: f32, wood: u32) {
    let wood = Rgb::hex(wood);
    plane(easel, edge, |u, v| {
        let ring = (clouds(u * 0.9, v * 7.0, 31) * 26.0).sin() * 0.06;
        let plank = if (v * 2.2).fract() < 0.03 { 0.7 } else { 1.0 };
        wood.times((0.94 + ring + (clouds(u * 3.0, v * 30.0, 32) - 0.5) * 0.25) * plank)
    });
}

pub(super) fn lights(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    let mut dice = easel.dice.stream(60);
    let (top, low) = dice.pick(&[(0x1c1430, 0x4a2440), (0x10202c, 0x24485a), (0x2a1418, 0x5a2c24)]);
    gradient(easel, (0.0, h), &[top, low, low]);
    discs(easel, &mut dice, 90, &[0xffc860, 0xff9a50, 0xffe8b0, 0xf06a8a, 0x70c8e8, 0xffd890], (0.0, 0.75));
    table(easel, floor - short * 0.12, 0x6a4434);
    for _ in 0..60 {
        let (x, y) = (dice.between(0.0, w), dice.between(floor - short * 0.1, h));
        easel.fill(&pixels(), &oval(x, y, short * 0.03, short * 0.006), Rgb::hex(0xffc880), 0.16);
    }
}

pub(super) fn studio(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    let mut dice = easel.dice.stream(60);
    let (back, front) = dice.pick(&[
        (0x8fd0c8, 0xb8e4dc),
        (0xf4b8a8, 0xf8d0c4),
        (0xf4cf70, 0xf8e0a0),
        (0xa8b4e8, 0xc8d0f4),
        (0xd0a8dc, 0xe4c8ec),
        (0x98c888, 0xbce0b0),
        (0xf09a88, 0xf8bcae),
        (0x78b8dc, 0xa4d4ec),
    ]);
    let (back, front) = (Rgb::hex(back), Rgb::hex(front));
    let bend = floor - short * 0.16;
    rows(easel, (0.0, h), |x, y| {
        let glow = 1.10 - 0.34 * ((x / w - 0.5).hypot(y / h - 0.42));
        back.mix(front, ((y - bend) / short * 5.0 + 0.5).clamp(0.0, 1.0)).times(glow)
    });
    match dice.below(3) {
        0 => {
            for _ in 0..70 {
                let at = (dice.between(0.0, w), dice.between(0.0, h));
                let bit = Frame::new(at.0, at.1, short * 0.012, dice.between(0.0, 360.0));
                let colour =
                    Rgb::hex(dice.pick(&[0xff6a5a, 0xffd84a, 0x4ab8d8, 0xffffff, 0x8a6ad8, 0x5ac87a]));
                easel.fill(
                    &bit,
                    &polygon(&[(-1.0, -0.5), (1.0, -0.5), (1.0, 0.5), (-1.0, 0.5)]),
                    colour,
                    0.95,
                );
            }
        }
        1 => bunting(easel, &mut dice),
        _ => {}
    }
}

fn bunting(easel: &mut Easel, dice: &mut Dice) {
    let (w, _, short) = size(easel);
    let sag = |t: f32| short * (0.05 + 0.16 * (1.0 - (2.0 * t - 1.0).powi(2)));
    let cord: Vec<Pt> = (0..=12u8).map(|i| (w * f32::from(i) / 12.0, sag(f32::from(i) / 12.0))).collect();
    easel.stroke(&pixels(), &line(&cord), short * 0.006, INK, 0.6);
    for i in 0..13u8 {
        let t = (f32::from(i) + 0.5) / 13.0;
        let (x, y) = (w * t, sag(t));
        let flag = [(x - short * 0.035, y), (x + short * 0.035, y), (x, y + short * 0.09)];
        let colour = Rgb::hex(dice.pick(&[0xe85a4a, 0xf8d050, 0x4a9ac8, 0xfdf8f0, 0x6ab878]));
        easel.fill(&pixels(), &polygon(&flag), colour, 1.0);
    }
}

pub(super) fn barn(easel: &mut Easel, floor: f32) {
    let (w, h, short) = size(easel);
    let mut dice = easel.dice.stream(60);
    let plank = short * 0.13;
    let paint = Rgb::hex(dice.pick(&[0x9a4a38, 0x7a5a40, 0x8a7a68, 0x5a6a6c]));
    rows(easel, (0.0, h), |x, y| {
        let (u, edge) = ((x / plank).floor(), (x / plank).fract());
        let grain = clouds(x / short * 30.0, y / short * 2.5 + u * 7.0, 33) - 0.5;
        let gap = if edge < 0.035 { 0.35 } else { 1.0 };
        paint.times((1.0 + grain * 0.5 + (u * 12.9).sin() * 0.10) * gap * (1.08 - 0.25 * y / h))
    });
    for t in [0.2, 0.5] {
        rect(easel, (0.0, h * t), (w, short * 0.045), paint.times(0.8));
    }
    let beam = [(w * 0.62, 0.0), (w * 0.86, 0.0), (w * 0.5, h), (w * 0.1, h)];
    easel.fill(&pixels(), &polygon(&beam), WHITE, 0.08);
    let hay = floor - short * 0.16;
    for i in 0..3800u16 {
        let t = f32::from(i) / 3800.0;
        let (x, y) = (dice.between(0.0, w), hay + (h - hay) * t + (x_wave(t) * short * 0.01));
        let colour = Rgb::hex(dice.pick(&[0xd8b05a, 0xe8c878, 0xb08438, 0xf0d898, 0xc89a48]))
            .times(dice.between(0.7, 1.1));
        let angle = dice.bell() * 0.6 + if dice.chance(0.5) { 3.1 } else { 0.0 };
        hair(easel, (x, y), angle, short * (0.04 + 0.05 * t), (2.0 + 3.0 * t, dice.bell() * 0.2), colour);
    }
}

fn x_wave(t: f32) -> f32 {
    (t * 90.0).sin()
}
