//! What must survive a crash: the records, the trait that every store implements, and a store in memory.
//!
//! Read [`records`] first, then [`contract`] and [`encoding`].

pub mod contract;
pub mod encoding;
pub mod records;
