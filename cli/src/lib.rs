//! What the `pawdium` command is made of.

pub mod creatures;
