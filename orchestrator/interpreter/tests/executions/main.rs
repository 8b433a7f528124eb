//! What executions do, from `step` alone: the corpus, and what holds for every machine.

mod corpus;
mod generator;
mod map_runs;
mod properties;
mod simulation;
