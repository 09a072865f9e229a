//! Decodes pictures in separate processes.
//!
//! An uploaded picture is hostile until it is re-encoded, so the worker never decodes one itself. A pool of
//! children does ([`Decoder::render`]); each is this same program, started again. Before a child ([`child_main`])
//! sees a picture, it gives up everything it doesn't need: memory and processor time beyond its limits, the file
//! system, sockets, new processes. It receives one open file at a time and answers on standard output. The parent
//! bounds the answer in time and size and checks all of it.
//!
//! A child that crashes, hangs or lies fails only that picture. After a success it waits two seconds for the next
//! picture of the same owner, because a new process costs time: its start, its memory, its cold code (`make
//! bench-images` measures it). An attacker who takes over a child with a hostile picture sees only their own
//! pictures in it. If a picture fails in a child that has rendered others, it is retried in a new one. All children
//! end with the worker, however it ends.
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
