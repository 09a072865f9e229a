//! Decides what the nth photo shows.

use super::Options;
use super::body::Pose;
use super::props::Prop;
use super::random::Dice;
use super::scene::Scene;
use super::species::{self, Breed, ORDER};

/// Everything about a photo that doesn't need pixels.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) dice: Dice,
    pub(super) breed: &'static Breed,
    /// Its index within its species.
    pub(super) turn: usize,
    pub(super) scene: Scene,
    pub(super) pose: Pose,
    pub(super) flash: bool,
    pub(super) prop: Option<Prop>,
    /// Makes consecutive photos differ.
    pub(super) variety: usize,
    /// Size in upright pixels.
    pub(super) size: (u32, u32),
    pub(super) orientation: u8,
    /// Whether the animal is off-centre and a crop is chosen.
    pub(super) cropped: bool,
}

/// From 2 to 12 megapixels, mostly moderate like photos on the web.
const SIZES: [(u32, u32); 14] = [
    (2048, 1536),
    (1500, 2000),
    (1920, 1080),
    (2400, 1600),
    (1440, 1440),
    (3000, 2000),
    (1536, 2048),
    (2592, 1944),
    (1800, 2400),
    (2000, 2000),
    (4000, 3000),
    (1632, 2448),
    (2304, 1728),
    (3024, 4032),
];

impl Plan {
    pub(super) fn nth(n: u64) -> Self {
        let i = n as usize;
        let dice = Dice::new(n.wrapping_mul(0x5851_f42d_4c95_7f2d) ^ 0x00de_2b1e);
        let species = ORDER[i % ORDER.len()];
        let each = ORDER.iter().filter(|s| **s == species).count();
        let before = ORDER[..i % ORDER.len()].iter().filter(|s| **s == species).count();
        let turn = i / ORDER.len() * each + before;
        let mut throw = dice.stream(1);
        let orientation = if i % 3 == 1 { (i / 3 % 8) as u8 + 1 } else { 1 };
        let size = SIZES[(i * 5 + i / SIZES.len()) % SIZES.len()];
        Self::of(dice, (species, turn, i), &mut throw, size, orientation)
    }

    pub(super) fn chosen(o: Options) -> Self {
        let dice = Dice::new(o.seed ^ 0x000f_f5e7);
        let mut throw = dice.stream(1);
        let species = if ORDER.contains(&o.species) { o.species } else { "other" };
        let turn = throw.below(1000);
        Self::of(
            dice,
            (species, turn, o.seed as usize % 720),
            &mut throw,
            (o.width.max(64), o.height.max(64)),
            o.orientation.clamp(1, 8),
        )
    }

    fn of(
        dice: Dice,
        (species, turn, variety): (&str, usize, usize),
        throw: &mut Dice,
        size: (u32, u32),
        orientation: u8,
    ) -> Self {
        let breeds = species::breeds(species);
        let breed = breeds[turn % breeds.len()];
        let scenes = Scene::of(species);
        let scene = scenes[(turn + turn / breeds.len() * 2) % scenes.len()];
        let pose = Pose::throw(throw, breed);
        let flash = throw.chance(scene.flash());
        let prop = (variety % 5 % 3 == 2 || scene == Scene::Snow && variety % 2 == 0)
            .then(|| Prop::throw(throw, breed, scene == Scene::Snow));
        let cropped = size.0 > size.1 && throw.chance(0.35);
        Self { dice, breed, turn, scene, pose, flash, prop, variety, size, orientation, cropped }
    }
}
