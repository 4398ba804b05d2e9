//! The API over HTTP, on a real PostgreSQL.

mod access;
mod accounts;
mod alert_pages;
mod brand;
mod channels;
mod comments;
mod deletion;
mod described;
mod edges;
mod figures;
mod knowledge;
mod log;
mod metrics;
mod pages;
mod parts;
mod people;
mod pipeline;
mod plans;
mod rows;
mod server;
mod stories;
mod tables;
