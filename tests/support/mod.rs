//! What tests of the real binary need: the binary, a server to start and kill, clients, a Lambda endpoint, and PostgreSQL clusters.
//!
//! Read [`server`], then [`aws`]; both stand on [`http`]. [`lambda`], [`moto`] and [`web`] are the other side: what a server calls. For replication there are
//! [`postgres`], whose clusters [`sql`] talks to, [`replicator`] and [`compare`].

pub mod aws;
pub mod binary;
pub mod compare;
pub mod docker;
pub mod http;
pub mod lambda;
pub mod moto;
pub mod postgres;
pub mod proxy;
pub mod python;
pub mod random;
pub mod replicator;
pub mod server;
pub mod sql;
pub mod web;
