//! Titles, descriptions and tags.

use super::body::Pose;
use super::plan::Plan;
use super::species::{Build, Muzzle};
use super::subject::{Derp, Mouth, Stare};

#[rustfmt::skip]
fn titles(species: &str) -> &'static [&'static str] {
    match species {
        "cat" => &[
            "Sir Blepsalot", "Forgot how to cat", "Two brain cells, one day off", "The toaster spoke first",
            "Loading personality…", "Heard a can open in 2019", "Gerald sees the fifth dimension", "Caught mid-thought",
            "Professionally confused", "I was told there would be tuna", "Not my best side", "Mrs Noodle, unimpressed",
        ],
        "dog" => &[
            "Employee of the month", "Who threw the ball", "He passed obedience school (barely)", "Goodest boy, wonkiest eyes",
            "Smelled a colour", "Biscuit has questions", "Left my tongue on", "The zoomies have ended",
            "Captain Wiggles reporting", "Thinking about sticks", "Met a snail, needs a moment", "Head empty, heart full",
        ],
        "bird" => &[
            "Borb in residence", "It's pronounced quack", "Aerodynamics pending", "Kevin forgot he can fly",
            "Breadcrumb inspector", "Saw its own reflection", "Morning person", "Will sing for seeds",
            "Egg memories", "The wing did a thing", "Fluent in peep", "Air traffic control",
        ],
        "rabbit" => &[
            "One ear on standby", "The clover was spicy", "Professional hay critic", "Sergeant Fluff, off duty",
            "Binky gone wrong", "Nose at full speed", "Heard a crisp packet", "Dust bunny, original edition",
        ],
        "rodent" => &[
            "Storing snacks for winter", "Wheel champion 2024", "Chonk of the realm", "Cheese? What cheese?",
            "Small but terribly brave", "Seed accountant", "Popcorned too hard", "Nut found, dignity lost",
        ],
        "reptile" => &[
            "Blinks one eye at a time", "Sunbathing incorrectly", "Moss enthusiast", "Slow and not so steady",
            "A noodle with opinions", "Licked own eyeball", "Warm rock, no thoughts", "The fly got away",
        ],
        "horse" => &[
            "Neigh means neigh", "Passport photo, third attempt", "Somebody said carrot", "Long face, short fuse",
            "Wind of change", "Stable genius", "Smile for the dentist", "Hay fever",
        ],
        _ => &[
            "Ribbit and chill", "Sharp on the outside", "Truffle management", "Spat first, asked later",
            "Bin day enthusiast", "Bamboo gave me this", "Moo point", "Slept through the photo shoot",
            "What does it say?", "Rained on, still smiling", "Ball of confusion", "Wallow time",
        ],
    }
}

/// A title that the first few dozen photos of a species don't share.
pub(super) fn title(species: &str, turn: usize) -> String {
    let of = titles(species);
    match turn / of.len() {
        0 => of[turn].to_owned(),
        again => format!("{} ({})", of[turn % of.len()], again + 1),
    }
}

/// An accurate description: which animal, what look, doing what, where.
pub(super) fn alt(plan: &Plan, derp: &Derp) -> String {
    let noun = plan.breed.noun;
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) { "An" } else { "A" };
    let side = if derp.side < 0.0 { "left" } else { "right" };
    let look = match derp.stare {
        Stare::Crossed => "with crossed eyes",
        Stare::Apart => "whose eyes look in opposite directions",
        Stare::UpAndDown => "with one eye looking up and one looking down",
        Stare::Wink => "with one eye shut and one wide open",
        Stare::Sleepy => "with heavy eyelids, one lower than the other,",
        Stare::Shocked => "with huge, startled eyes",
        Stare::Sideways => "with eyes of two sizes, both looking to the right,",
    };
    let doing = doing(plan, derp, side);
    let pose = match (plan.breed.build, plan.pose) {
        (Build::LongNeck, _) | (_, Pose::Close) => "seen up close",
        (_, Pose::Loaf) => "lying like a loaf",
        (Build::Snake, _) => "coiled up",
        (Build::Bird, _) => "standing",
        _ => "sitting",
    };
    let prop = plan.prop.map(|p| format!(", {}", p.words())).unwrap_or_default();
    let flash = if plan.flash { ", caught by the flash with glowing pupils" } else { "" };
    format!("{article} {noun} {look} {doing}, {pose} {}{prop}{flash}.", plan.scene.words())
}

fn doing(plan: &Plan, derp: &Derp, side: &str) -> String {
    let beak = matches!(plan.breed.muzzle, Muzzle::Cone | Muzzle::Bill | Muzzle::Hook);
    match derp.mouth {
        Mouth::Blep => "shows the tip of its tongue".into(),
        Mouth::Loll => format!("lets its tongue hang out to the {side}"),
        Mouth::Grin if beak => "opens its beak with the tongue out".into(),
        Mouth::Grin => "grins with its tongue out".into(),
        Mouth::Teeth if beak => "holds its beak open".into(),
        Mouth::Teeth if plan.breed.muzzle == Muzzle::Wide => "gapes".into(),
        Mouth::Teeth => "shows crooked teeth".into(),
        Mouth::Closed => "keeps a straight face".into(),
    }
}

pub(super) fn tags(plan: &Plan, derp: &Derp) -> Vec<String> {
    let mouth = match derp.mouth {
        Mouth::Blep => "blep",
        Mouth::Loll => "tongue",
        Mouth::Grin => "grin",
        Mouth::Teeth => "teeth",
        Mouth::Closed => "poker-face",
    };
    let stare = match derp.stare {
        Stare::Crossed => "cross-eyed",
        Stare::Apart | Stare::UpAndDown => "wonky-eyes",
        Stare::Wink => "wink",
        Stare::Sleepy => "sleepy",
        Stare::Shocked => "startled",
        Stare::Sideways => "side-eye",
    };
    let mut tags = vec![plan.scene.tag().to_owned(), mouth.to_owned(), stare.to_owned()];
    if plan.pose == Pose::Loaf {
        tags.push("loaf".to_owned());
    }
    tags
}
