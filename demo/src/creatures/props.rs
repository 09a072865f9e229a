//! Costumes.

use super::paint::{Easel, Skin};
use super::palette::{INK, Rgb, WHITE};
use super::random::Dice;
use super::shape::{Frame, Pt, blob, line, oval, polygon, smooth, tube};
use super::species::{Breed, Build, Head};
use super::subject::Subject;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prop {
    BowTie,
    Scarf,
    Collar,
    PartyHat,
    Crown,
    Flower,
    Butterfly,
}

impl Prop {
    /// Something that suits the breed; animals without fur get a scarf.
    pub(super) fn throw(dice: &mut Dice, breed: &Breed, cold: bool) -> Self {
        let no_neck =
            matches!(breed.build, Build::Frog | Build::Gecko | Build::Turtle | Build::Snake | Build::Spiny);
        let top = [Self::PartyHat, Self::Crown, Self::Flower, Self::Butterfly];
        if no_neck || breed.head == Head::Long {
            return dice.pick(&top);
        }
        if cold {
            return Self::Scarf;
        }
        if dice.chance(0.5) { dice.pick(&top) } else { dice.pick(&[Self::BowTie, Self::Collar, Self::Scarf]) }
    }

    /// As it follows "wearing" or "with".
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::BowTie => "wearing a bow tie",
            Self::Scarf => "wearing a striped scarf",
            Self::Collar => "wearing a collar with a golden tag",
            Self::PartyHat => "wearing a party hat",
            Self::Crown => "wearing a tiny crown",
            Self::Flower => "with a flower on its head",
            Self::Butterfly => "with a butterfly on its head",
        }
    }
}

/// Draws what goes around the neck, before the head is painted over it.
pub(super) fn paint_neck(easel: &mut Easel, s: &Subject, prop: Prop) {
    let mut dice = easel.dice.stream(90);
    let colour = Rgb::hex(dice.pick(&[0xd8453c, 0x3f78c0, 0xe8b030, 0x4a9a6a, 0x8a58b0]));
    let y = s.face.chin + 0.04;
    match prop {
        Prop::Collar => {
            let band = |_: Pt| colour;
            let ring =
                [(-0.72, y - 0.30), (-0.4, y - 0.06), (0.0, y + 0.02), (0.4, y - 0.06), (0.72, y - 0.30)];
            easel.part(
                &s.head,
                &tube(&ring, 0.10, 0.10, 0.10),
                &Skin { shadow: 0.4, ..Skin::glossy(&band, 0.15) },
            );
            let gold = |_: Pt| Rgb::hex(0xe8b93c);
            easel.part(
                &s.head,
                &oval(0.0, y + 0.2, 0.13, 0.13),
                &Skin { shadow: 0.4, ..Skin::glossy(&gold, 0.6) },
            );
        }
        Prop::Scarf => {
            let knit = |p: Pt| {
                let stripe =
                    if (p.0 * 5.0 + p.1 * 1.5).sin() > 0.35 { colour.mix(WHITE, 0.75) } else { colour };
                stripe.times(0.9 + 0.12 * ((p.0 * 60.0).sin() * (p.1 * 60.0).sin()))
            };
            let end =
                [(0.42 * s.derp.side, y), (0.52 * s.derp.side, y + 0.5), (0.46 * s.derp.side, y + 0.95)];
            easel.part(&s.head, &tube(&end, 0.16, 0.19, 0.21), &Skin { shadow: 0.4, ..Skin::plain(&knit) });
            let wrap =
                [(-0.82, y - 0.30), (-0.45, y - 0.02), (0.0, y + 0.06), (0.45, y - 0.02), (0.82, y - 0.30)];
            easel.part(&s.head, &tube(&wrap, 0.20, 0.22, 0.20), &Skin { shadow: 0.45, ..Skin::plain(&knit) });
        }
        _ => {}
    }
}

/// Draws what sits on top of everything else.
pub(super) fn paint_top(easel: &mut Easel, s: &Subject, prop: Prop) {
    let mut dice = easel.dice.stream(91);
    let colour = Rgb::hex(dice.pick(&[0xe8504a, 0x3f86d0, 0xf0b830, 0x58b070, 0xa060c0]));
    let top = match s.breed.head {
        Head::Long => -0.98,
        Head::Gecko | Head::Frog => -0.50,
        _ => -0.76,
    };
    let frame = s.head.inner((0.14 * s.derp.side, top), 1.0, 12.0 * s.derp.side);
    match prop {
        Prop::BowTie => bow(easel, s, colour),
        Prop::PartyHat => party_hat(easel, &frame, colour),
        Prop::Crown => crown(easel, &frame),
        Prop::Flower => flower(easel, &frame, colour),
        Prop::Butterfly => butterfly(easel, &frame, colour),
        Prop::Scarf | Prop::Collar => {}
    }
}

