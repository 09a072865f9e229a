//! The acts of people.

mod accounts;
mod back_room;
mod comments;
mod factors;
mod imports;
mod photos;
mod ratings;
mod reports;
mod sanctions;
mod sessions;

use std::time::Duration;

use futures::future::BoxFuture;
use rand::distr::{Distribution as _, weighted::WeightedIndex};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::town::Town;
use super::visit::Visit;

type Run = for<'v> fn(&'v mut Visit<'_>) -> BoxFuture<'v, ()>;

/// An act: its name, its weight relative to the other acts, and the function that runs it.
struct Act {
    name: &'static str,
    weight: u32,
    run: Run,
}

macro_rules! acts {
    ($($name:literal $weight:literal $run:path,)*) => {
        &[$(Act { name: $name, weight: $weight, run: |visit| Box::pin($run(visit)) },)*]
    };
}

const ACTS: &[Act] = acts![
    "visits" 10 ratings::look_around,
    "first ratings" 8 ratings::rate_without_a_user,
    "ratings" 14 ratings::rate,
    "ratings again" 12 ratings::rate_again,
    "ratings by link" 5 ratings::rate_by_link,
    "ratings taken back" 5 ratings::take_back,
    "anonymous users" 6 accounts::become_anonymous,
    "registrations" 6 accounts::register,
    "logins" 5 accounts::log_in,
    "merges" 10 accounts::merge,
    "logouts" 2 accounts::log_out,
    "renamings" 5 accounts::rename,
    "new addresses" 2 accounts::change_email,
    "new passwords" 5 accounts::change_password,
    "resets" 4 accounts::reset,
    "verifications" 3 accounts::verify,
    "accounts deleted" 5 accounts::delete,
    "uploads" 16 photos::submit,
    "uploads sent twice" 4 photos::submit_twice,
    "drafts" 6 photos::keep_and_publish,
    "photos changed" 8 photos::change,
    "photos restored" 3 photos::restore,
    "remixes" 8 photos::remix,
    "photos deleted" 6 photos::delete,
    "shares" 6 photos::share,
    "imports" 4 imports::import,
    "comments" 14 comments::comment,
    "comments changed" 6 comments::change,
    "comments reviewed" 3 comments::review,
    "members blocked" 2 comments::block,
    "notifications read" 3 comments::read,
    "things reported" 8 reports::report,
    "cases judged" 4 reports::judge,
    "members sanctioned" 3 sanctions::sanction,
    "exports" 3 accounts::export,
    "portraits" 3 photos::send_portrait,
    "lines about oneself" 3 accounts::change_about,
    "photos blocked" 5 photos::block,
    "pictures unblocked" 5 photos::unblock,
    "photos hidden" 4 photos::hide,
    "acts undone" 6 photos::undo,
    "sessions ended" 3 sessions::end,
    "tokens" 3 sessions::make_token,
    "second factors" 2 factors::set_up_and_log_in,
    "acts on jobs" 4 back_room::act_on_a_job,
    "acts on many jobs" 3 back_room::act_on_many_jobs,
    "queues paused" 2 back_room::pause_and_resume,
    "schedules run" 3 back_room::run_a_schedule,
    "looks into the back room" 2 back_room::look_around,
];

/// A person who does one act after the other. The seed decides the acts and their order.
pub(super) struct Walker {
    dice: ChaCha8Rng,
    weights: WeightedIndex<u32>,
}

impl Walker {
    /// # Errors
    /// If the weights of the acts are invalid.
    pub(super) fn new(seed: u64, number: u64) -> anyhow::Result<Self> {
        let weights = WeightedIndex::new(ACTS.iter().map(|act| act.weight))?;
        Ok(Self { dice: ChaCha8Rng::seed_from_u64(seed ^ (number << 32)), weights })
    }

    /// Does the next act.
    pub(super) async fn act(&mut self, town: &Town) {
        let act = self.draw();
        // The act has its own random numbers, so that its course doesn't change the next act.
        let dice = ChaCha8Rng::seed_from_u64(self.dice.next_u64());
        town.tally().act(act.name);
        (act.run)(&mut Visit::new(town, act.name, dice)).await;
    }

    /// How long to rest before the next act, less than `most` milliseconds.
    pub(super) fn rest(&mut self, most: u64) -> Duration {
        Duration::from_millis(self.dice.random_range(0..most))
    }

    fn draw(&mut self) -> &'static Act {
        &ACTS[self.weights.sample(&mut self.dice)]
    }
}

/// Makes the first users, photos and links.
pub(super) async fn settle_in(town: &Town) {
    for number in 0..4 {
        for act in ["registrations", "anonymous users", "uploads", "uploads"] {
            let dice = ChaCha8Rng::seed_from_u64(number);
            let Some(act) = ACTS.iter().find(|known| known.name == act) else { continue };
            (act.run)(&mut Visit::new(town, act.name, dice)).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_decides_who_does_what() {
        let draw = |seed, number| {
            let mut walker = Walker::new(seed, number).expect("good weights");
            (0..100).map(|_| (walker.draw().name, walker.dice.next_u64())).collect::<Vec<_>>()
        };
        assert_eq!(draw(7, 1), draw(7, 1));
        assert_ne!(draw(7, 1), draw(7, 2));
        assert_ne!(draw(7, 1), draw(8, 1));
    }
}
