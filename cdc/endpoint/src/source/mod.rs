//! The source: its checks, publication, slot, snapshot and stream.
