//! End-to-end tests of the package: the built command on real servers.

mod cli;
mod command;
mod compose;
mod pipeline;
mod readme;
