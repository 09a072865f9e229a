//! Coats: the colour of each place on an animal.

use super::palette::Rgb;
use super::shape::Pt;
use super::texture::{cells, clouds, noise};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Head,
    Muzzle,
    Ear,
    Body,
    Chest,
    Limb,
    Paw,
    Tail,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// One colour, a lighter muzzle and chest.
    Plain,
    /// Mackerel stripes and an M on the forehead.
    Tabby,
    /// Dark all over, with a pale blaze, muzzle, chest and paws.
    Tuxedo,
    /// Large blots of two more colours.
    Calico,
    /// Dark face, ears, paws and tail.
    Points,
    /// Dark ears and muzzle only.
    Masked,
    Spots,
    Zebra,
    /// Dark rings around the eyes.
    Rings,
    /// Fine speckles.
    Freckles,
    /// Scales.
    Scales,
    /// A pale line from the forehead to the nose.
    Blaze,
    /// Pale cheeks and muzzle below a dark brow that comes down the nose.
    Cheeked,
    /// Broad bands along the body.
    Bands,
    /// The head has another colour than the body.
    Hooded,
}

/// A pattern and its three colours (`0xRRGGBB`), varied by a seed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coat {
    pub(super) base: u32,
    pub(super) second: u32,
    pub(super) third: u32,
    pub(super) pattern: Pattern,
}

/// One animal's coat.
#[derive(Clone, Copy, Debug)]
pub(super) struct Worn {
    base: Rgb,
    second: Rgb,
    third: Rgb,
    pattern: Pattern,
    seed: u32,
    /// Positions of rings around the eyes, mirrored.
    eyes: Pt,
}

impl Coat {
    pub(super) fn worn(self, seed: u32, eyes: Pt) -> Worn {
        let [base, second, third] = [self.base, self.second, self.third].map(Rgb::hex);
        Worn { base, second, third, pattern: self.pattern, seed, eyes }
    }
}

impl Worn {
    pub(super) fn second(&self) -> Rgb {
        self.second
    }

    pub(super) fn third(&self) -> Rgb {
        self.third
    }

    /// The colour at a place, in units of the head's or the body's frame.
    pub(super) fn colour(&self, place: Place, p: Pt) -> Rgb {
        let shade = 0.93 + 0.14 * clouds(p.0 * 2.6, p.1 * 2.6, self.seed ^ 3);
        self.pigment(place, p).times(shade)
    }

    fn pigment(&self, place: Place, p: Pt) -> Rgb {
        let pale = matches!(place, Place::Muzzle | Place::Chest);
        match self.pattern {
            Pattern::Plain => self.plain(place, p),
            Pattern::Tabby => self.tabby(place, p),
            Pattern::Tuxedo => self.tuxedo(place, p),
            Pattern::Calico => self.calico(place, p),
            Pattern::Points => self.points(place, p),
            Pattern::Masked => match place {
                Place::Ear | Place::Muzzle => self.second,
                Place::Head => self.base.mix(self.second, soft(0.75 - p.0.hypot(p.1 - 0.55), 0.2) * 0.85),
                _ => self.base,
            },
            Pattern::Spots => {
                let d = cells(p.0 * 2.3 + 7.0, p.1 * 2.3, self.seed);
                let spot = soft(0.30 - d + 0.16 * noise(p.0 * 3.0, p.1 * 3.0, self.seed), 0.05);
                let under = if pale { self.third } else { self.base };
                under.mix(self.second, if place == Place::Muzzle { spot * 0.3 } else { spot })
            }
            Pattern::Zebra => self.zebra(place, p),
            Pattern::Rings => self.rings(place, p),
            Pattern::Freckles => {
                let d = cells(p.0 * 7.0, p.1 * 7.0, self.seed);
                let under = if pale { self.third } else { self.base };
                under.mix(self.second, soft(0.3 - d, 0.08) * 0.75)
            }
            Pattern::Scales => self.scales(place, p),
            Pattern::Blaze => match place {
                Place::Head => self.base.mix(self.second, self.blaze(p)),
                Place::Muzzle | Place::Chest | Place::Paw => self.second,
                _ => self.base,
            },
            Pattern::Cheeked => self.cheeked(place, p),
            Pattern::Bands => match place {
                Place::Muzzle | Place::Chest => self.third,
                Place::Head => {
                    self.base.mix(self.second, soft(0.30 - cells(p.0 * 2.0, p.1 * 2.0, self.seed), 0.05))
                }
                _ => self.base.mix(self.second, soft((p.0 * 6.5 + self.wobble(p, 2.0)).sin() - 0.25, 0.12)),
            },
            Pattern::Hooded => match place {
                Place::Head | Place::Ear => self.base,
                Place::Chest | Place::Muzzle => self.third,
                _ => self.second,
            },
        }
    }

    fn wobble(&self, p: Pt, size: f32) -> f32 {
        noise(p.0 * size, p.1 * size, self.seed) - 0.5
    }

    fn blaze(&self, p: Pt) -> f32 {
        let width = 0.13 + 0.34 * soft(p.1 - 0.15, 0.5) + self.wobble(p, 3.0) * 0.1;
        soft(width - p.0.abs(), 0.05)
    }

    fn plain(&self, place: Place, p: Pt) -> Rgb {
        match place {
            Place::Muzzle | Place::Chest => self.second,
            Place::Head => self.base.mix(self.second, soft(0.42 - p.0.abs() + p.1 * 0.5 - 0.45, 0.25) * 0.8),
            Place::Tail | Place::Paw => self.base.mix(self.third, 0.6),
            _ => self.base,
        }
    }

