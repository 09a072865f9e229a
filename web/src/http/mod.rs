//! What handlers have in common in speaking HTTP: who asks, from where, how often, and in which form it is answered.

pub mod access;
pub mod request_user;
pub mod client;
pub mod cookies;
pub mod extract;
pub mod flash;
pub mod headers;
pub mod ids;
pub mod limits;
pub mod linger;
pub mod origin;
pub mod pace;
pub mod page;
pub mod body_timeout;
pub mod sse;
pub mod streams;
pub mod visitor;
pub mod writes;
