//! Places an animal in a scene and takes its photo.

use tiny_skia::{Pixmap, PixmapPaint, Transform};

use super::body::{self, Pose};
use super::camera::{self, Grade, Sensor};
use super::exif::Shot;
use super::paint::Easel;
use super::palette::{INK, Rgb};
use super::plan::Plan;
use super::props::Prop;
use super::random::Dice;
use super::shape::{Frame, oval};
use super::species::{Build, Head};
use super::subject::{Derp, Face, Subject};
use super::{DemoPhoto, eyes, head, muzzle, names, props};

/// Short side at which animals are painted; the camera enlarges the result.
const SHORT: f32 = 1080.0;

/// The animal's position, in pixels of the painted picture.
struct Framing {
    width: u32,
    height: u32,
    head: (f32, f32),
    /// Half the head's height in pixels.
    scale: f32,
    floor: f32,
}

impl Framing {
    fn of(plan: &Plan, dice: &mut Dice) -> Self {
        let (w, h) = (plan.size.0 as f32, plan.size.1 as f32);
        let factor = (SHORT / w.min(h)).min(1.0);
        let (width, height) = ((w * factor).round(), (h * factor).round());
        let short = width.min(height);
        let (up, down) = body::extent(plan.breed, plan.pose, plan.prop == Some(Prop::PartyHat));
        let close = plan.pose == Pose::Close;
        let fill = if close { 0.98 } else { 0.90 } * dice.between(0.93, 1.05);
        let widest = match plan.breed.build {
            Build::Turtle | Build::Snake | Build::Gecko => 0.25,
            _ if plan.pose == Pose::Loaf => 0.275,
            _ => 0.30,
        };
        let scale = (short * fill / (up + down)).min(short * widest);
        let middle = height / 2.0 + short * dice.between(-0.01, 0.02);
        let y = middle + (up - down) / 2.0 * scale;
        let x = if plan.cropped {
            width / 2.0 + (width - short) / 2.0 * dice.between(0.5, 0.9) * dice.side()
        } else {
            width / 2.0 + short * dice.bell().clamp(-1.6, 1.6) * 0.02
        };
        Self { width: width as u32, height: height as u32, head: (x, y), scale, floor: y + down * scale }
    }

    fn short(&self) -> f32 {
        self.width.min(self.height) as f32
    }
}

pub(super) fn photo(plan: &Plan) -> DemoPhoto {
    let framing = Framing::of(plan, &mut plan.dice.stream(9));
    let mut dice = plan.dice.stream(2);
    let subject = subject(plan, &framing);
    let animal = animal(plan, &framing, &subject);
    let mut picture = place(plan, &framing, &animal);
    picture.draw_pixmap(0, 0, animal.as_ref(), &PixmapPaint::default(), Transform::identity(), None);
    camera::grade(&mut picture, &mood(plan, &mut dice));
    let stored = if plan.orientation >= 5 { (plan.size.1, plan.size.0) } else { plan.size };
    let turned = camera::turned(&picture, plan.orientation);
    let has_exif = plan.orientation != 1 || dice.chance(0.7);
    let shot = has_exif.then(|| Shot::throw(&mut dice, plan.orientation));
    let sensor = sensor(plan, &mut dice);
    let jpeg = camera::develop(&turned, stored, sensor, shot.as_ref(), &mut dice);
    DemoPhoto {
        title: names::title(plan.breed.species, plan.turn),
        alt: names::alt(plan, &subject.derp),
        species: plan.breed.species,
        tags: names::tags(plan, &subject.derp),
        jpeg,
        width: plan.size.0,
        height: plan.size.1,
        orientation: plan.orientation,
        crop: chosen_crop(plan),
    }
}

fn subject(plan: &Plan, framing: &Framing) -> Subject {
    let derp = Derp::throw(&mut plan.dice.stream(3), plan.breed, plan.variety);
    let face = Face::of(plan.breed);
    let seed = plan.dice.stream(4).below(1 << 20) as u32;
    let (x, y) = framing.head;
    Subject {
        breed: plan.breed,
        coat: plan.breed.coat.worn(seed, face.eye),
        head: Frame::new(x, y, framing.scale, derp.tilt),
        body: Frame::new(x, y, framing.scale * body::share(plan.breed, plan.pose), 0.0),
        face,
        derp,
    }
}

