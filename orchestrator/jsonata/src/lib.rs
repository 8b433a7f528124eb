//! One JSONata expression: parsed once with its definition, evaluated within limits.
//!
//! ```text
//!   text between {% and %} ──parse──▶ Expression ──evaluate(Bindings, Surroundings, Limits)──▶ Value | nothing | Error
//! ```
//!
//! The language itself is `jsonata-core`, and its types stay in here. What this crate adds: Step Functions' functions and what they
//! refuse, time and randomness as arguments, values that keep their numbers, and bounds that no expression can leave.
//!
//! [`Expression::evaluate`] is a plain function and safe on any thread: deep recursion moves to stack segments of its own. One call runs
//! at most as long as [`Limits::time`] and one built-in function more, whose work is bounded: no value is larger and no search longer than
//! the limits say.
//!
//! Read [`expression`] first, then [`bindings`] (what can be read), [`limits`] and [`error`]; `functions` is what Step Functions has
//! besides JSONata's own, `guard` what keeps a parsed expression within bounds, `names`, [`references`] and `walk` look
//! through it, `chain` is the short cut
//! for `$states.input.a`, and `convert` carries values over and back.

pub mod bindings;
mod chain;
mod convert;
pub mod error;
pub mod expression;
mod functions;
mod guard;
pub mod limits;
mod names;
pub mod references;
mod signature;
mod walk;

pub use bindings::Bindings;
pub use error::{Error, SyntaxError};
pub use expression::Expression;
pub use limits::{Limits, Surroundings};
