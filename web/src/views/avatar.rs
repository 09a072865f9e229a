//! The avatars of members: a letter on a colour.

/// The first letter of a name.
pub(super) fn initial(name: &str) -> String {
    name.chars().next().map_or_else(|| "?".to_owned(), |letter| letter.to_uppercase().to_string())
}

/// One of ten colours, derived from the name.
pub(super) fn hue(name: &str) -> u32 {
    name.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 10 + 1
}
