//! Parallel: starting all branches.

use asl::definition::{Parallel, State};

use crate::failures::Fault;
use crate::history::EventKind;
use crate::jsonata::Field;
use crate::reading::Source;
use crate::step::{Stepper, Transition};
use crate::thread::{Child, Fork, Phase, Thread, ThreadId, Work};

impl Stepper<'_> {
    /// Starts all branches of a Parallel state.
    pub(crate) fn fork_branches(
        &mut self,
        thread: ThreadId,
        state: &State,
        parallel: &Parallel,
    ) -> Result<Transition, Fault> {
        let input = self.effective_input(thread, state)?;
        let input = match &parallel.parameters {
            Some(template) => {
                let source = Source::of(&input);
                self.evaluate(thread, &source, template, Field::Named("Arguments"))?
            }
            None => input,
        };
        self.check_size(&input, &state.name)?;
        let started = self.emit(thread, EventKind::ParallelStarted);
        let count = child_count(parallel.branches.len());
        self.thread_mut(thread).phase = Phase::Fork(Fork {
            follows: started,
            running: count,
            next: count,
            concurrency: count,
            is_iterating: false,
            input: input.clone(),
            items: None,
            results: vec![None; parallel.branches.len()],
        });
        let (variables, item) = {
            let parent = self.thread(thread);
            (parent.variables.inner(), parent.item.clone())
        };
        let mut children = Vec::with_capacity(parallel.branches.len());
        for (index, branch) in (0..).zip(&parallel.branches) {
            let start = self.machine.block(*branch).start;
            let parent = Child { of: thread, index };
            let mut child = Thread::new(Some(parent), start, started, input.clone());
            child.variables = variables.clone();
            child.item = item.clone();
            let child = self.add_thread(child);
            children.push(Work::Enter(child, start, input.clone()));
        }
        self.work.extend(children.into_iter().rev());
        Ok(Transition::Await)
    }
}

fn child_count(branches: usize) -> u32 {
    u32::try_from(branches).expect("a definition has fewer than 2^32 branches")
}
