//! The queue of enrichment tasks.
