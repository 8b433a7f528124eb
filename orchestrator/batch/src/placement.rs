//! What environments and stores of consumable resources have, what is taken from them, and what is held for a job that is large.
//!
//! A job that fits may pass one that does not, so that room does not lie idle. So that a large job is not passed for ever, room is *held*
//! for it once it has stood at the front for [`HOLD_AFTER_MS`]: from then on others start in that environment only if what started since
//! leaves room for it. When what ran before has ended, the large job has its place. Queues of a higher priority are not bound by it.

use std::cmp::Reverse;
use std::sync::Arc;

use crate::consumable::{ConsumableKind, ConsumableResource};
use crate::container::Resources;
use crate::environment::ComputeEnvironment;
use crate::queue::State;
use crate::scheduler::Key;

/// How long a job at the front may be passed by smaller ones before room is held for it.
pub const HOLD_AFTER_MS: i64 = 30_000;

/// Who goes first where several large jobs wait: the smaller rank. It is a total order, so that no two jobs hold what the other
/// needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank {
    pub(crate) priority: Reverse<i32>,
    pub(crate) since: i64,
    pub(crate) number: u64,
}

/// What is held for a job.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold<Amount> {
    pub(crate) by: Key,
    pub(crate) rank: Rank,
    pub(crate) asked: Amount,
}

/// A compute environment.
#[derive(Debug)]
pub(crate) struct Environment {
    pub(crate) name: Arc<str>,
    /// Nothing while only jobs of before a restart name it, or after it was deleted.
    pub(crate) config: Option<ComputeEnvironment>,
    pub(crate) down: Option<Arc<str>>,
    pub(crate) used: Resources,
    pub(crate) hold: Option<Hold<Resources>>,
    /// How many holds there were. Attempts remember it: those of the present hold came after it.
    pub(crate) holds: u64,
    /// What attempts use that were placed since the present hold.
    pub(crate) newcomers: Resources,
}

impl Environment {
    pub(crate) fn new(name: Arc<str>) -> Self {
        let used = Resources::default();
        Self {
            name,
            config: None,
            down: None,
            used,
            hold: None,
            holds: 0,
            newcomers: used,
        }
    }

    pub(crate) fn limits(&self) -> Resources {
        self.config
            .as_ref()
            .map_or(Resources::default(), |config| config.limits)
    }

    pub(crate) fn free(&self) -> Resources {
        minus(self.limits(), self.used)
    }

    /// Whether new attempts may start here at all.
    pub(crate) fn is_usable(&self) -> bool {
        self.down.is_none() && self.is_enabled()
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.config
            .as_ref()
            .is_some_and(|config| config.state == State::Enabled)
    }

    /// Whether the job could have a place here if nothing else ran.
    pub(crate) fn is_large_enough(&self, asked: Resources) -> bool {
        fits(asked, self.limits())
    }

    /// Whether the job has a place here now.
    pub(crate) fn has_room(&self, asked: Resources, key: Key, priority: i32) -> bool {
        self.is_usable()
            && fits(plus(self.used, asked), self.limits())
            && self.respects_hold(asked, key, priority)
    }

    pub(crate) fn respects_hold(&self, asked: Resources, key: Key, priority: i32) -> bool {
        self.hold.as_ref().is_none_or(|hold| {
            let is_bound = hold.by != key && priority <= hold.rank.priority.0;
            !is_bound || fits(plus(plus(self.newcomers, asked), hold.asked), self.limits())
        })
    }

    /// The most that a job of a queue with this priority may ask for now, if room is not held for the job itself.
    pub(crate) fn free_for(&self, priority: i32) -> Resources {
        let free = self.free();
        match &self.hold {
            Some(hold) if priority <= hold.rank.priority.0 => {
                least(free, minus(self.limits(), plus(self.newcomers, hold.asked)))
            }
            _ => free,
        }
    }

    pub(crate) fn take(&mut self, resources: Resources) -> u64 {
        self.used = plus(self.used, resources);
        self.newcomers = plus(self.newcomers, resources);
        self.holds
    }

    /// Gives back what an attempt took that was placed under this number of holds.
    pub(crate) fn give_back(&mut self, resources: Resources, hold: u64) {
        self.used = minus(self.used, resources);
        if hold == self.holds {
            self.newcomers = minus(self.newcomers, resources);
        }
    }

