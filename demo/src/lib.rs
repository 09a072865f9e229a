//! What a demo is made of, and tests and benchmarks use too: animals to photograph, and people who submit and rate them.

pub mod creatures;
pub mod logins;
pub mod seed;
