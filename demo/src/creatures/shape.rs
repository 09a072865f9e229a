//! Wobbly outlines: closed curves, tubes, and the frames that place them in a picture.

use tiny_skia::{Path, PathBuilder, Point, Transform};

use super::random::Dice;

pub(super) type Pt = (f32, f32);

/// A local coordinate system: one unit is half a head, x to the right, y down.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) to_pixels: Transform,
    pub(super) to_local: Transform,
    /// Pixels per unit.
    pub(super) scale: f32,
}

impl Frame {
    pub(super) fn new(x: f32, y: f32, scale: f32, degrees: f32) -> Self {
        Self::of(Transform::from_translate(x, y).pre_rotate(degrees).pre_scale(scale, scale), scale)
    }

    fn of(to_pixels: Transform, scale: f32) -> Self {
        Self { to_pixels, to_local: to_pixels.invert().unwrap_or_default(), scale }
    }

    /// A frame inside this one, with a relative scale.
    pub(super) fn inner(&self, (x, y): Pt, scale: f32, degrees: f32) -> Self {
        let to = self.to_pixels.pre_translate(x, y).pre_rotate(degrees).pre_scale(scale, scale);
        Self::of(to, self.scale * scale)
    }

    pub(super) fn pixel(&self, (x, y): Pt) -> Pt {
        let mut p = Point::from_xy(x, y);
        self.to_pixels.map_point(&mut p);
        (p.x, p.y)
    }

    pub(super) fn local(&self, x: f32, y: f32) -> Pt {
        let t = &self.to_local;
        (t.sx * x + t.kx * y + t.tx, t.ky * x + t.sy * y + t.ty)
    }
}

/// A closed Catmull-Rom curve through the points.
pub(super) fn smooth(points: &[Pt]) -> Path {
    let n = points.len();
    let mut b = PathBuilder::new();
    b.move_to(points[0].0, points[0].1);
    for i in 0..n {
        let [p0, p1, p2, p3] = [(i + n - 1) % n, i, (i + 1) % n, (i + 2) % n].map(|k| points[k]);
        b.cubic_to(
            p1.0 + (p2.0 - p0.0) / 6.0,
            p1.1 + (p2.1 - p0.1) / 6.0,
            p2.0 - (p3.0 - p1.0) / 6.0,
            p2.1 - (p3.1 - p1.1) / 6.0,
            p2.0,
            p2.1,
        );
    }
    b.close();
    b.finish().expect("a curve through points is a path")
}

/// An open curve through the points.
pub(super) fn line(points: &[Pt]) -> Path {
    let mut b = PathBuilder::new();
    let dense = along(points, 8);
    b.move_to(dense[0].0, dense[0].1);
    for p in &dense[1..] {
        b.line_to(p.0, p.1);
    }
    b.finish().expect("a line through points is a path")
}

/// Straight edges through the points, closed.
pub(super) fn polygon(points: &[Pt]) -> Path {
    let mut b = PathBuilder::new();
    b.move_to(points[0].0, points[0].1);
    for p in &points[1..] {
        b.line_to(p.0, p.1);
    }
    b.close();
    b.finish().expect("a polygon is a path")
}

/// A slightly irregular oval.
pub(super) fn blob(dice: &mut Dice, (cx, cy): Pt, rx: f32, ry: f32, wobble: f32) -> Path {
    let points: Vec<Pt> = (0..10)
        .map(|i| {
            let a = i as f32 * std::f32::consts::TAU / 10.0;
            let r = 1.0 + wobble * dice.between(-1.0, 1.0);
            (cx + rx * r * a.cos(), cy + ry * r * a.sin())
        })
        .collect();
    smooth(&points)
}

pub(super) fn oval(cx: f32, cy: f32, rx: f32, ry: f32) -> Path {
    let rect = tiny_skia::Rect::from_ltrb(cx - rx, cy - ry, cx + rx, cy + ry).expect("an oval has a size");
    PathBuilder::from_oval(rect).expect("an oval is a path")
}

/// Both sides of an outline given along its right side from top to bottom, slightly irregular.
pub(super) fn mirrored(dice: &mut Dice, half: &[Pt], wobble: f32) -> Vec<Pt> {
    let mut off = |(x, y): Pt, side: f32| {
        (x * side + wobble * dice.between(-1.0, 1.0), y + wobble * dice.between(-1.0, 1.0))
    };
    let mut points: Vec<Pt> = half.iter().map(|&p| off(p, 1.0)).collect();
    points.extend(half.iter().rev().filter(|p| p.0.abs() > 0.01).map(|&p| off(p, -1.0)));
    points
}

/// Points along an open Catmull-Rom curve, `steps` per segment.
pub(super) fn along(points: &[Pt], steps: usize) -> Vec<Pt> {
    let last = points.len() - 1;
    let mut out = Vec::with_capacity(last * steps + 1);
    for i in 0..last {
        let [p0, p1, p2, p3] =
            [points[i.saturating_sub(1)], points[i], points[i + 1], points[(i + 2).min(last)]];
        for s in 0..steps {
            let t = s as f32 / steps as f32;
            let at = |a: f32, b: f32, c: f32, d: f32| {
                b + 0.5 * t * (c - a + t * (2.0 * a - 5.0 * b + 4.0 * c - d + t * (3.0 * (b - c) + d - a)))
            };
            out.push((at(p0.0, p1.0, p2.0, p3.0), at(p0.1, p1.1, p2.1, p3.1)));
        }
    }
    out.push(points[last]);
    out
}

/// A limb: the outline around a centre line with half widths `from`, `middle` and `to`, and round ends.
pub(super) fn tube(points: &[Pt], from: f32, middle: f32, to: f32) -> Path {
    let line = along(points, 6);
    let n = line.len();
    let mut left = Vec::new();
    let mut right = Vec::new();
    for i in 0..n {
        let (a, b) = (line[i.saturating_sub(1)], line[(i + 1).min(n - 1)]);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let len = dx.hypot(dy).max(1e-4);
        let t = i as f32 / (n - 1) as f32;
        let w =
            if t < 0.5 { from + (middle - from) * t * 2.0 } else { middle + (to - middle) * (t * 2.0 - 1.0) };
        left.push((line[i].0 + dy / len * w, line[i].1 - dx / len * w));
        right.push((line[i].0 - dy / len * w, line[i].1 + dx / len * w));
        if i == n - 1 {
            left.push((line[i].0 + dx / len * w * 0.9, line[i].1 + dy / len * w * 0.9));
        }
    }
    left.extend(right.into_iter().rev());
    smooth(&left)
}
