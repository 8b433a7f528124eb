//! Schemas against real clusters: what a target gets of a source's tables, and how changes of them are made there.

mod bench;
mod copies;
