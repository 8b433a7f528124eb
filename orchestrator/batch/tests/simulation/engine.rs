//! A model of the engines: containers start, run and end by a fixed fate, whether the scheduler lives or not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use batch::launch::Launch;
use batch::names::AttemptId;
use batch::scheduler::{Ended, EndedKind, Input};

use crate::random::Random;

struct Container {
    starts_at: i64,
    ends_at: i64,
    kind: EndedKind,
    exit_code: i32,
    oom: bool,
    was_stopped: bool,
}

/// What the scheduler that lives now has been told of a container.
struct Watch {
    since: i64,
    is_start_told: bool,
}

#[derive(Default)]
pub(crate) struct Engine {
    containers: BTreeMap<AttemptId, Container>,
    watches: BTreeMap<AttemptId, Watch>,
    /// Attempts whose container was removed: starting them again would run them twice.
    forgotten: BTreeSet<AttemptId>,
}

impl Engine {
    /// The scheduler died. Containers do not mind.
    pub(crate) fn lose_watches(&mut self) {
        self.watches.clear();
    }

    pub(crate) fn start(&mut self, launch: &Launch, now: i64, random: &mut Random) {
        let id = &launch.attempt;
        assert!(
            !self.forgotten.contains(id),
            "{id} was started after its container was removed"
        );
        let watch = self.watches.insert(
            id.clone(),
            Watch {
                since: now,
                is_start_told: false,
            },
        );
        assert!(watch.is_none(), "{id} was started twice by one scheduler");
        self.containers.entry(id.clone()).or_insert_with(|| {
            let kind = match random.below(20) {
                0 => EndedKind::FailedToStart,
                1 => EndedKind::CannotPull,
                2 => EndedKind::Lost,
                _ => EndedKind::Exited,
            };
            let starts_at = now + random.between(0, 2_000) as i64;
            let length = if random.once_in(6) {
                random.between(0, 200_000)
            } else {
                random.between(0, 20_000)
            };
            let exit_code = [0, 0, 0, 1, 137][random.below(5) as usize];
            Container {
                starts_at,
                ends_at: starts_at + length as i64,
                kind,
                exit_code,
                oom: random.once_in(10),
                was_stopped: false,
            }
        });
    }

    pub(crate) fn stop(&mut self, id: &AttemptId, now: i64, grace_ms: u64, random: &mut Random) {
        let Some(container) = self.containers.get_mut(id) else {
            return;
        };
        // What has not started cannot be stopped yet.
        if now < container.starts_at && random.once_in(2) {
            return;
        }
        let takes = if random.once_in(2) {
            grace_ms as i64
        } else {
            10
        };
        let ends_at = now.max(container.starts_at) + takes;
        if ends_at < container.ends_at {
            container.ends_at = ends_at;
            container.exit_code = if takes == 10 { 143 } else { 137 };
            container.was_stopped = true;
        }
    }

    pub(crate) fn forget(&mut self, id: &AttemptId) {
        self.containers.remove(id);
        self.watches.remove(id);
        self.forgotten.insert(id.clone());
    }

    /// Removes what no attempt of the scheduler's stands for, as after a restart.
    pub(crate) fn remove_leftovers(&mut self, is_known: impl Fn(&AttemptId) -> bool) {
        let ids: Vec<AttemptId> = self
            .containers
            .keys()
            .filter(|id| !is_known(id))
            .cloned()
            .collect();
        for id in ids {
            self.forget(&id);
        }
    }

    /// Containers that are there, for the end of a run: none may be.
    pub(crate) fn left(&self) -> Vec<&AttemptId> {
        self.containers.keys().collect()
    }

    /// When something is to be told next.
    pub(crate) fn next(&self) -> Option<i64> {
        self.watches
            .iter()
            .filter_map(|(id, watch)| Some(self.time(self.containers.get(id)?, watch)))
            .min()
    }

    fn time(&self, container: &Container, watch: &Watch) -> i64 {
        let runs = container.kind == EndedKind::Exited || container.kind == EndedKind::Lost;
        let at = if runs && !watch.is_start_told {
            container.starts_at
        } else if runs {
            container.ends_at
        } else {
            container.starts_at
        };
        at.max(watch.since)
    }

    /// What is to be told now.
    pub(crate) fn tell(&mut self, now: i64) -> Option<Input> {
        let mut due = self
            .watches
            .iter()
            .filter_map(|(id, watch)| Some((self.time(self.containers.get(id)?, watch), id)));
        let id = due.find(|(at, _)| *at <= now).map(|(_, id)| id.clone())?;
        let container = &self.containers[&id];
        let watch = self.watches.get_mut(&id)?;
        let runs = container.kind == EndedKind::Exited || container.kind == EndedKind::Lost;
        if runs && !watch.is_start_told {
            watch.is_start_told = true;
            let address = Some(Arc::from("172.17.0.2"));
            return Some(Input::AttemptStarted {
                attempt: id,
                at: container.starts_at,
                container_id: Some("c".into()),
                log_stream: None,
                address,
            });
        }
        self.watches.remove(&id);
        let at = if runs {
            container.ends_at
        } else {
            container.starts_at
        };
        let kind = if container.was_stopped && runs {
            EndedKind::Exited
        } else {
            container.kind
        };
        let exit_code = (kind == EndedKind::Exited).then_some(container.exit_code);
        let started_at = runs.then_some(container.starts_at);
        let oom = kind == EndedKind::Exited && container.exit_code == 137 && container.oom;
        Some(Input::AttemptEnded {
            attempt: id,
            outcome: Ended {
                kind,
                exit_code,
                oom,
                reason: None,
                started_at,
                at,
            },
        })
    }
}
