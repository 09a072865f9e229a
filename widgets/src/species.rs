//! The names of species on pages.

use pawdium_shared::photos::Species;

/// The singular.
#[must_use]
pub const fn one(species: Species) -> &'static str {
    match species {
        Species::Cat => "Cat",
        Species::Dog => "Dog",
        Species::Bird => "Bird",
        Species::Rabbit => "Rabbit",
        Species::Rodent => "Rodent",
        Species::Reptile => "Reptile",
        Species::Horse => "Horse",
        Species::Other => "Something else",
    }
}

/// The plural, for filters.
#[must_use]
pub const fn many(species: Species) -> &'static str {
    match species {
        Species::Cat => "Cats",
        Species::Dog => "Dogs",
        Species::Bird => "Birds",
        Species::Rabbit => "Rabbits",
        Species::Rodent => "Rodents",
        Species::Reptile => "Reptiles",
        Species::Horse => "Horses",
        Species::Other => "Everything else",
    }
}
