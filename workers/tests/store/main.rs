//! What workers write, on a real PostgreSQL and a real Kafka.

mod land;
mod lanes;
mod tasks;
