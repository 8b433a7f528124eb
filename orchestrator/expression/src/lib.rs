//! What an expression means: JSONPath, intrinsic functions and payload templates over shared JSON values.
//!
//! ```text
//!   definition text ──parse──▶ Path · Expression · Template ──evaluate(Scope)──▶ Value | EvaluationError
//! ```
//!
//! Read [`value`] first (with [`text`], how it is written, and [`measure`], how large that is), then [`scope`] and [`variables`] (what can be read),
//! [`path`], [`intrinsic`] and [`template`]; [`comparison`] is what Choice compares with, [`java`] what AWS inherits
//! from its runtime.

pub mod comparison;
pub mod intrinsic;
pub mod java;
pub mod measure;
pub mod path;
pub mod scope;
pub mod template;
pub mod text;
pub mod value;
pub mod variables;
