//! Schemas against real clusters: what a target gets of a source's tables, and how changes of them are made there.

mod bench;
mod changes;
mod copies;
mod preparation;
mod sequences;
mod target_tables;