fn animal(plan: &Plan, framing: &Framing, s: &Subject) -> Pixmap {
    let side = plan.dice.stream(5).side();
    let light = plan.scene.light(side, plan.flash);
    let mut easel = Easel::new(framing.width, framing.height, light, plan.dice.stream(6));
    body::paint(&mut easel, s, plan.pose);
    if let Some(prop) = plan.prop {
        props::paint_neck(&mut easel, s, prop);
    }
    head::paint(&mut easel, s);
    body::face_disc(&mut easel, s);
    if s.breed.head == Head::Long {
        muzzle::paint(&mut easel, s);
        head::paint_hairdo(&mut easel, s);
        eyes::paint(&mut easel, s);
    } else {
        eyes::paint(&mut easel, s);
        muzzle::paint(&mut easel, s);
        head::paint_hairdo(&mut easel, s);
    }
    if let Some(prop) = plan.prop {
        props::paint_top(&mut easel, s, prop);
    }
    body::paint_front(&mut easel, s, plan.pose);
    if standing(plan) {
        plan.scene.paint_front(&mut easel, framing.floor - framing.short() * 0.03);
    }
    easel.pixmap
}

fn standing(plan: &Plan) -> bool {
    plan.pose != Pose::Close
}

/// The backdrop with the animal's shadow, out of focus behind it.
fn place(plan: &Plan, framing: &Framing, animal: &Pixmap) -> Pixmap {
    let (w, h) = (framing.width / 2, framing.height / 2);
    let side = plan.dice.stream(5).side();
    let light = plan.scene.light(side, false);
    let mut easel = Easel::new(w.max(8), h.max(8), light, plan.dice.stream(7));
    let floor = framing.floor.min(framing.height as f32 * 1.02) / 2.0;
    let floor = if standing(plan) { floor } else { h as f32 * 0.92 };
    plan.scene.paint(&mut easel, floor);
    let frame = Frame::new(framing.head.0 / 2.0, floor, framing.scale / 2.0, 0.0);
    if standing(plan) {
        for i in 0..24u8 {
            let grow = 1.15 - f32::from(i) * 0.04;
            let shadow = oval(-side * 0.25, -0.06, 1.75 * grow, 0.34 * grow);
            easel.fill(&frame, &shadow, INK, 0.035);
        }
    }
    let depth = plan.dice.stream(8).between(5.0, 13.0) * if standing(plan) { 1.0 } else { 1.6 };
    let mut picture = camera::focus(&easel.pixmap, (framing.width, framing.height), floor * 2.0, depth);
    if plan.flash {
        flashed(&mut picture, animal, framing);
    }
    picture
}

/// The flash falls off behind the animal and casts a hard shadow to one side.
fn flashed(picture: &mut Pixmap, animal: &Pixmap, framing: &Framing) {
    let (w, h) = (framing.width as usize, framing.height as usize);
    let (dx, dy) = ((framing.short() * 0.03) as usize, (framing.short() * 0.018) as usize);
    let alpha = animal.pixels();
    for (i, p) in picture.data_mut().chunks_exact_mut(4).enumerate() {
        let (x, y) = (i % w, i / w);
        let hidden = x >= dx && y >= dy && y < h && alpha[(y - dy) * w + x - dx].alpha() > 128;
        let near = y as f32 / h as f32;
        let keep = if hidden { 0.30 } else { 0.58 + 0.3 * near * near };
        for c in &mut p[..3] {
            *c = (f32::from(*c) * keep) as u8;
        }
    }
}

fn mood(plan: &Plan, dice: &mut Dice) -> Grade {
    let warm = dice.bell() * 0.025;
    let bright = 1.0 + dice.bell() * 0.03;
    let vignette = dice.between(0.16, 0.42) + if plan.flash { 0.2 } else { 0.0 };
    let tint = Rgb([bright * (1.0 + warm), bright, bright * (1.0 - warm)]);
    Grade { tint, vignette, contrast: dice.between(0.3, 0.8) }
}

fn sensor(plan: &Plan, dice: &mut Dice) -> Sensor {
    let pixels = plan.size.0 as f32 * plan.size.1 as f32;
    let dark = if plan.scene.dark() { 1.0 } else { 0.0 };
    // Larger sensors of the same camera family compress harder, like real ones.
    let quality = if pixels > 6.0e6 { 88 } else { 90 };
    Sensor { noise: dice.between(2.6, 3.6) + dark, quality }
}

/// The square around the face that the owner chose, in upright pixels of the file: left, top and side.
pub(super) fn chosen_crop(plan: &Plan) -> Option<(u32, u32, u32)> {
    plan.cropped.then(|| {
        let framing = Framing::of(plan, &mut plan.dice.stream(9));
        let factor = plan.size.1 as f32 / framing.height as f32;
        let (w, h) = (plan.size.0 as f32, plan.size.1 as f32);
        let side = (framing.short() * factor * 0.92).min(h).floor();
        let left = (framing.head.0 * factor - side / 2.0).clamp(0.0, w - side);
        let top = ((framing.head.1 + framing.scale * 0.6) * factor - side / 2.0).clamp(0.0, h - side);
        (left as u32, top as u32, side as u32)
    })
}
