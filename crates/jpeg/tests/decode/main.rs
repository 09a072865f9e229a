//! The decoder, with files of libjpeg-turbo's and another encoder and some made by hand.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::unwrap_used,
    reason = "pictures here are small, and a failed test says where"
)]

mod damage;
mod files;
mod handmade;
mod pictures;
mod regions;
