//! Workers: land, enrich, analyse.
pub mod analyse;
pub mod enrich;
pub mod insight;
pub mod land;
pub mod schedule;
pub mod seal;
pub mod settings;
pub mod tasks;
pub mod worker;