    fn tabby(&self, place: Place, p: Pt) -> Rgb {
        let w = self.wobble(p, 2.2);
        let wave = |v: f32| soft(v.sin() - 0.05, 0.45);
        let stripe = match place {
            Place::Head => {
                let brow = wave(p.0.abs() * 15.0 + w * 4.0 + 1.2) * soft(-0.28 - p.1, 0.12);
                let cheek = wave(p.1 * 14.0 + w * 4.0 - p.0.abs() * 5.0) * soft(p.0.abs() - 0.55, 0.12);
                brow.max(cheek)
            }
            Place::Muzzle | Place::Chest | Place::Paw => return self.second,
            Place::Ear => 0.25,
            _ => wave(p.1 * 8.5 + w * 5.0 + p.0.abs() * 1.6),
        };
        let under = match place {
            Place::Head => self.base.mix(self.second, soft(p.1 - 0.35, 0.4) * soft(0.6 - p.0.abs(), 0.3)),
            _ => self.base,
        };
        under.mix(self.third, stripe * 0.85)
    }

    fn tuxedo(&self, place: Place, p: Pt) -> Rgb {
        match place {
            Place::Head => {
                let edge = 0.10 + 0.55 * (p.1 - 0.0).max(0.0) + self.wobble(p, 2.5) * 0.16;
                self.base.mix(self.second, soft(edge - p.0.abs() - 0.05, 0.05) * soft(p.1 + 0.35, 0.2))
            }
            Place::Muzzle | Place::Chest | Place::Paw => self.second,
            _ => self.base,
        }
    }

    fn cheeked(&self, place: Place, p: Pt) -> Rgb {
        match place {
            Place::Head => {
                let brow = 0.10 + 0.30 * (p.0.abs() - 0.42).abs() + 0.34 * soft(0.14 - p.0.abs(), 0.1);
                self.base.mix(self.second, soft(p.1 - brow + self.wobble(p, 3.0) * 0.08, 0.06))
            }
            Place::Muzzle | Place::Chest => self.second,
            Place::Paw => self.base.times(0.6),
            _ => self.base,
        }
    }

    fn calico(&self, place: Place, p: Pt) -> Rgb {
        let n = clouds(p.0 * 1.25 + 3.0, p.1 * 1.25, self.seed);
        let m = clouds(p.0 * 1.1 + 9.0, p.1 * 1.1 + 4.0, self.seed ^ 0x15);
        let patch = self.base.mix(self.second, soft(n - 0.52, 0.03)).mix(self.third, soft(m - 0.56, 0.03));
        match place {
            Place::Muzzle | Place::Chest | Place::Paw => self.base,
            Place::Ear => self.second.mix(self.third, f32::from(u8::from(p.0 > 0.0))),
            _ => patch,
        }
    }

    fn points(&self, place: Place, p: Pt) -> Rgb {
        match place {
            Place::Ear | Place::Paw | Place::Tail | Place::Muzzle => self.second,
            Place::Head => {
                let d = (p.0 * 1.05).hypot((p.1 - 0.2) * 0.95) + self.wobble(p, 3.0) * 0.1;
                self.base.mix(self.second, soft(0.66 - d, 0.3) * 0.92)
            }
            Place::Chest => self.base.mix(self.third, 0.5),
            Place::Limb => self.base.mix(self.second, soft(p.1 - 1.9, 0.7)),
            Place::Body => self.base,
        }
    }

    fn zebra(&self, place: Place, p: Pt) -> Rgb {
        let w = self.wobble(p, 1.6) * 2.6;
        let v = match place {
            Place::Head if p.1 < 0.05 => p.0.abs() * 16.0 + p.1 * 3.0 + w,
            Place::Head => p.1 * 13.0 - p.0.abs() * 9.0 + w,
            Place::Muzzle => return self.third,
            Place::Ear => p.1 * 12.0,
            _ => p.1 * 8.0 + p.0 * 3.0 + w * 1.5,
        };
        self.base.mix(self.second, soft(v.sin(), 0.3))
    }

    fn rings(&self, place: Place, p: Pt) -> Rgb {
        match place {
            Place::Head => {
                let d = ((p.0.abs() - self.eyes.0) * 0.9 - (p.1 - self.eyes.1) * 0.25)
                    .hypot(p.1 - self.eyes.1 - 0.05);
                self.base.mix(self.second, soft(0.40 - d + self.wobble(p, 4.0) * 0.07, 0.06))
            }
            Place::Ear | Place::Limb | Place::Paw => self.second,
            Place::Muzzle | Place::Chest => self.third,
            Place::Body => self.base,
            Place::Tail => self.base.mix(self.second, soft((p.1 * 9.0).sin(), 0.3)),
        }
    }

    fn scales(&self, place: Place, p: Pt) -> Rgb {
        let d = cells(p.0 * 9.0, p.1 * 9.0, self.seed);
        let rim = soft(d - 0.5, 0.2) * 0.35;
        let big = cells(p.0 * 1.9 + 4.0, p.1 * 1.9, self.seed ^ 5);
        let blot = soft(0.36 - big, 0.08);
        match place {
            Place::Muzzle | Place::Chest => self.third.times(1.0 - rim * 0.3),
            _ => self.base.mix(self.second, blot * 0.85).times(1.0 - rim),
        }
    }
}

/// A smooth step from 0 to 1, over a band of the given width around zero.
fn soft(v: f32, band: f32) -> f32 {
    let t = (v / band * 0.5 + 0.5).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
