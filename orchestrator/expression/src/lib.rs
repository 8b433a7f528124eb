//! What an expression means: JSONPath, intrinsic functions and payload templates over shared JSON values.
//!
//! ```text
//!   definition text ──parse──▶ Path · Expression · Template ──evaluate(Scope)──▶ Value | EvaluationError
//! ```
//!
//! Read [`value`] first, then [`scope`] (what can be read), [`path`] and [`template`].

pub mod path;
pub mod scope;
pub mod template;
pub mod value;
pub mod variables;
