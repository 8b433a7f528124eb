//! What tests of the real binary need: the binary, a server to start and kill, clients, and a Lambda endpoint.
//!
//! Read [`server`], then [`aws`]; both stand on [`http`]. [`lambda`] is the other side: what a server calls.

pub mod aws;
pub mod binary;
pub mod http;
pub mod lambda;
pub mod python;
pub mod server;
