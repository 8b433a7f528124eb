//! What tables look like, and the statements that make them.
