//! Target transactions that are prepared at the same time, and committed in the source's order.
//!
//! ```text
//!   piece 1 ──lane A: begin, changes, ─────────────── commit ─┐ turn
//!   piece 2 ──lane B: begin, changes, (waits for its turn) ───┴─ commit ─┐ turn
//!   piece 3 ──  waits: it touches rows of piece 2                        …
//! ```
//!
//! A piece starts only when none of those in flight touches a row that it touches. If one fails, those behind it never get their turn.

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::error::Error;

/// What a lane is given to do.
pub(crate) trait Work: Send + Sync + 'static {
    /// Whether the two touch the same rows, so that the later one must wait for the earlier one's commit.
    fn meets(&self, other: &Self) -> bool;
}

/// What does it: a connection to the target.
pub(crate) trait Lane: Send + 'static {
    /// What it does.
    type Work: Work;
    /// What it answers.
    type Done: Send + 'static;

    /// Does the work up to its commit, waits for its turn, commits.
    fn perform(
        &mut self,
        work: Arc<Self::Work>,
        turn: Turn,
    ) -> impl Future<Output = Result<Self::Done, Failure>> + Send;
}

/// Why a lane did not commit its work.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It failed.
    Failed(Error),
    /// One before it did.
    NoTurn,
}

/// A lane's right to commit: there when all before it have.
#[derive(Debug)]
pub(crate) struct Turn(Option<oneshot::Receiver<()>>);

/// All lanes.
#[derive(Debug)]
pub(crate) struct Lanes<L: Lane> {
    free: Vec<L>,
    flying: VecDeque<Flying<L::Work>>,
    /// Ended out of their order.
    ended: BTreeMap<u64, L::Done>,
    tasks: JoinSet<(u64, L, Result<L::Done, Failure>)>,
    next: u64,
    last_turn: Option<oneshot::Receiver<()>>,
}

/// What failed, if that is known, and why.
pub(crate) type Fallen<W> = (Option<Arc<W>>, Error);

#[derive(Debug)]
struct Flying<W> {
    number: u64,
    work: Arc<W>,
}

impl Turn {
    /// Whether it is there already.
    pub(crate) fn is_up(&mut self) -> bool {
        match &mut self.0 {
            None => true,
            Some(before) => {
                before.try_recv().is_ok() && {
                    self.0 = None;
                    true
                }
            }
        }
    }

    /// Waits for it.
    ///
    /// # Errors
    /// When it will never come.
    pub(crate) async fn wait(self) -> Result<(), Failure> {
        match self.0 {
            None => Ok(()),
            Some(before) => before.await.map_err(|_| Failure::NoTurn),
        }
    }
}

impl<L: Lane> Lanes<L> {
    pub(crate) fn new(lanes: Vec<L>) -> Self {
        Self {
            free: lanes,
            flying: VecDeque::new(),
            ended: BTreeMap::new(),
            tasks: JoinSet::new(),
            next: 0,
            last_turn: None,
        }
    }

    /// Whether nothing is in flight.
    pub(crate) fn is_idle(&self) -> bool {
        self.flying.is_empty()
    }

    /// Whether the work could start now.
    pub(crate) fn has_room_for(&self, work: &L::Work) -> bool {
        !self.free.is_empty() && !self.flying.iter().any(|other| other.work.meets(work))
    }

    /// How many lanes there are.
    pub(crate) fn count(&self) -> usize {
        self.free.len() + self.tasks.len()
    }

    /// Whether the work could start now if there was another lane.
    pub(crate) fn wants_another_for(&self, work: &L::Work) -> bool {
        self.free.is_empty() && !self.flying.iter().any(|other| other.work.meets(work))
    }

    /// Adds a lane.
    pub(crate) fn add(&mut self, lane: L) {
        self.free.push(lane);
    }

    /// Starts the work on a lane that is free.
    pub(crate) fn start(&mut self, work: Arc<L::Work>) {
        let mut lane = self
            .free
            .pop()
            .expect("the caller has asked whether there is room");
        let number = self.next;
        self.next += 1;
        let (done, turn) = oneshot::channel();
        let turn = Turn(self.last_turn.replace(turn).filter(|_| number > 0));
        self.flying.push_back(Flying {
            number,
            work: Arc::clone(&work),
        });
        self.tasks.spawn(async move {
            let result = lane.perform(work, turn).await;
            if result.is_ok() {
                // Nobody listens when nothing comes after it.
                let _ = done.send(());
            }
            (number, lane, result)
        });
    }

