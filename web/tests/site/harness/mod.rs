//! A whole site for one test: its processes, the people who use it, and what they see.

mod browser;
mod client;
mod letters;
mod people;
mod photos;
pub(crate) mod pictures;
mod process;
mod setup;
mod site;
mod waiting;

pub(crate) use browser::Browser;
pub(crate) use client::{Answer, Pages, select};
pub(crate) use people::{PASSWORD, Person, pages_of, registration};
pub(crate) use photos::{submission, with_file};
pub(crate) use process::{Process, installed};
pub(crate) use setup::{Setup, free_port};
pub(crate) use site::Site;
pub(crate) use waiting::{SOON, eventually};
