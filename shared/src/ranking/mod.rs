//! Ranking: scores, ranks, virality, and the lists made from them.

pub mod hub_top;
pub mod lists;
pub mod refresh;
pub mod score;
pub mod sharing;
pub mod virality;
pub mod weighing;
pub mod weights;
