//! Makes inputs and runs them.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use tests::support::random::Random;

use crate::mutate::mutated;
use crate::panics::watched;
use crate::target::{Shown, Target};

/// The most inputs that are kept to be changed.
const POOL: usize = 4000;

/// The longest input.
const LONGEST: usize = 64 * 1024;

/// How many smaller inputs are tried for a finding.
const SMALLER: usize = 400;

/// One target and what is known of it.
pub struct Hunt {
    /// The target.
    pub target: Box<dyn Target>,
    random: Random,
    seeds: Vec<Vec<u8>>,
    /// How many of the seeds were run.
    begun: usize,
    pool: Vec<Vec<u8>>,
    seen: BTreeSet<u64>,
    found: BTreeSet<String>,
    /// What is known so far.
    pub tally: Tally,
}

/// What runs came to.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// How many runs there were.
    pub runs: u64,
    /// How long the slowest took, and its input.
    pub slowest: (Duration, Vec<u8>),
    /// How many different things they showed.
    pub shown: usize,
    /// How many different findings there are.
    pub findings: usize,
}

/// Something that must not be.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What happened.
    pub what: String,
    /// The input that leads to it.
    pub input: Vec<u8>,
}

impl Hunt {
    /// Begins with the target's seeds.
    #[must_use]
    pub fn new(target: Box<dyn Target>, seed: u64) -> Self {
        Self {
            seeds: target.seeds(),
            target,
            random: Random::new(seed),
            begun: 0,
            pool: Vec::new(),
            seen: BTreeSet::new(),
            found: BTreeSet::new(),
            tally: Tally::default(),
        }
    }

    /// The next input.
    pub fn draw(&mut self) -> Vec<u8> {
        if let Some(seed) = self.seeds.get(self.begun) {
            self.begun += 1;
            return seed.clone();
        }
        let random = &mut self.random;
        let mut input = match random.below(10) {
            0..=2 => self.target.generate(random),
            3 => {
                let made = self.target.generate(random);
                mutated(&made, &made, self.target.pieces(), random)
            }
            _ => {
                let all = [&self.pool, &self.seeds][usize::from(random.percent(30))];
                let all = if all.is_empty() { &self.seeds } else { all };
                if all.is_empty() {
                    self.target.generate(random)
                } else {
                    let one = random.one_of(all);
                    let other = random.one_of(all);
                    mutated(one, other, self.target.pieces(), random)
                }
            }
        };
        input.truncate(LONGEST);
        input
    }

    /// Runs an input; a finding that was not there yet is told.
    pub fn run(&mut self, input: &[u8]) -> Option<Finding> {
        let mut shown = Shown::default();
        let began = Instant::now();
        let ended = watched(|| self.target.run(input, &mut shown));
        let took = began.elapsed();
        self.tally.runs += 1;
        if took > self.tally.slowest.0 {
            self.tally.slowest = (took, input.to_vec());
        }
        let new = shown.marks().iter().any(|mark| !self.seen.contains(mark));
        if new && self.begun >= self.seeds.len() {
            if self.pool.len() < POOL {
                self.pool.push(input.to_vec());
            } else {
                let count = u64::try_from(POOL).expect("it is small");
                let place = usize::try_from(self.random.below(count)).expect("it is small");
                self.pool[place] = input.to_vec();
            }
        }
        self.seen.extend(shown.marks());
        self.tally.shown = self.seen.len();
        let what = match ended {
            Ok(()) if took <= self.target.limit() || !self.is_slow_again(input) => return None,
            Ok(()) => format!("it ran {took:?}, longer than {:?}", self.target.limit()),
            Err(panic) => {
                self.target.renew();
                panic
            }
        };
        if !self.found.insert(kind(&what)) {
            return None;
        }
        self.tally.findings += 1;
        Some(Finding {
            what,
            input: input.to_vec(),
        })
    }

    /// Whether an input that took too long takes too long once more: the machine may have been busy with something else.
    fn is_slow_again(&mut self, input: &[u8]) -> bool {
        let began = Instant::now();
        let ended = watched(|| self.target.run(input, &mut Shown::default()));
        ended.is_err() || began.elapsed() > self.target.limit()
    }

    /// The same finding with a smaller input, as far as it can quickly be had.
    pub fn smaller(&mut self, finding: Finding) -> Finding {
        let wanted = kind(&finding.what);
        let mut best = finding;
        let mut length = best.input.len() / 2;
        let mut tries = 0;
        while length > 0 && tries < SMALLER {
            let mut at = 0;
            let mut any = false;
            while at < best.input.len() && tries < SMALLER {
                tries += 1;
                let end = (at + length).min(best.input.len());
                let input = [&best.input[..at], &best.input[end..]].concat();
                let mut shown = Shown::default();
                let ended = watched(|| self.target.run(&input, &mut shown));
                if let Err(what) = ended {
                    self.target.renew();
                    if kind(&what) == wanted {
                        best = Finding { what, input };
                        any = true;
                        continue;
                    }
                }
                at = end;
            }
            if !any {
                length /= 2;
            }
        }
        best
    }
}

/// What findings of one kind have in common: the place of a panic.
fn kind(what: &str) -> String {
    match what.split_once(": ") {
        Some((place, _)) => place.to_owned(),
        None => what.chars().filter(char::is_ascii_alphabetic).collect(),
    }
}

/// A number for an input.
#[must_use]
pub fn hash(input: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    hasher.finish()
}
