//! Parts of the demo that tests and benchmarks share: drawn animals, and members who submit and rate them.

pub mod creatures;
pub mod logins;
pub mod seed;
