//! Tests the decoder with files from libjpeg-turbo, from another encoder, and made by hand.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::unwrap_used,
    reason = "test pictures are small"
)]

mod damage;
mod files;
mod handmade;
mod pictures;
mod regions;