fn bow(easel: &mut Easel, s: &Subject, colour: Rgb) {
    let silk = |p: Pt| {
        if ((p.0 * 14.0).sin() * (p.1 * 14.0).sin()) > 0.45 { colour.mix(WHITE, 0.8) } else { colour }
    };
    let frame = s.body.inner((0.0, s.face.chin + 0.24), 1.0, 8.0 * s.derp.side);
    for side in [-1.0f32, 1.0] {
        let wing: Vec<Pt> = [(0.0, -0.05), (0.36, -0.22), (0.46, 0.0), (0.36, 0.22), (0.0, 0.05)]
            .map(|p| (p.0 * side, p.1))
            .to_vec();
        easel.part(&frame, &smooth(&wing), &Skin { shadow: 0.4, ..Skin::glossy(&silk, 0.12) });
    }
    let knot = blob(&mut easel.dice, (0.0, 0.0), 0.11, 0.12, 0.04);
    easel.part(&frame, &knot, &Skin { shadow: 0.35, ..Skin::glossy(&silk, 0.12) });
}

fn party_hat(easel: &mut Easel, frame: &Frame, colour: Rgb) {
    let paper = |p: Pt| if ((p.1 * 11.0 + p.0 * 7.0).sin()) > 0.2 { colour } else { Rgb::hex(0xfdf4e4) };
    let cone = [(-0.34, 0.10), (0.0, 0.18), (0.34, 0.10), (0.0, -0.82)];
    easel.part(frame, &polygon(&cone), &Skin { shadow: 0.4, round: 0.9, ..Skin::plain(&paper) });
    let wool = |_: Pt| Rgb::hex(0xffd850);
    let fuzz = super::fur::Fur::new(0.12, super::fur::Flow::Away((0.0, -0.84)));
    easel.part(frame, &oval(0.0, -0.84, 0.12, 0.12), &Skin { shadow: 0.2, ..Skin::furry(&wool, fuzz) });
}

fn crown(easel: &mut Easel, frame: &Frame) {
    let gold = |p: Pt| Rgb::hex(0xf0be3c).times(0.9 + 0.2 * (p.0 * 6.0).cos());
    let band = [
        (-0.34, 0.12),
        (-0.40, -0.34),
        (-0.20, -0.12),
        (0.0, -0.46),
        (0.20, -0.12),
        (0.40, -0.34),
        (0.34, 0.12),
        (0.0, 0.18),
    ];
    easel.part(frame, &polygon(&band), &Skin { shadow: 0.4, round: 0.5, ..Skin::glossy(&gold, 0.5) });
    for (x, y, c) in
        [(-0.39, -0.36, 0xe84a5a), (0.0, -0.48, 0x4a9ae8), (0.39, -0.36, 0xe84a5a), (0.0, 0.02, 0x58c078)]
    {
        let jewel = move |_: Pt| Rgb::hex(c);
        easel.part(frame, &oval(x, y, 0.07, 0.07), &Skin { shadow: 0.1, ..Skin::glossy(&jewel, 0.6) });
    }
}

fn flower(easel: &mut Easel, frame: &Frame, colour: Rgb) {
    let petal = |p: Pt| colour.mix(WHITE, (0.5 - p.0.hypot(p.1)).clamp(0.0, 0.4));
    for i in 0..7u8 {
        let a = f32::from(i) * std::f32::consts::TAU / 7.0;
        let path = blob(&mut easel.dice, (a.cos() * 0.2, a.sin() * 0.2 - 0.05), 0.15, 0.15, 0.05);
        easel.part(frame, &path, &Skin { shadow: 0.25, ..Skin::plain(&petal) });
    }
    let heart = |_: Pt| Rgb::hex(0xf8cc38);
    easel.part(frame, &oval(0.0, -0.05, 0.12, 0.12), &Skin { shadow: 0.3, ..Skin::plain(&heart) });
}

fn butterfly(easel: &mut Easel, frame: &Frame, colour: Rgb) {
    let wing = |p: Pt| {
        let d = ((p.0.abs() - 0.24).hypot(p.1 + 0.24) * 16.0).sin();
        colour.mix(if d > 0.0 { Rgb::hex(0xfff0c0) } else { INK }, if d.abs() > 0.6 { 0.55 } else { 0.0 })
    };
    for side in [-1.0f32, 1.0] {
        for (x, y, rx, ry) in [(0.25, -0.26, 0.24, 0.22), (0.18, 0.0, 0.16, 0.15)] {
            let path = blob(&mut easel.dice, (x * side, y), rx, ry, 0.07);
            easel.part(frame, &path, &Skin { shadow: 0.3, round: 0.4, ..Skin::plain(&wing) });
        }
        let feeler = line(&[(0.0, -0.22), (0.05 * side, -0.42), (0.13 * side, -0.52)]);
        easel.stroke(frame, &feeler, 0.022, INK, 0.9);
    }
    easel.fill(frame, &oval(0.0, -0.10, 0.045, 0.18), INK, 1.0);
}
