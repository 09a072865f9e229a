//! A whole site for one test: its processes, users and clients.

mod bakery;
mod browser;
mod cable;
mod client;
mod habits;
mod hubs;
mod letters;
mod network;
mod open_page;
mod people;
mod photos;
pub(crate) mod pictures;
mod process;
mod redis;
mod setup;
mod site;
mod stream;
mod talks;
mod waiting;
mod watched;

pub(crate) use bakery::{Bakery, source, until_shown};
pub(crate) use browser::Browser;
pub(crate) use cable::Cable;
pub(crate) use client::{Answer, Pages, select};
pub(crate) use letters::Letter;
pub(crate) use open_page::OpenPage;
pub(crate) use people::{PASSWORD, Person, pages_of, registration};
pub(crate) use photos::{submission, with_file};
pub(crate) use process::{Process, installed};
pub(crate) use redis::OwnRedis;
pub(crate) use setup::{NOBODY, Setup};
pub(crate) use site::Site;
pub(crate) use stream::{Event, Stream};
pub(crate) use talks::talks_in;
pub(crate) use waiting::{SOON, eventually};
pub(crate) use watched::{Watched, is_the_same_page, open_hub, write_note};
