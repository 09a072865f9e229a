//! HTTP plumbing shared by all handlers: visitors, clients, limits and response formats.

pub mod access;
pub mod acts;
pub mod body_timeout;
pub mod client;
pub mod cookies;
pub mod device;
pub mod encoded;
pub mod extract;
pub mod flash;
pub mod headers;
pub mod ids;
pub mod limits;
pub mod linger;
pub mod origin;
pub mod pace;
pub mod page;
pub mod pins;
pub mod ranges;
pub mod request_user;
pub mod spliced;
pub mod streamed;
pub mod tags;
pub mod theme;
pub mod visitor;
pub mod withheld;
pub mod writes;
