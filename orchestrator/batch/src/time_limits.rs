//! What happens because time went by: attempts that take too long, and jobs that stand at the head of a queue for too long.

use std::sync::Arc;

use crate::scheduler::{Key, Scheduler, Stop};

/// The job at the head of a queue with `jobStateTimeLimitActions`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Head {
    key: Key,
    /// Why it waits.
    code: Option<&'static str>,
    /// Since when for that reason.
    since: i64,
    /// When it is cancelled.
    fires: Option<i64>,
}

impl Scheduler {
    /// When a job or attempt runs out of time.
    pub(crate) fn next_time_limit(&self) -> Option<i64> {
        let heads = self
            .queues
            .iter()
            .filter_map(|queue| queue.head.and_then(|head| head.fires));
        heads.chain(self.deadlines.first().map(|(at, _)| *at)).min()
    }

    pub(crate) fn set_deadline(&mut self, key: Key, at: i64) {
        let Some(flight) = self.table.entry_mut(key).flight.as_mut() else {
            return;
        };
        if let Some(old) = flight.deadline.replace(at) {
            self.deadlines.remove(&(old, key));
        }
        self.deadlines.insert((at, key));
    }

    /// Stops attempts whose time is over.
    pub(crate) fn stop_overdue(&mut self) {
        while let Some((at, key)) = self.deadlines.first().copied()
            && at <= self.now
        {
            self.deadlines.pop_first();
            self.stop(key, Stop::TimedOut);
        }
    }

    /// Watches the heads of queues that limit how long a job may stand there. Answers whether a job was cancelled for it.
    pub(crate) fn cancel_stuck_heads(&mut self) -> bool {
        let mut is_one = false;
        for index in 0..self.queues.len() as u32 {
            let queue = &self.queues[index as usize];
            let Some(config) = queue
                .config
                .as_ref()
                .filter(|config| !config.job_state_time_limit_actions.is_empty())
            else {
                continue;
            };
            let actions = config.job_state_time_limit_actions.clone();
            let Some(key) = self.head(index) else {
                self.queues[index as usize].head = None;
                continue;
            };
            let code = self.waiting(key).code;
            let before = self.queues[index as usize]
                .head
                .filter(|head| head.key == key && head.code == code);
            let since = before.map_or(self.now, |head| head.since);
            let action = actions
                .iter()
                .find(|action| Some(action.reason.as_str()) == code);
            let fires = action.map(|action| since + i64::from(action.max_time_seconds) * 1000);
            self.queues[index as usize].head = Some(Head {
                key,
                code,
                since,
                fires,
            });
            if fires.is_some_and(|at| at <= self.now) {
                let code = code.unwrap_or_default();
                let reason: Arc<str> =
                    format!("Canceled by JobStateTimeLimit action due to reason: {code}").into();
                self.cancel(key, &reason);
                is_one = true;
            }
        }
        is_one
    }

    /// The job that is served next in a queue, whether it can start or not.
    pub(crate) fn head(&self, queue: u32) -> Option<Key> {
        let shares = self.queues[queue as usize].shares_in_order(self.now);
        shares
            .first()
            .and_then(|(_, _, share)| share.lines.first())
            .map(|(_, key)| key)
    }
}
