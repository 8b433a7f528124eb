//! The target: its control tables, the loader and the applier.
