//! Decoding in a process of its own.
//!
//! A picture from outside is hostile until it was decoded, so the worker never decodes one itself. For each picture it
//! starts its own program again as a child ([`Decoder::render`]) whose standard input is the file. Before the child
//! ([`child_main`]) reads a byte it gives up all that it doesn't need: memory and processor time beyond its limits, the
//! file system, sockets, new processes. It answers on standard output; the parent bounds that answer in time and size
//! and believes none of it unseen. A child that dies, hangs or lies fails that one picture.
//!
//! ```text
//!  worker                                    child
//!    │ file = stdin, request in environment    │
//!    ├────────────────────────────────────────▶│ confine: rlimits, landlock, seccomp
//!    │ wall clock starts                       │ probe, decode, crop, compress
//!    │◀──────────────── reply: header, files ──┤
//!    │ check each length, size and segment     ╵
//! ```

mod child;
mod confine;
#[cfg(fuzzing)]
pub(super) mod fuzzing;
mod parent;
mod protocol;

pub use self::{
    child::child_main,
    parent::{Decoder, RenderError},
};

#[cfg(test)]
mod tests;
