//! All kinds of widgets on a real database.

mod completeness;
mod hostile;
mod kinds;
mod operations;
mod world;
