//! The API over real sockets: a server on the memory store, requests as they travel, answers as clients see them.

mod client;
mod operations;
mod refusals;
mod server;
mod test_state;
mod transport;
