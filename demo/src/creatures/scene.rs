//! The places where photos are taken: light and backdrop.

use super::paint::{Easel, Light};
use super::palette::Rgb;
use super::random::Dice;
use super::{scene_indoor, scene_outdoor};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scene {
    Meadow,
    Sofa,
    Kitchen,
    Night,
    Beach,
    Snow,
    Carpet,
    Bookshelf,
    Lights,
    Studio,
    Barn,
    Autumn,
    Jungle,
}

use Scene::{
    Autumn, Barn, Beach, Bookshelf, Carpet, Jungle, Kitchen, Lights, Meadow, Night, Snow, Sofa, Studio,
};

impl Scene {
    /// The places where a species occurs, in the demo's order.
    pub(super) fn of(species: &str) -> &'static [Self] {
        match species {
            "cat" => &[Sofa, Kitchen, Studio, Bookshelf, Night, Carpet, Lights, Meadow, Snow, Autumn],
            "dog" => &[Beach, Meadow, Carpet, Snow, Studio, Autumn, Kitchen, Sofa, Lights, Night],
            "bird" => &[Studio, Meadow, Snow, Beach, Jungle, Kitchen, Bookshelf, Autumn, Lights, Barn],
            "rabbit" => &[Meadow, Carpet, Studio, Barn, Snow, Sofa, Autumn],
            "rodent" => &[Kitchen, Studio, Bookshelf, Beach, Autumn, Lights, Carpet],
            "reptile" => &[Jungle, Bookshelf, Sofa, Beach, Studio, Night, Kitchen],
            "horse" => &[Barn, Meadow, Studio, Night, Beach, Snow, Kitchen],
            _ => &[Jungle, Lights, Autumn, Studio, Night, Meadow, Sofa, Barn, Kitchen, Beach],
        }
    }

    /// As it ends a sentence.
    pub(super) fn words(self) -> &'static str {
        match self {
            Meadow => "in a flowering meadow",
            Sofa => "on a sofa",
            Kitchen => "on a checked kitchen floor",
            Night => "under a night sky",
            Beach => "on a beach",
            Snow => "in falling snow",
            Carpet => "on a patterned carpet",
            Bookshelf => "in front of a bookshelf",
            Lights => "in front of blurred fairy lights",
            Studio => "in front of a plain coloured backdrop",
            Barn => "in a barn with straw",
            Autumn => "among autumn leaves",
            Jungle => "among large green leaves",
        }
    }

    pub(super) fn tag(self) -> &'static str {
        match self {
            Meadow => "meadow",
            Sofa => "sofa",
            Kitchen => "kitchen",
            Night => "night",
            Beach => "beach",
            Snow => "snow",
            Carpet => "carpet",
            Bookshelf => "bookshelf",
            Lights => "bokeh",
            Studio => "studio",
            Barn => "barn",
            Autumn => "autumn",
            Jungle => "jungle",
        }
    }

    pub(super) fn dark(self) -> bool {
        matches!(self, Night | Lights)
    }

    /// The probability of a flash there.
    pub(super) fn flash(self) -> f32 {
        match self {
            Night | Lights => 0.4,
            Sofa | Bookshelf | Barn => 0.12,
            _ => 0.0,
        }
    }

    /// The light, from the left (-1.0) or the right (1.0).
    pub(super) fn light(self, side: f32, flash: bool) -> Light {
        let make = |dir: [f32; 3], key: u32, sky: u32, ground: u32, rim: u32| {
            let len = (dir[0] * dir[0] + dir[1] * dir[1] + dir[2] * dir[2]).sqrt();
            Light {
                towards: [dir[0] / len * side, dir[1] / len, dir[2] / len],
                key: Rgb::hex(key).times(0.62),
                sky: Rgb::hex(sky),
                ground: Rgb::hex(ground),
                rim: Rgb::hex(rim),
                flash: false,
            }
        };
        if flash {
            let flat = make([0.12, -0.2, 1.0], 0xffffff, 0x5c6070, 0x3a3638, 0x000000);
            return Light { key: Rgb::hex(0xfffaf2).times(0.86), flash, ..flat };
        }
        match self {
            Meadow => make([0.6, -0.8, 0.55], 0xfff2d4, 0x949ca8, 0x74785e, 0x6a6038),
            Beach => make([0.5, -0.9, 0.5], 0xfff4d8, 0x96a2b0, 0x8a7858, 0x6a6250),
            Snow => make([0.4, -0.7, 0.7], 0xeef4ff, 0xa4b0c4, 0x9aa4b4, 0x566070),
            Autumn => make([0.8, -0.5, 0.4], 0xffd498, 0x9a8a80, 0x6a4a34, 0x8a5a28),
            Night => make([0.6, -0.8, 0.5], 0xa8c0ff, 0x48547c, 0x2a3050, 0x6a80b8),
            Lights => make([0.7, -0.3, 0.6], 0xffdcb0, 0x847480, 0x665454, 0x9a5a3a),
            Barn => make([0.9, -0.5, 0.4], 0xffe2ae, 0x7a6a5c, 0x5a4630, 0x7a5a30),
            Jungle => make([0.4, -0.9, 0.5], 0xfaffe8, 0x8e988e, 0x5c6a54, 0x4a6a3a),
            Sofa | Bookshelf => make([0.8, -0.6, 0.6], 0xffe8c8, 0x8c8480, 0x665850, 0x4a3a28),
            Kitchen => make([0.7, -0.7, 0.7], 0xf8faff, 0x959aa2, 0x787470, 0x40444c),
            Carpet => make([0.8, -0.5, 0.6], 0xfff2dc, 0x928c88, 0x746660, 0x443c34),
            Studio => make([0.7, -0.7, 0.8], 0xfffaf4, 0x9c9a9c, 0x807c7c, 0x3c3a3c),
        }
    }

    /// Paints the place. `floor` is the y coordinate of the feet in pixels.
    pub(super) fn paint(self, easel: &mut Easel, floor: f32) {
        match self {
            Meadow => scene_outdoor::meadow(easel, floor),
            Night => scene_outdoor::night(easel, floor),
            Beach => scene_outdoor::beach(easel, floor),
            Snow => scene_outdoor::snow(easel, floor),
            Autumn => scene_outdoor::autumn(easel, floor),
            Jungle => scene_outdoor::jungle(easel, floor),
            Sofa => scene_indoor::sofa(easel, floor),
            Kitchen => scene_indoor::kitchen(easel, floor),
            Carpet => scene_indoor::carpet(easel, floor),
            Bookshelf => scene_indoor::bookshelf(easel, floor),
            Lights => scene_indoor::lights(easel, floor),
            Studio => scene_indoor::studio(easel, floor),
            Barn => scene_indoor::barn(easel, floor),
        }
    }

    /// Paints what is between the animal and the camera: blades, flakes, straw.
    pub(super) fn paint_front(self, easel: &mut Easel, floor: f32) {
        match self {
            Meadow => scene_outdoor::blades(easel, floor, &[0x5a9a3a, 0x7ab84a, 0x3f7a30, 0x9ac85a]),
            Night => scene_outdoor::blades(easel, floor, &[0x24405c, 0x1c3448, 0x2e5066]),
            Jungle => scene_outdoor::blades(easel, floor, &[0x2f6a34, 0x4a8a3c, 0x245428]),
            Barn => scene_outdoor::blades(easel, floor, &[0xd8b05a, 0xe8c878, 0xb88c3c, 0xf0d898]),
            Autumn => scene_outdoor::leaves(easel, floor, 46),
            Snow => scene_outdoor::flakes(easel, 90),
            _ => {}
        }
    }
}

