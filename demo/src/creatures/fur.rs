//! Hair: short tapered strokes in the colour of their root.

use super::paint::{Easel, Relief};
use super::palette::Rgb;
use super::shape::{Frame, Pt};

/// The direction of the hair, in the part's frame.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flow {
    Away(Pt),
    Along(Pt),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Fur {
    /// Length in units of the frame.
    pub(super) length: f32,
    /// Density; 1.0 covers the part about once.
    pub(super) density: f32,
    /// Disorder from 0.0 (combed) to 1.0 (just out of bed).
    pub(super) mess: f32,
    pub(super) flow: Flow,
}

impl Fur {
    pub(super) fn new(length: f32, flow: Flow) -> Self {
        Self { length, density: 1.3, mess: 0.28, flow }
    }

    pub(super) fn messy(self, mess: f32) -> Self {
        Self { mess, ..self }
    }
}

/// Covers a part with hair, which also breaks up its outline.
pub(super) fn grow(easel: &mut Easel, frame: &Frame, relief: &Relief, fur: &Fur) {
    let length = fur.length * frame.scale;
    if length < 2.0 {
        return;
    }
    let width = (length * 0.11).clamp(1.1, 3.2);
    let a = relief.area;
    let count = (a.w as f32 * a.h as f32 * fur.density / (length * width) * 1.6) as usize;
    let mut dice = easel.dice.stream(count as u64);
    for _ in 0..count.min(60_000) {
        let x = a.x as f32 + dice.unit() * a.w as f32;
        let y = a.y as f32 + dice.unit() * a.h as f32;
        if relief.covers(x as i32, y as i32) < 0.9 {
            continue;
        }
        let Some(root) = easel.colour_at(x as i32, y as i32) else { continue };
        let n = relief.normal(x, y);
        let lie = direction(frame, fur.flow, (x, y));
        let edge = (n[0].hypot(n[1]) - 0.45).max(0.0) * 1.5;
        let angle = (lie.1 + n[1] * edge).atan2(lie.0 + n[0] * edge) + dice.bell() * fur.mess;
        let shade = 1.0 + dice.bell() * 0.075 + if dice.chance(0.12) { 0.09 } else { 0.0 };
        let colour = root.times(shade);
        let long = length * dice.between(0.55, 1.15);
        let bend = dice.bell() * 0.25;
        hair(easel, (x, y), angle, long, (width * dice.between(0.7, 1.2), bend), colour);
    }
}

fn direction(frame: &Frame, flow: Flow, (x, y): Pt) -> Pt {
    let (dx, dy) = match flow {
        Flow::Away(centre) => {
            let c = frame.pixel(centre);
            (x - c.0, y - c.1)
        }
        Flow::Along(d) => {
            let (o, p) = (frame.pixel((0.0, 0.0)), frame.pixel(d));
            (p.0 - o.0, p.1 - o.1)
        }
    };
    let len = dx.hypot(dy).max(1e-3);
    (dx / len, dy / len)
}

/// Draws one tapering, bending hair from its root.
pub(super) fn hair(
    easel: &mut Easel,
    root: Pt,
    angle: f32,
    length: f32,
    (width, bend): (f32, f32),
    colour: Rgb,
) {
    let steps = length.ceil() as i32;
    let (mut x, mut y) = root;
    for s in 0..steps {
        let t = s as f32 / steps as f32;
        let turn = angle + bend * t;
        x += turn.cos();
        y += turn.sin();
        let half = width * 0.5 * (1.0 - t * t);
        let reach = half.ceil() as i32;
        for py in y as i32 - reach..=y as i32 + reach {
            for px in x as i32 - reach..=x as i32 + reach {
                let (dx, dy) = (px as f32 - x, py as f32 - y);
                let d = (dx * dx + dy * dy).sqrt();
                let cover = (half + 0.5 - d).clamp(0.0, 1.0) * 0.5;
                if cover > 0.02 {
                    easel.blend(px, py, colour, cover);
                }
            }
        }
    }
}
