//! To come.

/// A connection.
#[derive(Debug)]
pub struct Session;
