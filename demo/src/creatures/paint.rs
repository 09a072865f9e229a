//! The easel: lit, furry, shadow-casting parts painted over each other.
//!
//! A part is a flat outline. Its blurred coverage serves as a height map, whose slope gives each pixel a normal;
//! this makes the animals look stuffed.

use tiny_skia::{FillRule, LineCap, LineJoin, Mask, Paint, Path, Pixmap, Stroke, Transform};

use super::fur;
use super::palette::Rgb;
use super::random::Dice;
use super::shape::{Frame, Pt};
use super::texture::Field;

/// Direction and colour of the light.
#[derive(Clone, Debug)]
pub(super) struct Light {
    /// Direction towards the light; x right, y down, z to the viewer; length 1.
    pub(super) towards: [f32; 3],
    pub(super) key: Rgb,
    pub(super) sky: Rgb,
    pub(super) ground: Rgb,
    /// Light from behind that catches the edges.
    pub(super) rim: Rgb,
    /// A flash on the camera: flat light and glowing eyes.
    pub(super) flash: bool,
}

impl Light {
    pub(super) fn on(&self, albedo: Rgb, n: [f32; 3], gloss: f32) -> Rgb {
        let l = self.towards;
        let facing = n[0] * l[0] + n[1] * l[1] + n[2] * l[2];
        let up = 0.5 - 0.5 * n[1];
        let lit = self.ground.mix(self.sky, up).plus(self.key.times(((facing + 0.35) / 1.35).max(0.0)));
        let mut out = albedo.through(lit);
        let edge = (1.0 - n[2]).max(0.0);
        let back = (0.6 - n[1] - n[0] * l[0].signum() * 0.6).clamp(0.0, 1.0);
        out = out.plus(self.rim.times(edge * edge * back));
        if gloss > 0.0 {
            let half = [l[0], l[1], l[2] + 1.0];
            let len = (half[0] * half[0] + half[1] * half[1] + half[2] * half[2]).sqrt();
            let h = (n[0] * half[0] + n[1] * half[1] + n[2] * half[2]) / len;
            out = out.plus(self.key.times(gloss * h.max(0.0).powi(24)));
        }
        out.soft()
    }
}

/// The surface of a part.
pub(super) struct Skin<'a> {
    /// The unlit colour at a place in the part's frame.
    pub(super) coat: &'a dyn Fn(Pt) -> Rgb,
    /// Roundness from 0.0 (flat) to 1.0 (a ball).
    pub(super) round: f32,
    pub(super) gloss: f32,
    /// Darkness of its shadow on the parts below.
    pub(super) shadow: f32,
    pub(super) fur: Option<fur::Fur>,
}

impl<'a> Skin<'a> {
    pub(super) fn plain(coat: &'a dyn Fn(Pt) -> Rgb) -> Self {
        Self { coat, round: 0.8, gloss: 0.0, shadow: 0.35, fur: None }
    }

    pub(super) fn furry(coat: &'a dyn Fn(Pt) -> Rgb, fur: fur::Fur) -> Self {
        Self { fur: Some(fur), ..Self::plain(coat) }
    }

    pub(super) fn glossy(coat: &'a dyn Fn(Pt) -> Rgb, gloss: f32) -> Self {
        Self { gloss, ..Self::plain(coat) }
    }
}

/// Whole pixels from `x`, `y`; may lie outside the picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Area {
    pub(super) x: i32,
    pub(super) y: i32,
    pub(super) w: i32,
    pub(super) h: i32,
}

/// A part's coverage and its height map.
pub(super) struct Relief {
    pub(super) area: Area,
    coverage: Mask,
    height: Field,
    /// Pixels of the picture per pixel of the height map.
    step: f32,
    sigma: f32,
}

