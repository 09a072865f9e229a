//! The rules: the transitions, and which outcomes count.

use std::collections::BTreeMap;

use proptest::sample::Index;

use crate::state::JobState;

#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    Done { kept: bool },
    Dead,
    Retry { delayed: bool },
    Deferred,
    HandedBack,
    Postponed,
}

fn waiting(delayed: bool) -> JobState {
    if delayed { JobState::Scheduled } else { JobState::Ready }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ModelRow {
    pub(super) state: JobState,
    pub(super) attempt: i16,
    pub(super) claim: i32,
    /// The worker of a running job.
    pub(super) worker: Option<i64>,
}

/// All jobs by the rules.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) rows: BTreeMap<i64, ModelRow>,
    keys: BTreeMap<i64, u8>,
    /// All jobs and claims so far.
    jobs: Vec<i64>,
    pub(super) claims: Vec<(i64, i32, i64)>,
    pub(super) enqueued: i64,
    pub(super) done: i64,
    pub(super) dead: i64,
    pub(super) cancelled: i64,
}

impl Model {
    pub(super) fn has_live(&self, key: u8) -> bool {
        self.rows.iter().any(|(job, row)| row.state.is_live() && self.keys.get(job) == Some(&key))
    }

    pub(super) fn enqueue(&mut self, job: i64, key: Option<u8>, delayed: bool) {
        self.rows.insert(job, ModelRow { state: waiting(delayed), attempt: 0, claim: 0, worker: None });
        self.keys.extend(key.map(|key| (job, key)));
        self.jobs.push(job);
        self.enqueued += 1;
    }

    pub(super) fn claim(&mut self, worker: i64, limit: usize) -> Vec<(i64, i32)> {
        let ready = self.rows.iter_mut().filter(|(_, row)| row.state == JobState::Ready).take(limit);
        let claimed: Vec<_> = ready
            .map(|(job, row)| {
                let (attempt, claim) = (row.attempt + 1, row.claim + 1);
                *row = ModelRow { state: JobState::Running, attempt, claim, worker: Some(worker) };
                (*job, row.claim)
            })
            .collect();
        self.claims.extend(claimed.iter().map(|(job, claim)| (*job, *claim, worker)));
        claimed
    }

    /// Whether the outcome counts.
    pub(super) fn settle(&mut self, (job, claim, worker): (i64, i32, i64), ending: Ending) -> bool {
        let Some(row) = self.rows.get_mut(&job) else { return false };
        let current = row.claim == claim && row.worker == Some(worker);
        let forgotten = row.claim == claim - 1 && matches!(row.state, JobState::Scheduled | JobState::Ready);
        let before = *row;
        row.claim += 1;
        row.worker = None;
        match ending {
            Ending::Done { kept } if current || forgotten => {
                row.state = JobState::Done;
                self.done += 1;
                if !kept {
                    self.rows.remove(&job);
                }
            }
            Ending::Dead if current || forgotten => {
                row.state = JobState::Dead;
                self.dead += 1;
            }
            Ending::Retry { delayed } if current => row.state = waiting(delayed),
            Ending::Deferred | Ending::HandedBack | Ending::Postponed if current => {
                row.state = waiting(!matches!(ending, Ending::HandedBack));
                row.attempt -= 1;
            }
            _ => {
                *row = before;
                return false;
            }
        }
        true
    }

    /// Forgets a claim. Returns whether it was the current one.
    pub(super) fn forget(&mut self, (job, claim, worker): (i64, i32, i64)) -> bool {
        let current = |row: &&mut ModelRow| row.claim == claim && row.worker == Some(worker);
        let Some(row) = self.rows.get_mut(&job).filter(current) else { return false };
        *row = ModelRow { state: JobState::Ready, attempt: row.attempt - 1, claim: claim - 1, worker: None };
        true
    }

    pub(super) fn cancel(&mut self, jobs: &[i64]) -> Vec<i64> {
        let live: Vec<_> = jobs.iter().copied().filter(|job| self.is(*job, JobState::is_live)).collect();
        for (_, row) in self.rows.iter_mut().filter(|(job, _)| live.contains(job)) {
            *row = ModelRow {
                state: JobState::Cancelled,
                attempt: row.attempt,
                claim: row.claim + 1,
                worker: None,
            };
            self.cancelled += 1;
        }
        live
    }

    pub(super) fn retry(&mut self, jobs: &[i64]) -> Vec<i64> {
        let mut touched = Vec::new();
        for job in jobs {
            let Some(row) = self.rows.get(job).copied() else { continue };
            let taken = self.keys.get(job).is_some_and(|key| self.has_live(*key));
            let row = match row.state {
                JobState::Scheduled => ModelRow { state: JobState::Ready, ..row },
                JobState::Dead | JobState::Cancelled if !taken => {
                    ModelRow { state: JobState::Ready, attempt: 0, ..row }
                }
                _ => continue,
            };
            match self.rows.insert(*job, row).map(|row| row.state) {
                Some(JobState::Dead) => self.dead -= 1,
                Some(JobState::Cancelled) => self.cancelled -= 1,
                _ => {}
            }
            touched.push(*job);
        }
        touched
    }

    pub(super) fn delete(&mut self, jobs: &[i64]) -> Vec<i64> {
        let stays = |state| matches!(state, JobState::Running);
        let gone: Vec<_> = jobs.iter().copied().filter(|job| self.is(*job, |state| !stays(state))).collect();
        for job in &gone {
            let state = self.rows.remove(job).map(|row| row.state);
            self.cancelled += i64::from(state.is_some_and(JobState::is_live));
        }
        gone
    }

    fn is(&self, job: i64, fits: impl Fn(JobState) -> bool) -> bool {
        self.rows.get(&job).is_some_and(|row| fits(row.state))
    }

    /// The picked jobs, each once, in the order of their ids.
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
