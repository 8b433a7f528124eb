//! What must survive a crash: the records, the trait that every store implements, and a store in memory.
//!
//! Read [`records`] first, then [`contract`] and [`encoding`]. [`memory`] is the plainest store, with faults on demand for
//! simulation; [`history_page`] is for those who write another one, and `suite` (the feature of that name) is what it has to
//! pass.

pub mod contract;
pub mod encoding;
pub mod history_page;
pub mod map_runs;
pub mod memory;
mod memory_jobs;
mod memory_map_runs;
mod memory_state;
pub mod records;
#[cfg(any(test, feature = "suite"))]
pub mod suite;
