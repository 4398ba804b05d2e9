//! The API over HTTP, on a real PostgreSQL.

mod access;
mod edges;
mod figures;
mod knowledge;
mod log;
mod metrics;
mod parts;
mod pipeline;
mod rows;
mod server;
