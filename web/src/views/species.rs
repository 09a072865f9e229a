/// A species as forms and filters offer it.
#[derive(Clone, Copy, Debug)]
pub struct SpeciesChoice {
    /// The value in the database and in URLs.
    pub key: &'static str,
    /// One animal of it.
    pub one: &'static str,
    /// Several, for filters.
    pub many: &'static str,
}

/// Every species, in the order in which it is offered.
pub const SPECIES: [SpeciesChoice; 8] = [
    SpeciesChoice { key: "cat", one: "Cat", many: "Cats" },
    SpeciesChoice { key: "dog", one: "Dog", many: "Dogs" },
    SpeciesChoice { key: "bird", one: "Bird", many: "Birds" },
    SpeciesChoice { key: "rabbit", one: "Rabbit", many: "Rabbits" },
    SpeciesChoice { key: "rodent", one: "Rodent", many: "Rodents" },
    SpeciesChoice { key: "reptile", one: "Reptile", many: "Reptiles" },
    SpeciesChoice { key: "horse", one: "Horse", many: "Horses" },
    SpeciesChoice { key: "other", one: "Something else", many: "Everything else" },
];

/// The label of the species called `key`, or `key` itself.
pub(crate) fn label(key: &str) -> &str {
    SPECIES.iter().find(|species| species.key == key).map_or(key, |species| species.one)
}
