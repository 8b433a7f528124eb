//! What is put to the test.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use tests::support::random::Random;

/// Something that takes any bytes and must neither panic nor take longer than its limit.
pub trait Target {
    /// Its name on the command line.
    fn name(&self) -> &'static str;

    /// How long one run may take.
    fn limit(&self) -> Duration {
        Duration::from_secs(2)
    }

    /// Inputs to begin with.
    fn seeds(&self) -> Vec<Vec<u8>>;

    /// A new input, mostly a sensible one.
    fn generate(&self, random: &mut Random) -> Vec<u8>;

    /// Pieces to put into inputs.
    fn pieces(&self) -> &'static [&'static str];

    /// Takes an input.
    ///
    /// # Panics
    /// When something that must always hold does not: that is what is looked for.
    fn run(&mut self, input: &[u8], shown: &mut Shown);

    /// Begins anew, after a panic.
    fn renew(&mut self) {}
}

/// What runs showed of the target: an input that shows something new is worth being changed further.
#[derive(Debug, Default)]
pub struct Shown {
    marks: BTreeSet<u64>,
}

impl Shown {
    /// Notes a text without its numbers and quoted parts, so that messages of one kind are one.
    pub fn text(&mut self, text: &str) {
        let mut hasher = DefaultHasher::new();
        let mut quoted = false;
        for letter in text.chars().take(300) {
            match letter {
                '\'' | '"' => quoted = !quoted,
                '0'..='9' => {}
                other if !quoted => other.hash(&mut hasher),
                _ => {}
            }
        }
        self.marks.insert(hasher.finish());
    }

    /// Notes anything.
    pub fn mark(&mut self, what: impl Hash) {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        self.marks.insert(hasher.finish());
    }

    /// What was noted.
    #[must_use]
    pub fn marks(&self) -> &BTreeSet<u64> {
        &self.marks
    }
}
