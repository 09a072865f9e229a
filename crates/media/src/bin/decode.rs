//! The child of a [`pawdium_media::Decoder`] as a program of its own, for tests and benchmarks of this crate. A site's
//! worker starts itself instead.

use std::process::ExitCode;

fn main() -> ExitCode {
    pawdium_media::child_main()
}
