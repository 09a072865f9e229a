//! Every breed that the demo can draw.

use super::coat::{Coat, Pattern};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    Cat,
    Dog,
    Ball,
    Egg,
    Pear,
    Long,
    Gecko,
    Frog,
    Box,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ears {
    None,
    Pointed,
    Floppy,
    Bat,
    Tall,
    Lop,
    Round,
    Leaf,
    Long,
    Tufts,
    Folded,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Muzzle {
    Pads,
    Bunny,
    Mouse,
    Snout,
    Flat,
    Long,
    Cone,
    Bill,
    Hook,
    Wide,
    Disk,
    Spoon,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pupil {
    Round,
    Slit,
    Bar,
    /// Nearly all pupil, like those of rodents and birds.
    Bead,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Build {
    /// Sits, lies or shows only its shoulders.
    FourLegs,
    /// Too round for anything but a loaf.
    Loaf,
    Bird,
    LongNeck,
    Frog,
    Gecko,
    Turtle,
    Snake,
    Spiny,
}

/// Optional features of a breed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extra {
    Whiskers,
    Brows,
    Fringe,
    Mane,
    Horns,
    Crest,
    Curls,
    Cheeks,
    BuckTeeth,
    FaceDisc,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Breed {
    pub(super) species: &'static str,
    /// As used in a sentence: "ginger cat".
    pub(super) noun: &'static str,
    pub(super) head: Head,
    pub(super) ears: Ears,
    pub(super) muzzle: Muzzle,
    pub(super) build: Build,
    pub(super) pupil: Pupil,
    pub(super) iris: u32,
    pub(super) nose: u32,
    pub(super) coat: Coat,
    /// Length of the hair in half heads; 0.0 is bare skin.
    pub(super) hair: f32,
    pub(super) extras: &'static [Extra],
}

impl Breed {
    pub(super) fn has(&self, extra: Extra) -> bool {
        self.extras.contains(&extra)
    }
}

/// The species in the demo's order.
pub(super) const ORDER: [&str; 20] = [
    "cat", "dog", "bird", "rodent", "other", "horse", "rabbit", "cat", "reptile", "dog", "bird", "other",
    "cat", "rabbit", "rodent", "dog", "horse", "bird", "reptile", "other",
];

pub(super) fn breeds(species: &str) -> Vec<&'static Breed> {
    CAST.iter().filter(|b| b.species == species).collect()
}

const fn coat(pattern: Pattern, base: u32, second: u32, third: u32) -> Coat {
    Coat { base, second, third, pattern }
}

macro_rules! cast {
    ($($species:literal $noun:literal: $head:ident $ears:ident $muzzle:ident $build:ident, $pupil:ident $iris:literal,
       nose $nose:literal, $pattern:ident $a:literal $b:literal $c:literal, hair $hair:literal, [$($extra:ident)*];)*) => {
        &[$(Breed {
            species: $species, noun: $noun, head: Head::$head, ears: Ears::$ears, muzzle: Muzzle::$muzzle,
            build: Build::$build, pupil: Pupil::$pupil, iris: $iris, nose: $nose,
            coat: coat(Pattern::$pattern, $a, $b, $c), hair: $hair, extras: &[$(Extra::$extra),*],
        }),*]
    };
}

#[rustfmt::skip]
const CAST: &[Breed] = cast![
    "cat" "ginger cat": Cat Pointed Pads FourLegs, Slit 0x9fb84a, nose 0xd9827e, Tabby 0xe39a4c 0xfbe9d0 0xb9621f, hair 0.17, [Whiskers];
    "cat" "black and white cat": Cat Pointed Pads FourLegs, Slit 0xd9c24a, nose 0x4a3338, Tuxedo 0x2d2b31 0xf7f3ee 0xf7f3ee, hair 0.16, [Whiskers];
    "cat" "Siamese cat": Cat Pointed Pads FourLegs, Round 0x5da5dc, nose 0x3a2a2a, Points 0xefe0c8 0x4f3a33 0xf8efe0, hair 0.12, [Whiskers];
    "cat" "calico cat": Cat Pointed Pads FourLegs, Slit 0xb7b04a, nose 0xe08f8f, Calico 0xf6f0e6 0xd98a3e 0x3a3232, hair 0.18, [Whiskers];
    "cat" "grey tabby": Cat Pointed Pads FourLegs, Slit 0x8fc06a, nose 0xb0706c, Tabby 0x9c9a96 0xe9e5de 0x4c4a4c, hair 0.16, [Whiskers];
    "cat" "bald pink cat": Cat Bat Pads FourLegs, Slit 0x63b7b0, nose 0xd98a88, Plain 0xe6b9a6 0xf0cdbd 0xe0a898, hair 0.0, [Brows];
    "cat" "fold-eared grey cat": Cat Folded Pads FourLegs, Round 0xe2a03a, nose 0x6a5a62, Plain 0x8c93a2 0xa4aab6 0x7c8392, hair 0.19, [Whiskers Cheeks];
    "cat" "white cat": Cat Pointed Pads FourLegs, Round 0x6fb4e0, nose 0xe79a9a, Plain 0xf3efe9 0xfffdfa 0xebe4dc, hair 0.24, [Whiskers Cheeks];

    "dog" "golden retriever": Dog Floppy Snout FourLegs, Round 0x6b4226, nose 0x2a2322, Plain 0xdca860 0xf2d7a6 0xe8be80, hair 0.22, [Brows];
    "dog" "pug": Box Folded Flat FourLegs, Round 0x5a3620, nose 0x1f1a1a, Masked 0xdcbf94 0x2f2624 0xc9a878, hair 0.07, [Brows];
    "dog" "husky": Dog Pointed Snout FourLegs, Round 0x7cc4ee, nose 0x1f1c1f, Cheeked 0x5d6672 0xf7f6f4 0xf7f6f4, hair 0.24, [Brows Cheeks];
    "dog" "Dalmatian": Dog Floppy Snout FourLegs, Round 0x5c3d22, nose 0x221e1f, Spots 0xf5f2ec 0x2c282a 0xf5f2ec, hair 0.07, [];
    "dog" "corgi": Dog Bat Snout FourLegs, Round 0x5a3518, nose 0x231d1c, Blaze 0xd88b42 0xfcf3e4 0xb96a2a, hair 0.18, [Cheeks];
    "dog" "poodle": Ball Floppy Snout FourLegs, Round 0x4a2e20, nose 0x231d1d, Plain 0xa9714a 0xc08a60 0x96603c, hair 0.20, [Curls];
    "dog" "beagle": Dog Floppy Snout FourLegs, Round 0x5b381f, nose 0x211b1b, Hooded 0xb97236 0x2e2826 0xf6efe4, hair 0.08, [];
    "dog" "sheepdog": Dog Floppy Snout FourLegs, Round 0x5a7fa8, nose 0x232022, Tuxedo 0x7f858e 0xf4f2ee 0xf4f2ee, hair 0.36, [Fringe];
    "dog" "chihuahua": Ball Bat Pads FourLegs, Round 0x3d271a, nose 0x2b2020, Plain 0xcf9d6c 0xf3e0c4 0xe2b98c, hair 0.08, [];

    "bird" "yellow chick": Ball None Cone Bird, Bead 0x3a2a1c, nose 0xf08c2c, Plain 0xf7d64c 0xfbe98c 0xf3c63c, hair 0.15, [Crest];
    "bird" "barn owl": Ball None Hook Bird, Bead 0x4a2e18, nose 0xd8a050, Freckles 0xc89858 0x5c4028 0xf5ebdc, hair 0.14, [FaceDisc];
    "bird" "white duck": Egg None Bill Bird, Round 0x5a86b0, nose 0xf2a02c, Plain 0xf6f3ec 0xfffdf8 0xe9e4da, hair 0.12, [Crest];
    "bird" "green parrot": Ball None Hook Bird, Round 0xf0b030, nose 0xd9503c, Hooded 0x58b848 0x3a9a4c 0xf2d648, hair 0.13, [];
    "bird" "penguin": Egg None Cone Bird, Bead 0x3c2a22, nose 0xf0a040, Cheeked 0x2c3542 0xf8f6f2 0xf8f6f2, hair 0.09, [];
    "bird" "pigeon": Ball None Cone Bird, Round 0xf08a2c, nose 0x6b6570, Hooded 0x5a6b86 0x97a0ae 0x7a6a94, hair 0.10, [];
    "bird" "robin": Ball None Cone Bird, Bead 0x33241a, nose 0x5a4a40, Masked 0x8a7358 0xe0703a 0xe9dfd0, hair 0.13, [];
    "bird" "eagle owl": Ball Tufts Hook Bird, Round 0xf2902c, nose 0x4a4038, Freckles 0x9a7650 0x3e2e22 0xd9bf98, hair 0.16, [FaceDisc Brows];
    "bird" "pink cockatoo": Ball None Hook Bird, Bead 0x3a2a2a, nose 0xe6dccb, Plain 0xf0b7b4 0xf8d8d4 0xe99c9c, hair 0.14, [Crest Cheeks];

    "rabbit" "brown rabbit": Egg Tall Bunny FourLegs, Bead 0x4a3020, nose 0xc98880, Plain 0xa98662 0xe9dcc8 0xc4a580, hair 0.16, [Whiskers];
    "rabbit" "white rabbit": Egg Tall Bunny Loaf, Round 0xd06a78, nose 0xe79c9c, Plain 0xf4f0ea 0xffffff 0xece6de, hair 0.18, [Whiskers];
    "rabbit" "lop-eared rabbit": Egg Lop Bunny Loaf, Bead 0x3a2a22, nose 0xb87c78, Blaze 0x8b7f78 0xf6f1ea 0x6f6560, hair 0.2, [Whiskers Cheeks];
    "rabbit" "Dutch rabbit": Egg Tall Bunny Loaf, Bead 0x33231c, nose 0xd79a94, Blaze 0x2f2a2c 0xf8f5ef 0x2f2a2c, hair 0.15, [Whiskers];
    "rabbit" "ginger angora rabbit": Ball Lop Bunny Loaf, Bead 0x3c281c, nose 0xd08c80, Plain 0xd99e66 0xf6e2c6 0xe6b884, hair 0.4, [Fringe];

    "rodent" "hamster": Ball Round Mouse Loaf, Bead 0x2c1e18, nose 0xdf958c, Plain 0xd99a55 0xfbf1e0 0xf3d3a4, hair 0.14, [Whiskers Cheeks BuckTeeth];
    "rodent" "guinea pig": Pear Round Bunny Loaf, Bead 0x33221a, nose 0xa06a60, Calico 0xf5efe4 0xb8703a 0x33292a, hair 0.22, [Crest];
    "rodent" "grey mouse": Egg Round Mouse FourLegs, Bead 0x221a1a, nose 0xe79aa0, Plain 0x96908e 0xdcd6d0 0xd9a9a2, hair 0.10, [Whiskers];
    "rodent" "capybara": Pear Leaf Long Loaf, Bead 0x33221a, nose 0x40302a, Plain 0x99704a 0xa98058 0x7c5836, hair 0.17, [];
    "rodent" "red squirrel": Egg Leaf Mouse FourLegs, Bead 0x2a1a14, nose 0x4a302a, Plain 0xb8592a 0xfaf0e2 0xa04a20, hair 0.2, [Whiskers BuckTeeth];
    "rodent" "hooded rat": Egg Round Mouse Loaf, Bead 0x261c1c, nose 0xe3989a, Hooded 0x4a4446 0xf1ece4 0xf3eee8, hair 0.11, [Whiskers];

    "reptile" "leopard gecko": Gecko None Wide Gecko, Slit 0xd8b23c, nose 0x5a4630, Spots 0xf0cc5c 0x4a3a2c 0xfaf0d2, hair 0.0, [];
    "reptile" "tortoise": Gecko None Wide Turtle, Bead 0x2c241c, nose 0x4a4432, Scales 0x9aa05c 0x7a8048 0xc4c08a, hair 0.0, [];
    "reptile" "green python": Gecko None Wide Snake, Slit 0xf0d040, nose 0x2c4a20, Bands 0x6ab040 0xe8e070 0xe6e8a4, hair 0.0, [];
    "reptile" "bearded dragon": Gecko None Wide Gecko, Round 0xe0a048, nose 0x6a5030, Scales 0xd0a870 0xa8784a 0xf0dcb4, hair 0.0, [Mane];
    "reptile" "crested gecko": Gecko None Wide Gecko, Slit 0xc0703c, nose 0x5a3428, Freckles 0xc87848 0x7a3c28 0xe8c098, hair 0.0, [Brows];
    "reptile" "corn snake": Gecko None Wide Snake, Round 0xe06030, nose 0x6a2a18, Bands 0xe89858 0xb83c24 0xf8e4cc, hair 0.0, [];

    "horse" "chestnut horse": Long Leaf Long LongNeck, Bead 0x4a2c18, nose 0x4c352c, Blaze 0x9a5a34 0xf6efe4 0x5a3420, hair 0.07, [Mane];
    "horse" "zebra": Long Leaf Long LongNeck, Bead 0x2c2018, nose 0x2a2626, Zebra 0xf4f0e8 0x282528 0x3a3436, hair 0.06, [Mane];
    "horse" "donkey": Long Long Long LongNeck, Bead 0x33231a, nose 0x4a4444, Plain 0x8a827c 0xdcd4c8 0x5a5350, hair 0.14, [Mane];
    "horse" "palomino pony": Long Leaf Long LongNeck, Round 0x6b4424, nose 0x8a6458, Plain 0xdcae6c 0xf0d2a4 0xfbf2dc, hair 0.09, [Mane BuckTeeth];
    "horse" "piebald pony": Long Leaf Long LongNeck, Round 0x6ca0c8, nose 0xc8928a, Calico 0xf5f0e8 0x5a3c2c 0x5a3c2c, hair 0.09, [Mane];

    "other" "tree frog": Frog None Wide Frog, Bar 0xe8a03c, nose 0x3a6a2c, Plain 0x6cc04a 0xe2f0a8 0xf0983c, hair 0.0, [];
    "other" "hedgehog": Egg Round Mouse Spiny, Bead 0x261a16, nose 0x2a2020, Plain 0xd8b894 0xf3e2c8 0x6a5444, hair 0.10, [Whiskers];
    "other" "piglet": Pear Leaf Disk FourLegs, Round 0x6a8cb8, nose 0xe88c94, Plain 0xf2b6b2 0xf8cac4 0xe8a0a0, hair 0.06, [];
    "other" "alpaca": Egg Long Bunny LongNeck, Bead 0x2c1e18, nose 0x5a4440, Plain 0xf0e2c8 0xf8efdc 0xe4d0ac, hair 0.18, [Curls Fringe BuckTeeth];
    "other" "raccoon": Cat Round Pads FourLegs, Bead 0x3a281c, nose 0x221e20, Rings 0x8c8884 0x33302f 0xf0ece6, hair 0.22, [Whiskers Cheeks];
    "other" "panda": Ball Round Pads FourLegs, Round 0x4a3424, nose 0x262224, Rings 0xf4f1ea 0x262428 0xf4f1ea, hair 0.18, [];
    "other" "cow": Long Long Long LongNeck, Round 0x4a3020, nose 0xe0a8a0, Calico 0xf6f2ea 0x2e2a2a 0x2e2a2a, hair 0.09, [Horns Fringe];
    "other" "koala": Ball Round Spoon FourLegs, Bead 0x4a3020, nose 0x2a2628, Plain 0x9a9896 0xd8d4d0 0xe6e2de, hair 0.22, [Cheeks];
    "other" "red fox": Cat Pointed Snout FourLegs, Slit 0xd89a30, nose 0x221c1c, Cheeked 0xd8692c 0xfbf3e6 0xfbf3e6, hair 0.2, [Whiskers Cheeks];
];
