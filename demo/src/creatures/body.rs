//! Bodies, below and behind the head.

use super::coat::Place;
use super::fur::{Flow, Fur};
use super::paint::{Easel, Skin};
use super::palette::Rgb;
use super::shape::{Pt, blob, line, mirrored, smooth, tube};
use super::species::{Breed, Build, Ears, Extra, Muzzle};
use super::subject::Subject;
use super::{body_odd, random::Dice};

/// The animal's pose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pose {
    Sitting,
    Loaf,
    /// Head and shoulders.
    Close,
}

impl Pose {
    pub(super) fn throw(dice: &mut Dice, breed: &Breed) -> Self {
        match breed.build {
            Build::FourLegs => dice.pick(&[Self::Sitting, Self::Sitting, Self::Loaf, Self::Close]),
            Build::Loaf => dice.pick(&[Self::Loaf, Self::Loaf, Self::Close]),
            Build::LongNeck => Self::Close,
            _ => Self::Sitting,
        }
    }
}

/// The size of the body relative to the head: animals that sit upright are mostly head.
pub(super) fn share(breed: &Breed, pose: Pose) -> f32 {
    match (breed.build, pose) {
        (Build::Bird, _) => 0.9,
        (Build::FourLegs, Pose::Sitting) => 0.87,
        _ => 1.0,
    }
}

/// How far a pose reaches above and below the centre of the head, in half heads.
pub(super) fn extent(breed: &Breed, pose: Pose, hat: bool) -> (f32, f32) {
    let up: f32 = match breed.ears {
        Ears::Tall => 2.1,
        Ears::Pointed | Ears::Bat | Ears::Long | Ears::Leaf if breed.build == Build::LongNeck => 1.7,
        Ears::Pointed | Ears::Bat | Ears::Long => 1.35,
        _ if breed.build == Build::Frog => 1.45,
        _ if breed.build == Build::Turtle => 1.4,
        _ => 1.1,
    };
    let up = if hat { up.max(1.62) } else { up };
    let down = match (breed.build, pose) {
        (Build::LongNeck, _) => 2.1,
        (Build::Bird, _) => 2.45 * 0.9,
        (Build::Frog | Build::Gecko | Build::Turtle | Build::Spiny, _) => 1.5,
        (Build::Snake, _) => 2.0,
        (_, Pose::Sitting) => 2.98 * 0.87,
        (_, Pose::Loaf) => 1.55,
        (_, Pose::Close) => 1.3,
    };
    (up, down)
}

pub(super) fn paint(easel: &mut Easel, s: &Subject, pose: Pose) {
    match (s.breed.build, pose) {
        (Build::Bird, _) => bird(easel, s),
        (Build::LongNeck, _) => body_odd::neck(easel, s),
        (Build::Frog, _) => body_odd::frog(easel, s),
        (Build::Gecko, _) => body_odd::gecko(easel, s),
        (Build::Turtle, _) => body_odd::turtle(easel, s),
        (Build::Snake, _) => body_odd::snake(easel, s),
        (Build::Spiny, _) => body_odd::spiny(easel, s),
        (_, Pose::Sitting) => sitting(easel, s),
        (_, Pose::Loaf) => loaf(easel, s),
        (_, Pose::Close) => shoulders(easel, s),
    }
}

/// What is in front of the head: the paws of a loaf.
pub(super) fn paint_front(easel: &mut Easel, s: &Subject, pose: Pose) {
    if pose == Pose::Loaf && !matches!(s.breed.build, Build::Bird | Build::LongNeck) {
        for side in [-1.0f32, 1.0] {
            let lift = 0.05 * side * s.derp.side;
            paw(easel, s, (0.46 * side, 1.32 + lift), (0.30, 0.21));
        }
    }
}

fn paw(easel: &mut Easel, s: &Subject, (x, y): Pt, (rx, ry): Pt) {
    let coat = |p: Pt| s.coat.colour(Place::Paw, p);
    let path = blob(&mut easel.dice, (x, y), rx, ry, 0.03);
    easel.part(&s.body, &path, &Skin { shadow: 0.42, ..s.short(&coat, Flow::Along((0.0, 1.0))) });
    let dark = s.coat.colour(Place::Paw, (x, y)).times(0.5);
    for toe in [-0.36, 0.0, 0.36] {
        let curve = line(&[(x + toe * rx, y + ry * 0.92), (x + toe * rx * 0.9, y + ry * 0.25)]);
        easel.stroke(&s.body, &curve, 0.03, dark, 0.7);
    }
}

