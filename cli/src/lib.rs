//! What the `pawdium` command is made of and tests use too: a private Postgres and Redis, a line to them that can
//! break, a mailbox that speaks SMTP, and animals to photograph.

pub mod creatures;
pub mod logins;
pub mod relay;
pub mod seed;
pub mod sink;
pub mod stack;