/// A vertical gradient over the rows from `top` to `low`.
pub(super) fn gradient(easel: &mut Easel, (top, low): (f32, f32), stops: &[u32]) {
    let stops: Vec<Rgb> = stops.iter().map(|c| Rgb::hex(*c)).collect();
    let last = (stops.len() - 1) as f32;
    rows(easel, (top, low), |_, y| {
        let t = ((y - top) / (low - top).max(1.0)).clamp(0.0, 1.0) * last;
        let i = (t as usize).min(stops.len() - 2);
        stops[i].mix(stops[i + 1], t - i as f32)
    });
}

/// Sets every pixel of the rows from `top` to `low`.
pub(super) fn rows(easel: &mut Easel, (top, low): (f32, f32), colour: impl Fn(f32, f32) -> Rgb) {
    let (w, h) = (easel.pixmap.width() as usize, easel.pixmap.height() as usize);
    let data = easel.pixmap.data_mut();
    for y in (top.max(0.0) as usize)..(low.ceil().max(0.0) as usize).min(h) {
        for x in 0..w {
            let i = (y * w + x) * 4;
            let c = colour(x as f32, y as f32);
            for k in 0..3 {
                data[i + k] = (c.0[k].clamp(0.0, 1.0) * 255.0) as u8;
            }
            data[i + 3] = 255;
        }
    }
}

/// A floor in perspective. `colour` gets the place on it; one unit is about the short side of the picture.
pub(super) fn plane(easel: &mut Easel, horizon: f32, colour: impl Fn(f32, f32) -> Rgb) {
    let (w, h) = (easel.pixmap.width() as f32, easel.pixmap.height() as f32);
    let short = w.min(h);
    rows(easel, (horizon, h), |x, y| {
        let depth = short * 0.45 / (y - horizon + short * 0.10);
        colour((x - w / 2.0) / short * depth, depth)
    });
}

/// Soft round spots of light.
pub(super) fn discs(
    easel: &mut Easel,
    dice: &mut Dice,
    count: usize,
    colours: &[u32],
    (low, high): (f32, f32),
) {
    let (w, h) = (easel.pixmap.width() as f32, easel.pixmap.height() as f32);
    let frame = super::shape::Frame::new(0.0, 0.0, 1.0, 0.0);
    for _ in 0..count {
        let r = w.min(h) * dice.between(0.02, 0.075);
        let (x, y) = (dice.between(0.0, w), dice.between(low * h, high * h));
        let colour = Rgb::hex(dice.pick(colours));
        let alpha = dice.between(0.12, 0.5);
        easel.fill(&frame, &super::shape::oval(x, y, r, r), colour, alpha);
        easel.stroke(&frame, &super::shape::oval(x, y, r * 0.95, r * 0.95), r * 0.1, colour, alpha * 0.6);
    }
}
