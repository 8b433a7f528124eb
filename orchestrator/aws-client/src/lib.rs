//! Calls AWS services as their own models describe them: one client for all of them.
//!
//! ```text
//!   service, action, parameters (JSON)                       result (JSON), or the service's error
//!         │                                                        ▲
//!         ▼                                                        │
//!     catalogue ──▶ model ──▶ request ──▶ signature ──▶ Transport ──▶ response
//!                               │                          │           │
//!                        json · form · rest · xml · cbor   │    json · xml · cbor
//!                                                      endpoints
//! ```
//!
//! Parameters and results have the spelling that workflows have: members begin with a capital letter, whatever the service's own. Nothing here
//! knows workflows, environment variables or sockets: who calls gives credentials, endpoints and a [`transport::Transport`].
//!
//! Read [`model`] and [`catalogue`] for what is known of a service, [`names`] for how it is called, then [`client`], which does a call; [`request`]
//! and [`response`] with their protocols; [`signature`], [`credentials`], [`endpoints`].

pub mod catalogue;
mod cbor;
pub mod client;
pub mod credentials;
pub mod endpoints;
pub mod error;
pub mod model;
pub mod names;
mod parameters;
pub mod request;
pub mod response;
pub mod signature;
pub mod timestamps;
pub mod transport;
mod xml;