impl Relief {
    fn new(path: &Path, round: f32) -> Option<Self> {
        let b = path.bounds();
        let sigma = (b.width().min(b.height()) * 0.16 * round).clamp(2.0, 90.0);
        let pad = (sigma * 2.5).ceil() as i32 + 4;
        let area = Area {
            x: b.left() as i32 - pad,
            y: b.top() as i32 - pad,
            w: b.width() as i32 + 2 * pad,
            h: b.height() as i32 + 2 * pad,
        };
        let step = (sigma / 4.0).clamp(1.0, 6.0);
        let moved = Transform::from_translate(-area.x as f32, -area.y as f32);
        let mut coverage = Mask::new(area.w as u32, area.h as u32)?;
        coverage.fill_path(path, FillRule::Winding, true, moved);
        let mut height = Field::new((area.w as f32 / step) as usize + 2, (area.h as f32 / step) as usize + 2);
        let mut low = Mask::new(height.width as u32, height.height as u32)?;
        low.fill_path(path, FillRule::Winding, true, moved.post_scale(1.0 / step, 1.0 / step));
        for (v, m) in height.values.iter_mut().zip(low.data()) {
            *v = f32::from(*m) / 255.0;
        }
        height.blur(sigma / step);
        Some(Self { area, coverage, height, step, sigma })
    }

    /// Coverage of a pixel, 0 to 1.
    pub(super) fn covers(&self, x: i32, y: i32) -> f32 {
        let (x, y) = (x - self.area.x, y - self.area.y);
        if x < 0 || y < 0 || x >= self.area.w || y >= self.area.h {
            return 0.0;
        }
        f32::from(self.coverage.data()[(y * self.area.w + x) as usize]) / 255.0
    }

    fn blurred(&self, x: f32, y: f32) -> f32 {
        let at = |v: f32, origin: i32| (v - origin as f32 + 0.5) / self.step - 0.5;
        self.height.at(at(x, self.area.x), at(y, self.area.y))
    }

    /// The surface normal; length 1.
    pub(super) fn normal(&self, x: f32, y: f32) -> [f32; 3] {
        let d = self.step;
        // The steepest slope of a blurred edge is 1 / (sigma * sqrt(2 pi)).
        let k = 0.93 * 2.5066 * self.sigma / (2.0 * d);
        let nx = -(self.blurred(x + d, y) - self.blurred(x - d, y)) * k;
        let ny = -(self.blurred(x, y + d) - self.blurred(x, y - d)) * k;
        let m = (nx * nx + ny * ny).sqrt();
        let fit = if m > 0.97 { 0.97 / m } else { 1.0 };
        let (nx, ny) = (nx * fit, ny * fit);
        [nx, ny, (1.0 - nx * nx - ny * ny).max(0.0).sqrt()]
    }
}

/// A transparent picture on which parts are painted.
pub(super) struct Easel {
    pub(super) pixmap: Pixmap,
    pub(super) light: Light,
    pub(super) dice: Dice,
}

impl Easel {
    pub(super) fn new(width: u32, height: u32, light: Light, dice: Dice) -> Self {
        let pixmap = Pixmap::new(width, height).expect("a picture has a size");
        Self { pixmap, light, dice }
    }

    /// Paints a lit part: first its shadow, last its fur.
    pub(super) fn part(&mut self, frame: &Frame, path: &Path, skin: &Skin<'_>) {
        let Some(path) = path.clone().transform(frame.to_pixels) else { return };
        let Some(relief) = Relief::new(&path, skin.round.max(0.05)) else { return };
        if skin.shadow > 0.0 {
            self.shade(&relief, skin.shadow);
        }
        let Area { x, y, w, h } = self.visible(relief.area);
        for py in y..y + h {
            for px in x..x + w {
                let cover = relief.covers(px, py);
                if cover <= 0.0 {
                    continue;
                }
                let (fx, fy) = (px as f32, py as f32);
                let mut n = relief.normal(fx, fy);
                n[0] *= skin.round.min(1.0);
                n[1] *= skin.round.min(1.0);
                let colour = self.light.on((skin.coat)(frame.local(fx, fy)), n, skin.gloss);
                self.blend(px, py, colour, cover);
            }
        }
        if let Some(fur) = &skin.fur {
            fur::grow(self, frame, &relief, fur);
        }
    }