    /// Waits until the first in flight has committed. Nothing when nothing is in flight. A future that is dropped loses nothing.
    ///
    /// # Errors
    /// When one failed: which, and why. The lanes are of no use after that.
    pub(crate) async fn next(
        &mut self,
    ) -> Option<Result<(Arc<L::Work>, L::Done), Fallen<L::Work>>> {
        loop {
            let first = self.flying.front()?.number;
            if let Some(done) = self.ended.remove(&first) {
                let flown = self.flying.pop_front().expect("it was just looked at");
                return Some(Ok((flown.work, done)));
            }
            let (number, lane, result) = match self.tasks.join_next().await? {
                Ok(ended) => ended,
                Err(error) => {
                    let text = format!("a task that applies changes ended: {error}");
                    return Some(Err((None, Error::Internal(text))));
                }
            };
            match result {
                Ok(done) => {
                    self.free.push(lane);
                    self.ended.insert(number, done);
                }
                Err(Failure::Failed(error)) => {
                    let failed = self.flying.iter().find(|flying| flying.number == number);
                    return Some(Err((failed.map(|failed| Arc::clone(&failed.work)), error)));
                }
                // The one that failed comes with its error.
                Err(Failure::NoTurn) => {}
            }
        }
    }

    /// A lane of its own use, when nothing is in flight.
    pub(crate) fn idle_lane(&mut self) -> Option<&mut L> {
        if self.is_idle() {
            self.free.last_mut()
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::{Arc, Mutex};

    use proptest::prelude::*;

    use super::{Failure, Lane, Lanes, Turn, Work};
    use crate::error::Error;

    /// Touches some rows, takes some time before and after its turn, and may fail.
    #[derive(Clone, Debug)]
    struct Job {
        number: usize,
        rows: BTreeSet<u8>,
        slow: u8,
        fails: bool,
    }

    impl Work for Job {
        fn meets(&self, other: &Self) -> bool {
            !self.rows.is_disjoint(&other.rows)
        }
    }

    #[derive(Debug, Default)]
    struct Target {
        committed: Vec<usize>,
        locked: BTreeSet<u8>,
    }

    struct Fake(Arc<Mutex<Target>>);

    impl Lane for Fake {
        type Work = Job;
        type Done = usize;

        async fn perform(&mut self, job: Arc<Job>, mut turn: Turn) -> Result<usize, Failure> {
            for row in &job.rows {
                assert!(
                    self.0.lock().unwrap().locked.insert(*row),
                    "row {row} is locked"
                );
            }
            for _ in 0..job.slow {
                tokio::task::yield_now().await;
            }
            if job.fails {
                return Err(Failure::Failed(Error::Refused(job.number.to_string())));
            }
            if !turn.is_up() {
                turn.wait().await?;
            }
            let mut target = self.0.lock().unwrap();
            target.committed.push(job.number);
            target.locked.retain(|row| !job.rows.contains(row));
            Ok(job.number)
        }
    }

    /// Runs the jobs and says which committed, and which failed.
    async fn run(jobs: &[Job], lanes: usize) -> (Vec<usize>, Option<usize>) {
        let target = Arc::new(Mutex::new(Target::default()));
        let mut lanes = Lanes::new((0..lanes).map(|_| Fake(Arc::clone(&target))).collect());
        let mut told = Vec::new();
        let mut failed = None;
        let mut jobs = jobs.iter();
        let mut waiting = jobs.next();
        loop {
            if let Some(job) = waiting
                && lanes.has_room_for(job)
            {
                lanes.start(Arc::new(job.clone()));
                waiting = jobs.next();
                continue;
            }
            match lanes.next().await {
                None => break,
                Some(Ok((job, done))) => {
                    assert_eq!(job.number, done);
                    told.push(done);
                }
                Some(Err((job, error))) => {
                    failed = Some(error.to_string().parse().unwrap());
                    assert_eq!(job.map(|job| job.number), failed);
                    break;
                }
            }
        }
        let committed = target.lock().unwrap().committed.clone();
        assert!(committed.starts_with(&told), "{told:?} of {committed:?}");
        (committed, failed)
    }

    proptest! {
        #[test]
        fn commits_keep_the_order_and_end_before_a_failure(
            jobs in prop::collection::vec(
                (prop::collection::btree_set(0_u8..6, 0..3), 0_u8..5, prop::bool::weighted(0.05)), 0..30),
            lanes in 1_usize..5,
        ) {
            let jobs: Vec<Job> = jobs
                .into_iter()
                .enumerate()
                .map(|(number, (rows, slow, fails))| Job { number, rows, slow, fails })
                .collect();
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (committed, failed) = runtime.block_on(run(&jobs, lanes));
            let expected: Vec<usize> = (0..committed.len()).collect();
            prop_assert_eq!(&committed, &expected);
            match failed {
                Some(failed) => prop_assert!(committed.len() <= failed && jobs[failed].fails),
                None => prop_assert_eq!(committed.len(), jobs.len()),
            }
        }
    }
}