    /// Holds room for a job, if nobody who goes before it holds it.
    pub(crate) fn try_hold(&mut self, hold: Hold<Resources>) -> bool {
        if self
            .hold
            .as_ref()
            .is_some_and(|present| present.rank <= hold.rank)
        {
            return false;
        }
        self.hold = Some(hold);
        self.holds += 1;
        self.newcomers = Resources::default();
        true
    }
}

/// A store of consumable resources.
#[derive(Debug)]
pub(crate) struct Consumable {
    pub(crate) name: Arc<str>,
    /// Nothing before it is made and after it was deleted.
    pub(crate) resource: Option<Arc<ConsumableResource>>,
    pub(crate) in_use: i64,
    pub(crate) hold: Option<Hold<i64>>,
}

impl Consumable {
    pub(crate) fn new(name: Arc<str>) -> Self {
        Self {
            name,
            resource: None,
            in_use: 0,
            hold: None,
        }
    }

    pub(crate) fn total(&self) -> i64 {
        self.resource
            .as_ref()
            .map_or(0, |resource| resource.total_quantity)
    }

    pub(crate) fn free(&self) -> i64 {
        self.total() - self.in_use
    }

    /// Whether the job may take as much now. While some is held, others take only what is beyond it.
    pub(crate) fn has(&self, asked: i64, key: Key, priority: i32) -> bool {
        let held = self
            .hold
            .as_ref()
            .filter(|hold| hold.by != key && priority <= hold.rank.priority.0)
            .map_or(0, |hold| hold.asked);
        self.resource.is_some() && self.free() >= asked.saturating_add(held)
    }

    /// Gives back what an attempt took. Answers whether some of it is used up for ever.
    pub(crate) fn give_back(&mut self, quantity: i64) -> bool {
        self.in_use -= quantity;
        let Some(resource) = self
            .resource
            .as_mut()
            .filter(|resource| resource.kind == ConsumableKind::NonReplenishable)
        else {
            return false;
        };
        let resource = Arc::make_mut(resource);
        resource.total_quantity = (resource.total_quantity - quantity).max(0);
        true
    }

    /// Holds some for a job, if nobody who goes before it does.
    pub(crate) fn try_hold(&mut self, hold: Hold<i64>) -> bool {
        let is_taken = self
            .hold
            .as_ref()
            .is_some_and(|present| present.rank <= hold.rank);
        if is_taken || self.total() < hold.asked {
            return false;
        }
        self.hold = Some(hold);
        true
    }
}

/// Whether `asked` is within `free` in all respects.
pub(crate) fn fits(asked: Resources, free: Resources) -> bool {
    asked.vcpus_milli <= free.vcpus_milli
        && asked.memory_mib <= free.memory_mib
        && asked.gpus <= free.gpus
}

/// The sum.
pub(crate) fn plus(left: Resources, right: Resources) -> Resources {
    Resources {
        vcpus_milli: left.vcpus_milli.saturating_add(right.vcpus_milli),
        memory_mib: left.memory_mib.saturating_add(right.memory_mib),
        gpus: left.gpus.saturating_add(right.gpus),
    }
}

/// What is left; nothing below zero.
pub(crate) fn minus(left: Resources, right: Resources) -> Resources {
    Resources {
        vcpus_milli: left.vcpus_milli.saturating_sub(right.vcpus_milli),
        memory_mib: left.memory_mib.saturating_sub(right.memory_mib),
        gpus: left.gpus.saturating_sub(right.gpus),
    }
}

/// The smaller of each.
pub(crate) fn least(left: Resources, right: Resources) -> Resources {
    Resources {
        vcpus_milli: left.vcpus_milli.min(right.vcpus_milli),
        memory_mib: left.memory_mib.min(right.memory_mib),
        gpus: left.gpus.min(right.gpus),
    }
}

/// The larger of each.
pub(crate) fn most(left: Resources, right: Resources) -> Resources {
    Resources {
        vcpus_milli: left.vcpus_milli.max(right.vcpus_milli),
        memory_mib: left.memory_mib.max(right.memory_mib),
        gpus: left.gpus.max(right.gpus),
    }
}
