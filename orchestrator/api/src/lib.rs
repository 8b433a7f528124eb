//! The wire: AWS's protocols and a REST API of the house's own, over one [`runtime::runtime::Runtime`].
//!
//! ```text
//!   boto3, AWS CLI ──▶ aws   ─┐
//!                             ├──▶ runtime::Runtime
//!   curl, console  ──▶ rest  ─┘
//! ```
//!
//! Read [`server`] for how both meet on one port and [`options`] for what can be set, then `aws` and `rest`.

mod aws;
pub mod options;
mod request_id;
mod rest;
pub mod server;
