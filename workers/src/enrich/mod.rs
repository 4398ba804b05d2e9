//! Enrichment.