fn tail(easel: &mut Easel, s: &Subject, at: Pt, side: f32) {
    let coat = |p: Pt| s.coat.colour(Place::Tail, p);
    let (x, y) = at;
    let squirrel = s.breed.species == "rodent" && s.breed.hair > 0.18;
    if squirrel {
        let plume =
            [(x, y), (x + 0.75 * side, y - 0.9), (x + 0.65 * side, y - 2.0), (x + 1.15 * side, y - 2.5)];
        let skin = s.skin(&coat, Flow::Along((side, -0.6)));
        easel.part(&s.body, &tube(&plume, 0.35, 0.62, 0.30), &Skin { shadow: 0.3, ..skin });
        return;
    }
    if s.breed.species == "rodent" {
        let bare = |_: Pt| Rgb::hex(0xe2a9a4);
        let curve = [(x, y), (x + 0.9 * side, y + 0.1), (x + 1.3 * side, y - 0.6), (x + 1.8 * side, y - 0.4)];
        easel.part(&s.body, &tube(&curve, 0.10, 0.08, 0.03), &Skin::plain(&bare));
        return;
    }
    if matches!(s.breed.ears, Ears::Tall | Ears::Lop) {
        let puff = blob(&mut easel.dice, (x + 0.15 * side, y - 0.1), 0.34, 0.32, 0.06);
        easel.part(&s.body, &puff, &s.skin(&coat, Flow::Away((x, y))));
        return;
    }
    let fat = 0.12 + s.breed.hair * 0.55;
    let curve = [(x, y), (x + 0.7 * side, y - 0.05), (x + 1.0 * side, y - 0.7), (x + 0.7 * side, y - 1.25)];
    let skin = s.skin(&coat, Flow::Along((side * 0.4, -1.0)));
    easel.part(&s.body, &tube(&curve, fat * 0.9, fat * 1.15, fat * 0.75), &Skin { shadow: 0.3, ..skin });
}

fn sitting(easel: &mut Easel, s: &Subject) {
    if !matches!(s.breed.muzzle, Muzzle::Disk | Muzzle::Spoon) {
        tail(easel, s, (0.7 * s.derp.side, 2.45), s.derp.side);
    }
    let coat = |p: Pt| s.coat.colour(Place::Body, p);
    let half = [(0.0, 0.2), (0.58, 0.5), (0.74, 1.1), (0.98, 1.85), (1.02, 2.4), (0.72, 2.78), (0.0, 2.84)];
    let torso = mirrored(&mut easel.dice, &half, 0.03);
    easel.part(&s.body, &smooth(&torso), &s.skin(&coat, Flow::Along((0.0, 1.0))));
    for side in [-1.0f32, 1.0] {
        let haunch = blob(&mut easel.dice, (0.82 * side, 2.26), 0.44, 0.54, 0.03);
        easel.part(&s.body, &haunch, &Skin { shadow: 0.3, ..s.skin(&coat, Flow::Along((side * 0.5, 1.0))) });
        paw(easel, s, (0.92 * side, 2.78), (0.36, 0.19));
    }
    let bib = |p: Pt| s.coat.colour(Place::Chest, p);
    let chest = blob(&mut easel.dice, (0.0, 1.22), 0.46, 0.68, 0.04);
    easel.part(&s.body, &chest, &Skin { shadow: 0.0, round: 0.5, ..s.skin(&bib, Flow::Along((0.0, 1.0))) });
    for side in [-1.0f32, 1.0] {
        let limb = |p: Pt| s.coat.colour(Place::Limb, p);
        let bow = 0.06 * side * s.derp.side;
        let leg =
            tube(&[(0.30 * side, 1.30), (0.36 * side + bow, 2.0), (0.36 * side, 2.74)], 0.10, 0.23, 0.21);
        easel.part(&s.body, &leg, &Skin { shadow: 0.35, ..s.short(&limb, Flow::Along((0.0, 1.0))) });
        paw(easel, s, (0.37 * side, 2.80), (0.30, 0.19));
    }
}

fn loaf(easel: &mut Easel, s: &Subject) {
    let coat = |p: Pt| s.coat.colour(Place::Body, p);
    let rat = s.breed.noun.ends_with("rat");
    if s.breed.build != Build::Loaf || rat {
        tail(easel, s, (1.35 * s.derp.side, 1.35), s.derp.side * 0.8);
    }
    let lean = 0.22 * s.derp.side;
    let half =
        [(0.0, -0.42), (0.75, -0.36), (1.36, 0.05), (1.66, 0.72), (1.58, 1.28), (0.95, 1.48), (0.0, 1.5)];
    let mut mound = mirrored(&mut easel.dice, &half, 0.04);
    for p in &mut mound {
        p.0 += lean * (1.0 - p.1 * 0.5);
    }
    easel.part(&s.body, &smooth(&mound), &s.skin(&coat, Flow::Away((0.0, 0.0))));
    let bib = |p: Pt| s.coat.colour(Place::Chest, p);
    let chest = blob(&mut easel.dice, (0.0, 0.92), 0.66, 0.46, 0.04);
    easel.part(&s.body, &chest, &Skin { shadow: 0.0, round: 0.5, ..s.skin(&bib, Flow::Along((0.0, 1.0))) });
}

