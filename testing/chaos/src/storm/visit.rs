//! An act of a person: it sends requests, some of which it drops midway, and checks the answers.

use std::time::{Duration, Instant};

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use url::Url;

use super::request::{Answer, Manner, Request};
use super::town::Town;

/// The longest time until an answer. The site gives up after 30 s.
const PATIENCE: Duration = Duration::from_secs(45);

/// How long a person waits when the site is busy or down. It is less than the site asks for.
const BUSY: Duration = Duration::from_millis(300);

/// One act of one person.
pub(super) struct Visit<'a> {
    pub(super) town: &'a Town,
    pub(super) dice: ChaCha8Rng,
    /// The act's name, for messages.
    pub(super) act: &'static str,
    web: Url,
    address: String,
}

impl<'a> Visit<'a> {
    pub(super) fn new(town: &'a Town, act: &'static str, mut dice: ChaCha8Rng) -> Self {
        let web = town.webs[dice.random_range(0..town.webs.len())].clone();
        let address = format!("10.{}.0.{}", dice.random_range(0..4), dice.random_range(1..20));
        Self { town, dice, act, web, address }
    }

    /// Makes a request. The answer must have one of these statuses, or say that the site is busy. Returns `None` if there
    /// is no answer, or if it is busy or wrong.
    pub(super) async fn ask(&mut self, request: Request, fine: &[u16]) -> Option<Answer> {
        let manner = self.manner(&request);
        self.send(&request, manner, fine).await
    }

    /// Makes two requests at once.
    pub(super) async fn ask_both(&mut self, [one, other]: [Request; 2], fine: &[u16]) -> [Option<Answer>; 2] {
        let manners = [self.manner(&one), self.manner(&other)];
        let this = &*self;
        let both = futures::join!(this.send(&one, manners[0], fine), this.send(&other, manners[1], fine));
        both.into()
    }

    /// Decides how the client behaves. It always draws the same amount of random numbers.
    fn manner(&mut self, request: &Request) -> Manner {
        let time = Duration::from_micros(self.dice.random_range(0..20_000));
        let thousandths = self.dice.random_range(0..1000);
        match self.dice.random_range(0..100) {
            0..12 => Manner::Leaves(time),
            12..18 if request.has_body() => Manner::Cuts(thousandths, time),
            _ => Manner::Waits,
        }
    }

    async fn send(&self, request: &Request, manner: Manner, fine: &[u16]) -> Option<Answer> {
        let begin = Instant::now();
        let sending = Answer::to(request.build(&self.town.http, &self.web, &self.address, manner));
        let patience = match manner {
            Manner::Waits => PATIENCE,
            Manner::Leaves(time) | Manner::Cuts(_, time) => time,
        };
        let what = format!("{}: {} {}", self.act, request.method, request.path);
        match (tokio::time::timeout(patience, sending).await, manner) {
            (Ok(Ok(answer)), _) => self.judge(&what, begin, answer, fine).await,
            (Err(_), Manner::Leaves(_)) => {
                self.town.tally().left += 1;
                None
            }
            (_, Manner::Cuts(..)) => {
                self.town.tally().cut += 1;
                None
            }
            (Ok(Err(_)), _) if self.town.weather.webs.were_there(begin) => {
                self.town.tally().unanswered += 1;
                tokio::time::sleep(BUSY).await;
                None
            }
            (Ok(Err(error)), _) => {
                let error = anyhow::Error::new(error);
                self.town
                    .tally()
                    .blame(format!("{what}: no answer although its web process was up: {error:#}"));
                None
            }
            (Err(_), Manner::Waits) => {
                self.town.tally().blame(format!("{what}: no answer within {PATIENCE:?}"));
                None
            }
        }
    }

    async fn judge(&self, what: &str, begin: Instant, answer: Answer, fine: &[u16]) -> Option<Answer> {
        self.town.tally().answer(answer.status);
        let may_wait = matches!(answer.status, 429 | 503);
        if may_wait && answer.headers.contains_key("retry-after") {
            self.town.tally().busy += u64::from(!self.town.weather.servers.were_there(begin));
            tokio::time::sleep(BUSY).await;
            return None;
        }
        if may_wait || !fine.contains(&answer.status) {
            let text: String = answer.text().chars().take(300).collect();
            self.town.tally().blame(format!("{what}: answered with {}: {text}", answer.status));
            return None;
        }
        Some(answer)
    }

    /// Notes a wrong answer.
    pub(super) fn blame(&self, wrong: &str) {
        self.town.tally().blame(format!("{}: {wrong}", self.act));
    }
}
