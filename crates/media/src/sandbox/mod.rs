//! Decoding in a process of its own.
//!
//! A picture from outside is hostile until it was decoded, so the worker never decodes one itself. A pool of children
//! does ([`Decoder::render`]), each this very program, started again. Before a child ([`child_main`]) sees a picture it gives
//! up all that it doesn't need: memory and processor time beyond its limits, the file system, sockets, new processes. It
//! is sent an open file at a time and answers on standard output; the parent bounds that answer in time and size and
//! believes none of it unseen.
//!
//! A child that dies, hangs or lies fails that one picture. One that rendered its picture well waits two seconds for the
//! next one of the same owner, because a new process costs time: its start, its memory, its cold code (`make
//! bench-images` shows how much). Whoever takes a child over with a hostile picture meets their own pictures in it and
//! nobody else's. What one has left behind can't fail the next: that is tried again in a new child. All of them end with
//! the worker, however that ends.
//!
//! ```text
//!  worker                                    child
//!    │ limits in environment                   │
//!    ├────────────────────────────────────────▶│ confine: rlimits, landlock, seccomp
//!    │ request, and its file's descriptor      │
//!    ├────────────────────────────────────────▶│ read, probe, decode, crop, compress
//!    │ wall clock starts                       │
//!    │◀──────────────── decoded, then cropped ─┤
//!    │◀────────────── outcome: header, files ──┤
//!    │ check each length, size and segment     │
//!    ├─── another request, or the end ────────▶╵
//! ```

mod child;
mod confine;
#[cfg(fuzzing)]
pub(super) mod fuzzing;
mod parent;
mod pool;
mod process;
mod protocol;

pub use self::{
    child::child_main,
    parent::{Decoder, RenderError},
    pool::Owner,
    process::DECODER_MEMORY,
};

#[cfg(test)]
mod tests;
