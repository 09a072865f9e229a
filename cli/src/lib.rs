//! What the `pawdium` command is made of and tests use too: a private Postgres and Redis, and a mailbox that speaks SMTP.

pub mod logins;
pub mod sink;
pub mod stack;
