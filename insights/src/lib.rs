//! Read side: REST API over the tables
