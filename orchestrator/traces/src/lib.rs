//! Spans of OpenTelemetry for what executions did.
//!
//! ```text
//!   runtime ──a mark for each end──▶ exporter ──reads the history──▶ spans ──▶ messages ──▶ a collector, over OTLP
//!           ──events of Express────▶ gathered ──▲
//! ```
//!
//! Ids of spans are made of the execution's identity and its events' ids ([`runtime::trace`]), so that what is called knows its parent before there is
//! a span. Everything here happens when an execution has ended; nothing that is executed waits for it.
//!
//! Read [`spans`] for what becomes a span, [`messages`] for how it is written, [`gathered`] for executions without a stored history, then
//! [`exporter`].

pub mod exporter;
pub mod gathered;
pub mod messages;
mod names;
pub mod spans;
