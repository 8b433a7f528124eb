//! `ratchet config`

use crate::config::layers::InForce;
use crate::config::print;
use crate::outcome::Outcome;
use crate::output;

/// Prints the configuration in force.
pub(super) fn print(in_force: &InForce) -> Outcome {
    output::print(&print::print(in_force));
    Outcome::Done
}
