//! The people of a storm and what they know. There are few people and few photos, so that they often meet.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use parking_lot::{Mutex, MutexGuard};
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use reqwest::Client;
use url::Url;

use super::pictures::Picture;
use super::tally::Tally;
use super::told::Told;
use super::weather::Weather;

/// The most members that are known at once.
const MEMBERS: usize = 8;

/// The most anonymous users, photos and links that are known at once.
const RECENT: usize = 10;

/// The number of live photos that all people share and rate again.
const LIVE: usize = 4;

/// The most sessions of a member that are known at once.
const SESSIONS: usize = 5;

/// The passwords of members.
pub(super) const PASSWORDS: [&str; 2] = ["wobbly otters sing", "seventeen damp badgers"];

/// A user's id and session.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) id: i64,
    pub(super) session: String,
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) id: i64,
    pub(super) name: String,
    pub(super) email: String,
    /// The password as far as it is known.
    pub(super) password: &'static str,
    pub(super) sessions: Vec<String>,
}

/// What all people in the storm know.
#[derive(Debug)]
pub(super) struct Town {
    pub(super) http: Client,
    pub(super) webs: Vec<Url>,
    pub(super) weather: Weather,
    pub(super) pictures: Vec<Picture>,
    /// The admin, whose account never changes.
    pub(super) staff: Person,
    mailbox: PathBuf,
    tally: Mutex<Tally>,
    told: Mutex<Told>,
    people: Mutex<People>,
}

#[derive(Debug, Default)]
struct People {
    members: Vec<Member>,
    anonymous: VecDeque<Person>,
    photos: VecDeque<i64>,
    /// Photos that were served lately.
    live: VecDeque<i64>,
    links: VecDeque<String>,
    names: u32,
}

impl Town {
    pub(super) fn new(
        http: Client,
        webs: Vec<Url>,
        pictures: Vec<Picture>,
        staff: Person,
        mailbox: &Path,
    ) -> Self {
        let (tally, told, people) = (Mutex::default(), Mutex::default(), Mutex::default());
        let weather = Weather::default();
        Self { http, webs, weather, pictures, staff, mailbox: mailbox.to_owned(), tally, told, people }
    }

