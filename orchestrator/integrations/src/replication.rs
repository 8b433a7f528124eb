//! Replication tasks as the tasks of workflows.

mod password_file;

pub use password_file::Passwords;
