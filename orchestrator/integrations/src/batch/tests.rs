//! What states say to `batch:…`, and what they are answered, over an engine that a test plays.