    fn shade(&mut self, relief: &Relief, strength: f32) {
        let l = self.light.towards;
        let far = relief.sigma * 0.9;
        let (ox, oy) = (-l[0] * far, -l[1] * far + far * 0.25);
        let Area { x, y, w, h } = self.visible(relief.area);
        let width = self.pixmap.width() as i32;
        let data = self.pixmap.data_mut();
        for py in y..y + h {
            for px in x..x + w {
                let i = (py * width + px) as usize * 4;
                if data[i + 3] == 0 {
                    continue;
                }
                let dark = relief.blurred(px as f32 - ox, py as f32 - oy);
                let keep = 1.0 - strength * (dark * 1.3).min(1.0);
                for c in &mut data[i..i + 3] {
                    *c = (f32::from(*c) * keep) as u8;
                }
            }
        }
    }

    fn visible(&self, a: Area) -> Area {
        let (x, y) = (a.x.max(0), a.y.max(0));
        let right = (a.x + a.w).min(self.pixmap.width() as i32);
        let low = (a.y + a.h).min(self.pixmap.height() as i32);
        Area { x, y, w: (right - x).max(0), h: (low - y).max(0) }
    }

    /// The colour painted so far, unless the place is (nearly) empty.
    pub(super) fn colour_at(&self, x: i32, y: i32) -> Option<Rgb> {
        if x < 0 || y < 0 {
            return None;
        }
        let p = self.pixmap.pixel(x as u32, y as u32)?;
        (p.alpha() > 128).then(|| {
            let a = f32::from(p.alpha());
            Rgb([p.red(), p.green(), p.blue()].map(|c| f32::from(c) / a))
        })
    }

    pub(super) fn blend(&mut self, x: i32, y: i32, colour: Rgb, alpha: f32) {
        let (w, h) = (self.pixmap.width() as i32, self.pixmap.height() as i32);
        if x < 0 || y < 0 || x >= w || y >= h {
            return;
        }
        let i = (y * w + x) as usize * 4;
        let data = self.pixmap.data_mut();
        let keep = 1.0 - alpha;
        for c in 0..3 {
            data[i + c] =
                (colour.0[c].clamp(0.0, 1.0) * 255.0 * alpha + f32::from(data[i + c]) * keep + 0.5) as u8;
        }
        data[i + 3] = (255.0 * alpha + f32::from(data[i + 3]) * keep + 0.5) as u8;
        let a = data[i + 3];
        for c in 0..3 {
            data[i + c] = data[i + c].min(a);
        }
    }

    /// Fills an unlit shape.
    pub(super) fn fill(&mut self, frame: &Frame, path: &Path, colour: Rgb, alpha: f32) {
        self.fill_inside(frame, path, colour, alpha, None);
    }

    pub(super) fn fill_inside(
        &mut self,
        f: &Frame,
        path: &Path,
        colour: Rgb,
        alpha: f32,
        inside: Option<&Mask>,
    ) {
        let paint = flat(colour, alpha);
        self.pixmap.fill_path(path, &paint, FillRule::Winding, f.to_pixels, inside);
    }

    /// Strokes a line with a width in units of the frame.
    pub(super) fn stroke(&mut self, frame: &Frame, path: &Path, width: f32, colour: Rgb, alpha: f32) {
        self.stroke_inside(frame, path, width, (colour, alpha), None);
    }

    pub(super) fn stroke_inside(
        &mut self,
        f: &Frame,
        path: &Path,
        width: f32,
        (colour, alpha): (Rgb, f32),
        inside: Option<&Mask>,
    ) {
        let stroke =
            Stroke { width, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
        self.pixmap.stroke_path(path, &flat(colour, alpha), &stroke, f.to_pixels, inside);
    }

    /// A mask of the path's inside, which limits later shapes to it.
    pub(super) fn inside(&self, frame: &Frame, path: &Path) -> Mask {
        let mut mask = Mask::new(self.pixmap.width(), self.pixmap.height()).expect("a picture has a size");
        mask.fill_path(path, FillRule::Winding, true, frame.to_pixels);
        mask
    }
}

pub(super) fn flat(colour: Rgb, alpha: f32) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(colour.skia(alpha));
    paint.anti_alias = true;
    paint
}
