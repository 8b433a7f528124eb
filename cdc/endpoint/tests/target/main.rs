//! The target against real clusters: changes as PostgreSQL decodes them, applied and compared; owners that fence each other; loads.

mod apply;
mod bed;
mod careful;
mod fencing;
mod load;
mod transactions;
mod zoo;
