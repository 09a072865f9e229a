//! The decoder child of [`pawdium_media::Decoder`] as a standalone program, for this crate's tests and benchmarks.
//! In production the worker starts itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    pawdium_media::child_main()
}
