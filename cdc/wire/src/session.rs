//! To come.
n/// A connection.
pub struct Session;