    pub(super) fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock()
    }

    pub(super) fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock()
    }

    fn people(&self) -> MutexGuard<'_, People> {
        self.people.lock()
    }

    /// A new, unused name.
    pub(super) fn new_name(&self) -> String {
        let mut people = self.people();
        people.names += 1;
        format!("storm{}", people.names)
    }

    pub(super) fn add_member(&self, member: Member) {
        let mut people = self.people();
        if people.members.len() >= MEMBERS {
            people.members.remove(0);
        }
        people.members.push(member);
    }

    pub(super) fn a_member(&self, dice: &mut ChaCha8Rng) -> Option<Member> {
        self.people().members.choose(dice).cloned()
    }

    /// Notes a member's new name.
    pub(super) fn rename(&self, id: i64, name: &str) {
        self.change(id, |member| name.clone_into(&mut member.name));
    }

    pub(super) fn move_mail(&self, id: i64, email: &str) {
        self.change(id, |member| email.clone_into(&mut member.email));
    }

    pub(super) fn set_password(&self, id: i64, password: &'static str) {
        self.change(id, |member| member.password = password);
    }

    pub(super) fn log_in(&self, id: i64, session: &str) {
        self.change(id, |member| {
            if member.sessions.len() >= SESSIONS {
                member.sessions.remove(0);
            }
            member.sessions.push(session.to_owned());
        });
    }

    fn change(&self, id: i64, change: impl FnOnce(&mut Member)) {
        if let Some(member) = self.people().members.iter_mut().find(|member| member.id == id) {
            change(member);
        }
    }

    /// Forgets a member who is gone or can't be reached any more.
    pub(super) fn forget_member(&self, id: i64) {
        self.people().members.retain(|member| member.id != id);
    }

    pub(super) fn forget_session(&self, session: &str) {
        let mut people = self.people();
        people.anonymous.retain(|person| person.session != session);
        for member in &mut people.members {
            member.sessions.retain(|open| open != session);
        }
    }

    /// A member who is logged in, with a session.
    pub(super) fn a_member_inside(&self, dice: &mut ChaCha8Rng) -> Option<(Member, String)> {
        let people = self.people();
        let inside: Vec<_> = people.members.iter().filter(|member| !member.sessions.is_empty()).collect();
        let member = *inside.choose(dice)?;
        Some((member.clone(), member.sessions.choose(dice)?.clone()))
    }

    pub(super) fn an_anonymous(&self, dice: &mut ChaCha8Rng) -> Option<Person> {
        let people = self.people();
        let number = dice.random_range(0..people.anonymous.len().max(1));
        people.anonymous.get(number).cloned()
    }

    /// A member or an anonymous user.
    pub(super) fn anybody(&self, dice: &mut ChaCha8Rng) -> Option<Person> {
        if dice.random_bool(0.5)
            && let Some(person) = self.an_anonymous(dice)
        {
            return Some(person);
        }
        let (member, session) = self.a_member_inside(dice)?;
        Some(Person { id: member.id, session })
    }

    pub(super) fn add_anonymous(&self, person: Person) {
        push(&mut self.people().anonymous, person);
    }

    pub(super) fn add_photo(&self, photo: i64) {
        push(&mut self.people().photos, photo);
    }

    pub(super) fn add_link(&self, path: String) {
        push(&mut self.people().links, path);
    }

    pub(super) fn a_photo(&self, dice: &mut ChaCha8Rng) -> Option<i64> {
        let people = self.people();
        people.photos.get(dice.random_range(0..people.photos.len().max(1))).copied()
    }

    /// Notes a live photo.
    pub(super) fn add_live(&self, photo: i64) {
        let mut people = self.people();
        if !people.live.contains(&photo) && people.live.len() < LIVE {
            people.live.push_back(photo);
        }
    }

    /// Forgets a photo that is no longer live.
    pub(super) fn forget_live(&self, photo: i64) {
        self.people().live.retain(|live| *live != photo);
    }

    /// One of the live photos that all people look at.
    pub(super) fn a_live_photo(&self, dice: &mut ChaCha8Rng) -> Option<i64> {
        let people = self.people();
        people.live.get(dice.random_range(0..people.live.len().max(1))).copied()
    }

    pub(super) fn photos(&self) -> Vec<i64> {
        self.people().photos.iter().copied().collect()
    }

    pub(super) fn a_link(&self, dice: &mut ChaCha8Rng) -> Option<String> {
        let people = self.people();
        people.links.get(dice.random_range(0..people.links.len().max(1))).cloned()
    }

    /// The paths of recently mailed links that begin with `begin`, the newest last.
    pub(super) fn mailed(&self, begin: &str) -> Vec<String> {
        let entries = std::fs::read_dir(&self.mailbox).into_iter().flatten().flatten();
        let mut files: Vec<_> = entries.map(|entry| entry.path()).collect();
        files.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        files.sort();
        let recent = files.iter().skip(files.len().saturating_sub(RECENT));
        recent.filter_map(|path| link_in(&std::fs::read(path).ok()?, begin)).collect()
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T) {
    queue.push_back(item);
    if queue.len() > RECENT {
        queue.pop_front();
    }
}

/// The path of the first link in a mail that begins with `begin`, such as `/reset/`.
fn link_in(mail: &[u8], begin: &str) -> Option<String> {
    let mail = mail_parser::MessageParser::default().parse(mail)?;
    let text = mail.body_text(0)?;
    let at = text.find(begin)?;
    text[at..].split(|c: char| c.is_whitespace() || c == '"' || c == '<').next().map(str::to_owned)
}
