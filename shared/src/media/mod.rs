//! Pictures.
#[derive(Clone, Copy, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
/// Crop
pub struct Crop {
    /// x
    pub x: u32,
    /// y
    pub y: u32,
    /// s
    pub side: u32,
}
