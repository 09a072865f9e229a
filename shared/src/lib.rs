//! Pawdium.
