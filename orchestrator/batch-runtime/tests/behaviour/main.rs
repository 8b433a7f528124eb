//! The runtime of container jobs with a scripted engine, the store in memory and simulated time.
#![allow(clippy::unwrap_used)]

mod ends;
mod engine;
mod jobs;
mod lists;
mod resources;
mod restarts;
mod trouble;
mod world;
