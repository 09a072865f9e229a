//! The hostile corpus: files made to attack a decoder, each run through the decoder process as shipped.
//!
//! All files are generated. A [`case::Case`] states the outcome, the message that the member reads, and the memory
//! and time it may take. The child runs under exactly those limits, so exceeding them fails the case. Where a
//! format leaves the outcome open, [`record`] holds the actual one.

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
