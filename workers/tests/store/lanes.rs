//! Lanes on a real Kafka: taking over, and starting where PostgreSQL says.
