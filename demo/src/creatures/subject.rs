//! One animal as it will be drawn: its breed, coat and face, and what is wrong with it.

use super::coat::{Place, Worn};
use super::fur::{Flow, Fur};
use super::paint::Skin;
use super::palette::Rgb;
use super::random::Dice;
use super::shape::{Frame, Pt};
use super::species::{Breed, Build, Head, Muzzle, Pupil};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mouth {
    /// The tip of the tongue sticks out.
    Blep,
    /// The whole tongue hangs to one side.
    Loll,
    Grin,
    Teeth,
    Closed,
}

/// How the eyes fail to cooperate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stare {
    Crossed,
    Apart,
    UpAndDown,
    Wink,
    Sleepy,
    Shocked,
    Sideways,
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct EyeLook {
    /// Size relative to the breed's eye.
    pub(super) size: f32,
    /// Gaze, -1.0 to 1.0 both ways.
    pub(super) gaze: Pt,
    pub(super) iris: f32,
    pub(super) pupil: f32,
    /// The part of the eye that the lid covers.
    pub(super) lid: f32,
    /// Vertical offset from its regular place.
    pub(super) rise: f32,
    pub(super) shut: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct EarLook {
    pub(super) size: f32,
    /// Degrees outwards.
    pub(super) lean: f32,
}

#[derive(Clone, Debug)]
pub(super) struct Derp {
    pub(super) eyes: [EyeLook; 2],
    pub(super) stare: Stare,
    pub(super) ears: [EarLook; 2],
    pub(super) mouth: Mouth,
    /// The side towards which mouth and tongue lean.
    pub(super) side: f32,
    /// Tilt of the head in degrees.
    pub(super) tilt: f32,
}

impl Derp {
    /// `variety` makes consecutive animals differ in eyes and mouth.
    pub(super) fn throw(dice: &mut Dice, breed: &Breed, variety: usize) -> Self {
        const STARES: [Stare; 9] = [
            Stare::Crossed,
            Stare::Apart,
            Stare::UpAndDown,
            Stare::Wink,
            Stare::Sleepy,
            Stare::Shocked,
            Stare::Sideways,
            Stare::Apart,
            Stare::Crossed,
        ];
        const MOUTHS: [Mouth; 8] = [
            Mouth::Blep,
            Mouth::Loll,
            Mouth::Grin,
            Mouth::Teeth,
            Mouth::Blep,
            Mouth::Grin,
            Mouth::Loll,
            Mouth::Closed,
        ];
        let stare = STARES[(variety * 2 + variety / 9) % 9];
        let mouth = MOUTHS[(variety * 5 + variety / 8) % 8];
        let ear = |dice: &mut Dice| EarLook { size: dice.between(0.86, 1.16), lean: dice.bell() * 13.0 };
        let mut ears = [ear(dice), ear(dice)];
        if dice.chance(0.3) {
            ears[dice.below(2)].lean += 34.0;
        }
        let tilt = (dice.bell() * 7.0).clamp(-16.0, 16.0) * if breed.head == Head::Long { 0.7 } else { 1.0 };
        Self { eyes: eyes(dice, stare), stare, ears, mouth, side: dice.side(), tilt }
    }
}

fn eyes(dice: &mut Dice, stare: Stare) -> [EyeLook; 2] {
    let plain = EyeLook { size: 1.0, iris: 1.0, pupil: 0.95, ..EyeLook::default() };
    let mut pair = [plain; 2];
    let odd = dice.between(0.12, 0.34) * dice.side();
    pair[0].size += odd;
    pair[1].size -= odd * 0.8;
    pair[0].rise = dice.between(-0.06, 0.06);
    let y = dice.between(-0.3, 0.3);
    let (left, right) = match stare {
        Stare::Crossed => ((0.85, 0.25 + y * 0.5), (-0.85, 0.25 - y * 0.5)),
        Stare::Apart => ((-0.85, y), (0.85, -y)),
        Stare::UpAndDown => ((-0.35, -0.85), (0.45, 0.8)),
        Stare::Wink => ((0.3, y), (-0.3, -0.2)),
        Stare::Sleepy => ((0.4, 0.35), (-0.1, 0.55)),
        Stare::Shocked => ((-0.2, y), (0.3, -0.2)),
        Stare::Sideways => ((0.95, 0.5), (0.35, -0.75)),
    };
    pair[0].gaze = left;
    pair[1].gaze = right;
    let one = dice.below(2);
    match stare {
        Stare::Wink => {
            pair[one].shut = true;
            pair[1 - one].size += 0.12;
        }
        Stare::Sleepy => {
            pair[one].lid = 0.52;
            pair[1 - one].lid = 0.28;
        }
        Stare::Shocked => {
            for eye in &mut pair {
                eye.size *= 1.18;
                eye.iris = 0.62;
                eye.pupil = 0.7;
            }
        }
        _ => {
            pair[one].pupil = 0.6;
            if dice.chance(0.4) {
                pair[1 - one].lid = dice.between(0.15, 0.32);
            }
        }
    }
    pair
}

/// Positions on a face, in half heads from its centre.
#[derive(Clone, Copy, Debug)]
pub(super) struct Face {
    pub(super) eye: Pt,
    pub(super) eye_size: f32,
    /// The height of the nose.
    pub(super) muzzle: f32,
    /// From the centre of the head to the end of the chin.
    pub(super) chin: f32,
}

impl Face {
    pub(super) fn of(breed: &Breed) -> Self {
        let (x, y, eye_size, muzzle, chin) = match breed.head {
            Head::Cat => (0.43, -0.08, 0.29, 0.34, 0.84),
            Head::Dog => (0.39, -0.24, 0.25, 0.28, 0.96),
            Head::Ball => (0.43, -0.12, 0.28, 0.30, 0.94),
            Head::Egg => (0.45, -0.12, 0.27, 0.34, 0.92),
            Head::Pear => (0.52, -0.22, 0.22, 0.36, 1.0),
            Head::Long => (0.44, -0.40, 0.29, 1.12, 1.56),
            Head::Gecko => (0.74, -0.36, 0.34, 0.20, 0.7),
            Head::Frog => (0.66, -0.58, 0.38, 0.16, 0.78),
            Head::Box => (0.49, -0.12, 0.30, 0.34, 0.9),
        };
        let mut face = Self { eye: (x, y), eye_size, muzzle, chin };
        if breed.build == Build::Bird {
            face.muzzle = 0.16;
            face.eye.1 -= 0.08;
        }
        if breed.muzzle == Muzzle::Long && breed.head == Head::Pear {
            face.muzzle = 0.52;
        }
        if breed.pupil == Pupil::Bead {
            face.eye_size *= 0.88;
        }
        face
    }
}

/// Everything that the painters of the parts need.
pub(super) struct Subject {
    pub(super) breed: &'static Breed,
    pub(super) coat: Worn,
    pub(super) derp: Derp,
    pub(super) face: Face,
    /// The tilted frame; its origin is the centre of the head.
    pub(super) head: Frame,
    /// An upright frame with the same origin and scale.
    pub(super) body: Frame,
}

impl Subject {
    /// The animal's usual surface: fur, or skin with some gloss.
    pub(super) fn skin<'a>(&self, coat: &'a dyn Fn(Pt) -> Rgb, flow: Flow) -> Skin<'a> {
        if self.breed.hair > 0.0 {
            Skin::furry(coat, Fur::new(self.breed.hair, flow))
        } else {
            Skin::glossy(coat, 0.16)
        }
    }

    /// Shorter fur, for muzzles and paws.
    pub(super) fn short<'a>(&self, coat: &'a dyn Fn(Pt) -> Rgb, flow: Flow) -> Skin<'a> {
        let mut skin = self.skin(coat, flow);
        if let Some(fur) = &mut skin.fur {
            fur.length = (fur.length * 0.6).min(0.11);
        }
        skin
    }

    pub(super) fn bulging(&self) -> bool {
        matches!(self.breed.head, Head::Gecko | Head::Frog)
    }

    pub(super) fn line_colour(&self) -> Rgb {
        self.coat.colour(Place::Muzzle, (0.0, 0.3)).times(0.25).mix(super::palette::INK, 0.5)
    }
}
