//! The rules: which transitions there are, and whose word counts.

use std::collections::BTreeMap;

use proptest::sample::Index;

#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    Done { kept: bool },
    Dead,
    Retry { delayed: bool },
    Deferred,
    HandedBack,
    Postponed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Scheduled,
    Ready,
    Running { worker: i64 },
    Done,
    Dead,
    Cancelled,
}

impl State {
    pub(super) fn is_live(self) -> bool {
        matches!(self, Self::Scheduled | Self::Ready | Self::Running { .. })
    }

    fn waiting(delayed: bool) -> Self {
        if delayed { Self::Scheduled } else { Self::Ready }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) state: State,
    pub(super) attempt: i16,
    pub(super) claim: i32,
}

/// What there is, as the rules have it.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) rows: BTreeMap<i64, Row>,
    keys: BTreeMap<i64, u8>,
    /// All jobs that ever were, and all claims ever made.
    jobs: Vec<i64>,
    pub(super) claims: Vec<(i64, i32, i64)>,
    pub(super) enqueued: i64,
    pub(super) done: i64,
    pub(super) dead: i64,
    pub(super) cancelled: i64,
}

impl Model {
    pub(super) fn bears(&self, key: u8) -> bool {
        self.rows.iter().any(|(job, row)| row.state.is_live() && self.keys.get(job) == Some(&key))
    }

    pub(super) fn enqueue(&mut self, job: i64, key: Option<u8>, delayed: bool) {
        self.rows.insert(job, Row { state: State::waiting(delayed), attempt: 0, claim: 0 });
        self.keys.extend(key.map(|key| (job, key)));
        self.jobs.push(job);
        self.enqueued += 1;
    }

    pub(super) fn claim(&mut self, worker: i64, limit: usize) -> Vec<(i64, i32)> {
        let ready = self.rows.iter_mut().filter(|(_, row)| row.state == State::Ready).take(limit);
        let claimed: Vec<_> = ready
            .map(|(job, row)| {
                *row =
                    Row { state: State::Running { worker }, attempt: row.attempt + 1, claim: row.claim + 1 };
                (*job, row.claim)
            })
            .collect();
        self.claims.extend(claimed.iter().map(|(job, claim)| (*job, *claim, worker)));
        claimed
    }

    /// Whether the outcome counts.
    pub(super) fn settle(&mut self, (job, claim, worker): (i64, i32, i64), ending: Ending) -> bool {
        let Some(row) = self.rows.get_mut(&job) else { return false };
        let current = row.claim == claim && row.state == State::Running { worker };
        let forgotten = row.claim == claim - 1 && matches!(row.state, State::Scheduled | State::Ready);
        let before = *row;
        row.claim += 1;
        match ending {
            Ending::Done { kept } if current || forgotten => {
                row.state = State::Done;
                self.done += 1;
                if !kept {
                    self.rows.remove(&job);
                }
            }
            Ending::Dead if current || forgotten => {
                row.state = State::Dead;
                self.dead += 1;
            }
            Ending::Retry { delayed } if current => row.state = State::waiting(delayed),
            Ending::Deferred | Ending::HandedBack | Ending::Postponed if current => {
                row.state = State::waiting(!matches!(ending, Ending::HandedBack));
                row.attempt -= 1;
            }
            _ => {
                *row = before;
                return false;
            }
        }
        true
    }

    /// Whether the claim was the present one.
    pub(super) fn forget(&mut self, (job, claim, worker): (i64, i32, i64)) -> bool {
        let present = |row: &&mut Row| row.claim == claim && row.state == State::Running { worker };
        let Some(row) = self.rows.get_mut(&job).filter(present) else { return false };
        *row = Row { state: State::Ready, attempt: row.attempt - 1, claim: claim - 1 };
        true
    }

    pub(super) fn cancel(&mut self, jobs: &[i64]) -> Vec<i64> {
        let live: Vec<_> = jobs.iter().copied().filter(|job| self.is(*job, State::is_live)).collect();
        for (_, row) in self.rows.iter_mut().filter(|(job, _)| live.contains(job)) {
            *row = Row { state: State::Cancelled, attempt: row.attempt, claim: row.claim + 1 };
            self.cancelled += 1;
        }
        live
    }

    pub(super) fn retry(&mut self, jobs: &[i64]) -> Vec<i64> {
        let mut touched = Vec::new();
        for job in jobs {
            let Some(row) = self.rows.get(job).copied() else { continue };
            let taken = self.keys.get(job).is_some_and(|key| self.bears(*key));
            let row = match row.state {
                State::Scheduled => Row { state: State::Ready, ..row },
                State::Dead | State::Cancelled if !taken => Row { state: State::Ready, attempt: 0, ..row },
                _ => continue,
            };
            match self.rows.insert(*job, row).map(|row| row.state) {
                Some(State::Dead) => self.dead -= 1,
                Some(State::Cancelled) => self.cancelled -= 1,
                _ => {}
            }
            touched.push(*job);
        }
        touched
    }

    pub(super) fn delete(&mut self, jobs: &[i64]) -> Vec<i64> {
        let stays = |state| matches!(state, State::Running { .. });
        let gone: Vec<_> = jobs.iter().copied().filter(|job| self.is(*job, |state| !stays(state))).collect();
        for job in &gone {
            let state = self.rows.remove(job).map(|row| row.state);
            self.cancelled += i64::from(state.is_some_and(State::is_live));
        }
        gone
    }

    fn is(&self, job: i64, fits: impl Fn(State) -> bool) -> bool {
        self.rows.get(&job).is_some_and(|row| fits(row.state))
    }

    /// Some of the jobs, each once, in the order of their ids.
    pub(super) fn pick(&self, picked: &[Index]) -> Vec<i64> {
        let mut jobs: Vec<_> = match self.jobs.len() {
            0 => return vec![i64::MAX],
            _ => picked.iter().map(|index| *index.get(latest(&self.jobs))).collect(),
        };
        jobs.sort_unstable();
        jobs.dedup();
        jobs
    }
}

pub(super) fn latest<T>(all: &[T]) -> &[T] {
    &all[all.len().saturating_sub(8)..]
}
