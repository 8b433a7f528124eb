//! What all end-to-end tests share: the corpus of cases, and how a history is written down.
//!
//! ```text
//!   tests/corpus/*.txt ──corpus──▶ Case ──(step alone, runtime, HTTP)──▶ history ──event_text──▶ expected text
//! ```
//!
//! Read [`corpus`] first, then [`event_text`]. What tests of the real binary need is in [`support`].

pub mod corpus;
pub mod event_text;
pub mod support;
