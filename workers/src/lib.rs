//! Workers: land, enrich, analyse.
pub mod analyse;
pub mod enrich;
pub mod land;
pub mod schedule;
pub mod seal;
pub mod tasks;
