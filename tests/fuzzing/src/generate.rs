//! Inputs made from grammars: mostly right, sometimes nearly.

pub mod definition;
pub mod intrinsic;
pub mod json;
pub mod jsonata;
pub mod path;

use tests::support::random::Random;

/// One of some texts.
pub(crate) fn pick<'t>(random: &mut Random, texts: &[&'t str]) -> &'t str {
    random.one_of::<&str>(texts)
}

/// A few of something, with something between them.
pub(crate) fn list(
    random: &mut Random,
    most: u64,
    between: &str,
    mut one: impl FnMut(&mut Random) -> String,
) -> String {
    let count = random.below(most + 1);
    let all: Vec<String> = (0..count).map(|_| one(random)).collect();
    all.join(between)
}