fn shoulders(easel: &mut Easel, s: &Subject) {
    let coat = |p: Pt| s.coat.colour(Place::Body, p);
    let half = [(0.0, 0.15), (0.66, 0.5), (1.2, 1.1), (1.5, 2.0), (1.5, 3.4), (0.0, 3.6)];
    let bust = mirrored(&mut easel.dice, &half, 0.04);
    easel.part(&s.body, &smooth(&bust), &s.skin(&coat, Flow::Along((0.0, 1.0))));
    let bib = |p: Pt| s.coat.colour(Place::Chest, p);
    let chest = blob(&mut easel.dice, (0.0, 1.75), 0.62, 1.0, 0.04);
    easel.part(&s.body, &chest, &Skin { shadow: 0.0, round: 0.5, ..s.skin(&bib, Flow::Along((0.0, 1.0))) });
}

fn bird(easel: &mut Easel, s: &Subject) {
    let coat = |p: Pt| s.coat.colour(Place::Body, p);
    let feet = Rgb::hex(0xe89238);
    let scaly = move |_: Pt| feet;
    for side in [-1.0f32, 1.0] {
        for toe in [-0.24f32, 0.0, 0.24] {
            let x = 0.36 * side;
            let path = tube(&[(x, 2.0), (x + toe * 0.7, 2.28), (x + toe * 1.2, 2.38)], 0.09, 0.08, 0.07);
            easel.part(&s.body, &path, &Skin { shadow: 0.25, ..Skin::glossy(&scaly, 0.15) });
        }
    }
    let plump = 1.0 + 0.12 * (s.breed.hair - 0.1) * 10.0;
    let half =
        [(0.0, -0.3), (0.70, 0.2), (0.98 * plump, 0.85), (1.0 * plump, 1.5), (0.66, 2.06), (0.0, 2.18)];
    let egg = mirrored(&mut easel.dice, &half, 0.03);
    easel.part(&s.body, &smooth(&egg), &s.skin(&coat, Flow::Along((0.0, 1.0))));
    let bib = |p: Pt| s.coat.colour(Place::Chest, p);
    let belly = blob(&mut easel.dice, (0.0, 1.35), 0.62, 0.72, 0.04);
    easel.part(&s.body, &belly, &Skin { shadow: 0.0, round: 0.5, ..s.skin(&bib, Flow::Along((0.0, 1.0))) });
    for side in [-1.0f32, 1.0] {
        let raised = if side * s.derp.side > 0.0 { 34.0 } else { 4.0 };
        let frame = s.body.inner((0.84 * side * plump, 0.75), 1.0, -raised * side);
        wing(easel, s, &frame, side);
    }
}

fn wing(easel: &mut Easel, s: &Subject, frame: &super::shape::Frame, side: f32) {
    let coat = |p: Pt| s.coat.colour(Place::Tail, p).times(0.94);
    let half = [(-0.14, -0.14), (0.26, 0.1), (0.34, 0.62), (0.10, 1.18), (-0.12, 0.86), (-0.22, 0.3)];
    let points: Vec<Pt> = half.iter().map(|p| (p.0 * side, p.1)).collect();
    let skin = s.skin(&coat, Flow::Along((0.1 * side, 1.0)));
    easel.part(frame, &smooth(&points), &Skin { shadow: 0.45, ..skin });
    let dark = s.coat.colour(Place::Tail, (0.5, 0.5)).times(0.6);
    for i in 0..3u8 {
        let x = (-0.08 + 0.14 * f32::from(i)) * side;
        let feather =
            line(&[(x, 0.38), (x + 0.03 * side, 0.66), (x * 0.6 + 0.02, 0.98 - 0.1 * f32::from(i))]);
        easel.stroke(frame, &feather, 0.03, dark, 0.55);
    }
}

/// The pale disc around an owl's eyes.
pub(super) fn face_disc(easel: &mut Easel, s: &Subject) {
    if !s.breed.has(Extra::FaceDisc) {
        return;
    }
    for side in [-1.0f32, 1.0] {
        let (x, y) = (s.face.eye.0 * side * 0.9, s.face.eye.1 + 0.06);
        let pale = |p: Pt| {
            let d = (p.0 - x).hypot(p.1 - y);
            s.coat.third().mix(s.coat.second(), ((d - 0.38) * 6.0).clamp(0.0, 0.75))
        };
        let fur = Fur::new(0.16, Flow::Away((x, y)));
        let path = blob(&mut easel.dice, (x, y), 0.49, 0.55, 0.02);
        easel.part(&s.head, &path, &Skin { shadow: 0.15, round: 0.25, ..Skin::furry(&pale, fur) });
    }
}
