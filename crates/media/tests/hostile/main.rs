//! The hostile corpus: files that were made to hurt whoever decodes them, each through the decoder process as it ships.
//!
//! Every file is made here, by code. A [`case::Case`] says what becomes of it, which the member reads, and how much
//! memory and time that may take; the child runs under exactly those limits, so needing more fails the case. Where the
//! rules of a format leave open what becomes of a file, [`record`] holds what does.

mod avif;
mod bytes;
mod case;
mod damage;
mod exif;
mod expected;
mod gif;
mod gif_file;
mod jpeg;
mod jpeg_colour;
mod jpeg_file;
mod jpeg_structure;
mod others;
mod output;
mod png;
mod png_bombs;
mod png_file;
mod record;
mod sizes;
mod webp;
mod webp_file;
