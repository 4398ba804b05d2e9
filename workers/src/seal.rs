//! Token sealing.
